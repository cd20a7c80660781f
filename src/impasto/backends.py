"""Inference backends behind one small interface: the runtimes that can run a palette's network. Knows no pictures and no looks.

Every backend computes in float32, so a look is the same picture everywhere.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError
from impasto.graph import enlarge_by_convolution, parted
from impasto.look import did_you_mean

Planes = NDArray[np.float32]  # 1×C×H×W in -1..1
CANCEL_CHECK_MS = 5
SIZES_KEPT = 3  # networks compiled for one size, some tens of megabytes each: of the screen, the preview and its drafts
Code = NDArray[np.float32]


class Cancelled(Exception):  # noqa: N818 - it is no error
    """Raised when `cancelled()` is true: nobody wants the painting any more."""


class Overlaid(NamedTuple):
    """A photo, 1×C×H×W, with other planes, n×H×W, in the place of those from number `first` on. None of them ever changes."""

    photo: Planes
    first: int
    over: Planes

    @property
    def place(self) -> slice:
        """Of the planes that are covered."""
        return slice(self.first, self.first + len(self.over))

    def whole(self) -> Planes:
        """As one array: the photo's own, where what lies over it is a part of it."""
        if self.over.ctypes.data == self.photo[0, self.place].ctypes.data:
            return self.photo
        planes = self.photo.copy()
        planes[0, self.place] = self.over
        return planes


