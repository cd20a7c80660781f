"""Inference backends behind one small interface: the runtimes that can run a palette's network. Knows no pictures and no looks.

Every backend computes in float32 and gives the same bytes for the same input, so a look is the same picture everywhere.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import statistics
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError
from impasto.look import did_you_mean
from impasto.palette import Palette

Planes = NDArray[np.float32]  # 1×C×H×W in -1..1
CANCEL_CHECK_MS = 5
SIZES_KEPT = 2  # networks compiled for one size, some tens of megabytes each
Code = NDArray[np.float32]


class Cancelled(Exception):  # noqa: N818 - it is no error
    """Raised when `cancelled()` is true: nobody wants the painting any more."""


class Backend(Protocol):
    """A loaded network. `run` may be called from any thread."""

    name: str

    def run(self, photo: Planes, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        """The painting, 1×3×H×W in -1..1, of 1×C×H×W under a code of code_length; the array returned is the caller's own.

        With `cancelled`, a backend that can stops in the middle of the network and raises Cancelled. It may prepare itself for the
        photo's size first, which takes some tenths of a second, so it is for large photos whose size comes again.
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

    def run(self, photo: Planes, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        with self._lock:
            painting: Planes = self._session.run(["painting"], {"photo": photo, "code": code[None]})[0]
        return painting


class OpenVinoBackend:
    """OpenVINO on the CPU, in float32 also where the processor has bfloat16: 8 bits of mantissa show as banding.

    A network of free size must run to its end: cancelled half-way it mixes the shapes of two runs from then on and paints wrong pixels
    (seen in 2026.4). One compiled for a single size can be cancelled.
    """

    name = "openvino"

    def __init__(self, model: bytes) -> None:
        import openvino

        self._core, self._model = openvino.Core(), model
        self._any_size = self._compile(None)
        self._one_size: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = threading.Lock()  # an infer request holds one run

    def run(self, photo: Planes, code: Code, cancelled: Callable[[], bool] | None = None) -> Planes:
        with self._lock:
            request = self._request_for(photo.shape) if cancelled else self._any_size
            request.start_async({"photo": photo, "code": code[None]}, share_inputs=True)
            if cancelled:
                _wait_or_cancel(request, cancelled)
            else:
                request.wait()
            painting: Planes = np.array(request.get_tensor("painting").data)
        return painting

    def _request_for(self, shape: tuple[int, ...]) -> Any:
        if shape not in self._one_size:
            self._one_size[shape] = self._compile(shape)
        self._one_size.move_to_end(shape)
        while len(self._one_size) > SIZES_KEPT:
            self._one_size.popitem(last=False)
        return self._one_size[shape]

    def _compile(self, shape: tuple[int, ...] | None) -> Any:
        model = self._core.read_model(self._model, b"")
        if shape:
            model.reshape({"photo": list(shape)})
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": _cores(),
            "ENABLE_CPU_PINNING": False,  # a thread tied to a core waits for the browser's to leave it, and the others wait for that thread
        }
        return self._core.compile_model(model, "CPU", options).create_infer_request()


def _wait_or_cancel(request: Any, cancelled: Callable[[], bool]) -> None:
    while not request.wait_for(CANCEL_CHECK_MS):
        if cancelled():
            request.cancel()
            with contextlib.suppress(RuntimeError):  # a cancelled request says so when it is waited for
                request.wait()
            raise Cancelled


BACKENDS: dict[str, Callable[[bytes], Backend]] = {"openvino": OpenVinoBackend, "onnxruntime": OnnxRuntimeBackend}  # the faster first


@dataclass(frozen=True)
class Measurement:
    """How a backend does on this machine. `milliseconds` is None where it cannot run, and `problem` says why."""

    name: str
    version: str
    milliseconds: float | None
    chosen: bool
    problem: str


def installed() -> list[str]:
    """Names of the backends that can be imported, the one that "auto" prefers first."""
    return [name for name in BACKENDS if importlib.util.find_spec(name) is not None]


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


def measure_backends(palette: Palette, size_px: int = 512, runs: int = 7) -> list[Measurement]:
    """Median milliseconds of the network alone on a square picture, for every backend that Impasto knows."""
    multiple = palette.generator.size_multiple
    side = max(1, round(size_px / multiple)) * multiple
    photo = np.random.default_rng(0).uniform(-1, 1, (1, palette.generator.inputs, side, side)).astype(np.float32)
    chosen = ""
    measurements = []
    for name in BACKENDS:
        milliseconds, problem = _measure(name, palette, photo, runs)
        chosen = chosen or (name if milliseconds is not None else "")
        found = version(name) if name in installed() else ""
        measurements.append(Measurement(name, found, milliseconds, name == chosen, problem))
    return measurements


def _measure(name: str, palette: Palette, photo: Planes, runs: int) -> tuple[float | None, str]:
    try:
        backend = open_backend(name, palette.model)
        times = [_timed(backend, photo, palette.styles[0].code) for _ in range(runs + 2)]
    except ImpastoError as error:
        return None, str(error)
    return statistics.median(times[2:]), ""  # the first two prepare memory and code


def _timed(backend: Backend, photo: Planes, code: Code) -> float:
    start = time.perf_counter()
    backend.run(photo, code)
    return (time.perf_counter() - start) * 1000


def _cores() -> int:
    """Cores this process may use; runtimes count those of the whole machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