class Backend(Protocol):
    """A loaded network. `run` may be called from any thread."""

    name: str

    def run(self, photo: Planes | Overlaid, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        """The painting, 1×3×H×W in -1..1, of 1×C×H×W under a code of code_length; the array returned is the caller's own.

        With `cancelled`, a backend that can stops in the middle of the network and raises Cancelled. It may prepare itself for the
        photo's size first, which takes some tenths of a second, so it is for large photos whose size comes again.
        """

    def prepare(self, photo: Planes | Overlaid) -> None:
        """Get ready to paint this photo again and again, whatever lies over it, which takes some tenths of a second; it must not change.

        The paintings are the same but for rounding.
        """


class OnnxRuntimeBackend:
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"

    def __init__(self, model: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _cores()
        options.log_severity_level = 3
        options.use_deterministic_compute = True
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # leaves the cores to whatever comes after a run
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._lock = threading.Lock()  # two runs at once are slower than one after the other

    def run(self, photo: Planes | Overlaid, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        with self._lock:
            painting: Planes = self._session.run(["painting"], {"photo": _overlaid(photo).whole(), "code": code[None]})[0]
        return painting

    def prepare(self, photo: Planes | Overlaid) -> None:
        """Nothing: it does not get faster."""


class OpenVinoBackend:
    """OpenVINO on the CPU, in float32 also where the processor has bfloat16: 8 bits of mantissa show as banding.

    A network of free size must run to its end: cancelled half-way it mixes the shapes of two runs from then on and paints wrong pixels
    (seen in 2026.4). One compiled for a single size can be cancelled, and is faster.
    """

    name = "openvino"
    precision = "f32"  # a variant has another (`variants.py`)

    def __init__(self, model: bytes) -> None:
        self._core, self._model = _openvino_core(), model
        self._any_size = self._compile(self._read())
        self._one_size: OrderedDict[tuple[int, ...], _Whole | _InParts] = OrderedDict()
        self._lock = threading.Lock()  # an infer request holds one run

    def run(self, photo: Planes | Overlaid, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        laid = _overlaid(photo)
        shape = laid.photo.shape
        with self._lock:
            if cancelled and shape not in self._one_size:
                self._keep(shape, _Whole(self._compile(self._of_size(shape))))
            if shape in self._one_size:
                self._one_size.move_to_end(shape)
                request = self._one_size[shape].paint(laid, code, cancelled)
            else:
                request = self._any_size
                request.start_async({"photo": laid.whole(), "code": code[None]}, share_inputs=True)
                request.wait()
            painting: Planes = np.array(request.get_tensor("painting").data)
        return painting

    def prepare(self, photo: Planes | Overlaid) -> None:
        laid = _overlaid(photo)
        shape = laid.photo.shape
        known = self._one_size.get(shape)
        network = known if isinstance(known, _InParts) else _InParts([self._compile(part) for part in parted(self._of_size(shape))])
        with self._lock:
            network.remember(laid)
            self._keep(shape, network)

    def _keep(self, shape: tuple[int, ...], network: _Whole | _InParts) -> None:
        self._one_size[shape] = network
        self._one_size.move_to_end(shape)
        while len(self._one_size) > SIZES_KEPT:
            self._one_size.popitem(last=False)

    def _of_size(self, shape: tuple[int, ...]) -> Any:
        return self._read({"photo": list(shape)})

    def _read(self, shapes: dict[str, list[int]] | None = None) -> Any:
        """The network, for photos of any size or of one."""
        model = self._core.read_model(self._model, b"")
        if shapes:
            model.reshape(shapes)
        enlarge_by_convolution(model)
        return model

    def _compile(self, model: Any) -> Any:
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": _cores(),
            "ENABLE_CPU_PINNING": False,  # a thread tied to a core waits for the browser's to leave it, and the others wait for that thread
        }
        return self._core.compile_model(model, "CPU", options).create_infer_request()


@functools.cache
def _openvino_core() -> Any:
    """One for the whole process, and never let go: each sets a stack for signals (2026.4) and puts back, when it goes, the one it found.

    Two that went in the order in which they came left the process a stack that was freed already, and the next Ctrl-C killed it.
    """
    import openvino

    return openvino.Core()


def _overlaid(photo: Planes | Overlaid) -> Overlaid:
    """With nothing over it, where it is only planes."""
    return photo if isinstance(photo, Overlaid) else Overlaid(photo, 0, photo[0, :0])


class _Whole:
    """A network for photos of one size."""

    def __init__(self, request: Any) -> None:
        self._request = request

    def paint(self, photo: Overlaid, code: Code, cancelled: Callable[[], bool] | None) -> Any:
        """The request that holds the painting."""
        from openvino import Tensor

        planes = photo.whole()
        self._request.set_tensor("photo", Tensor(planes, shared_memory=planes.flags.writeable))  # what cannot be written to it copies
        self._request.get_tensor("code").data[:] = code
        _finish(self._request, cancelled)
        return self._request


class _InParts:
    """A network for photos of one size in parts, of which the first ones run only once a photo, or once a photo and a code.

    Where these have no use for the planes that are laid over, they do not run again for others of those.
    """

    def __init__(self, parts: list[Any]) -> None:
        *first, self._last = parts
        self._planes, self._code = self._last.get_tensor("photo"), self._last.get_tensor("code")
        known = {"photo": self._planes, "code": self._code}
        for part in parts:
            for given in part.model_inputs:
                part.set_tensor(given, next(known[name] for name in given.get_names() if name in known))
            known |= {name: part.get_tensor(output) for output in part.model_outputs for name in output.get_names()}
        self._of_code = [part for part in first if any("code" in given.get_names() for given in part.model_inputs)]
        self._of_photo = [part for part in first if part not in self._of_code]
        self._seen = [part.get_tensor(output) for part in first for output in part.model_outputs]
        self._remembered: Overlaid | None = None
        self._decided: Code | None = None  # the code that was last decided under
        self._is_needed: dict[tuple[int, int], bool] = {}  # whether the first parts depend on the planes from one number to another

    def remember(self, photo: Overlaid) -> None:
        """Do what depends on this photo alone."""
        if self._remembers(photo):
            return
        place = photo.place.start, photo.place.stop
        if place not in self._is_needed:
            self._is_needed[place] = self._changes_without(photo)
        self._look_at(photo, None)
        self._remembered = photo

    def paint(self, photo: Overlaid, code: Code, cancelled: Callable[[], bool] | None) -> Any:
        """The request that holds the painting."""
        if not self._remembers(photo):
            self._look_at(photo, cancelled)
        elif self._remembered and photo.over is not self._remembered.over:
            self._lay_over(photo)
        self._decide(code, cancelled)
        _finish(self._last, cancelled)
        return self._last

    def _remembers(self, photo: Overlaid) -> bool:
        return self._remembered is not None and photo.photo is self._remembered.photo and photo.place == self._remembered.place

    def _look_at(self, photo: Overlaid, cancelled: Callable[[], bool] | None) -> None:
        self._remembered = self._decided = None
        self._planes.data[:] = photo.photo
        self._planes.data[0, photo.place] = photo.over
        for part in self._of_photo:
            _finish(part, cancelled)

    def _decide(self, code: Code, cancelled: Callable[[], bool] | None) -> None:
        if self._decided is not None and np.array_equal(code, self._decided):
            return
        self._decided = None
        self._code.data[:] = code
        for part in self._of_code:
            _finish(part, cancelled)
        self._decided = code.copy()

    def _lay_over(self, photo: Overlaid) -> None:
        if self._is_needed[photo.place.start, photo.place.stop]:
            self._look_at(photo, None)
        self._planes.data[0, photo.place] = photo.over
        self._remembered = photo

    def _changes_without(self, photo: Overlaid) -> bool:
        """Whether the first parts give something else where the planes that are laid over are not numbers."""
        found = []
        for over in (photo.over, np.full_like(photo.over, np.nan)):
            self._look_at(photo._replace(over=over), None)
            self._decide(np.ones_like(self._code.data[0]), None)
            found.append([np.array(seen.data) for seen in self._seen])
        self._decided = None
        return not all(np.array_equal(*pair) for pair in zip(*found, strict=True))


def _finish(request: Any, cancelled: Callable[[], bool] | None) -> None:
    """Run a request to its end, or raise Cancelled before."""
    request.start_async()
    if cancelled is None:
        request.wait()
        return
    while not request.wait_for(CANCEL_CHECK_MS):
        if cancelled():
            request.cancel()
            with contextlib.suppress(RuntimeError):  # a cancelled request says so when it is waited for
                request.wait()
            raise Cancelled


BACKENDS: dict[str, Callable[[bytes], Backend]] = {"openvino": OpenVinoBackend, "onnxruntime": OnnxRuntimeBackend}  # the faster first


def installed() -> list[str]:
    """Names of the backends that can be imported, the one that "auto" prefers first."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


def release(name: str) -> str:
    """The version of a package; nothing where it is installed under another name, as onnxruntime-gpu is, or only lies there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def choices(name: str) -> list[str]:
    """The backends to try, in order, for a name or "auto"; an ImpastoError with the nearest name or what to install."""
    if name != "auto" and name not in BACKENDS:
        raise ImpastoError(f"There is no backend named {name!r}.", did_you_mean(str(name), ["auto", *BACKENDS]))
    wanted = [known for known in installed() if name in ("auto", known)]
    if not wanted:
        missing = "onnxruntime" if name == "auto" else name
        raise ImpastoError(f"The backend {missing} is not installed.", f"Install it: pip install {missing}")
    return wanted


def open_backend(name: str, model: bytes) -> Backend:
    """The first backend of `choices(name)` that loads the model; an ImpastoError with the last one's reason where none does."""
    problem = ""
    for candidate in choices(name):
        try:
            return BACKENDS[candidate](model)
        except Exception as error:  # each runtime raises kinds of its own
            problem = f"{candidate}: {str(error).strip().splitlines()[-1][:200] if str(error).strip() else type(error).__name__}"
    raise ImpastoError(f"The palette's network cannot be loaded ({problem}).", "Run impasto doctor, or try another palette.")


def _cores() -> int:
    """Cores this process may use; runtimes count those of the whole machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
