"""Variants of a palette's network: a backend and the numbers it computes in. Knows which this processor has instructions for, and what
`impasto doctor` has found to be best; measures nothing itself.

So nothing is timed at start-up: where doctor has not been here, or anything has changed since, it is float32 with the backend that comes
first.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from impasto.backends import Backend, OpenVinoBackend, installed, open_backend, release
from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.onnx_file import check_onnx

# For each kind of numbers: any of these flags of the processor makes it worth a try, and how they are called.
NEEDED = {
    "bf16": (frozenset({"avx512_bf16", "amx_bf16"}), "AVX512_BF16", "AMX"),
    "int8": (frozenset({"avx512_vnni", "avx_vnni", "amx_int8"}), "VNNI", "AMX"),
}
MEMORY, MOST_REMEMBERED, MOST_BYTES = "variants.json", 50, 2**20


class OpenVinoBfloat16(OpenVinoBackend):
    """OpenVINO in bfloat16, where the processor computes in it."""

    name = "openvino-bf16"
    precision = "bf16"


@dataclass(frozen=True)
class Variant:
    """A backend's name, and `float32`, `bf16` or `int8`."""

    backend: str
    numbers: str = "float32"

    @property
    def name(self) -> str:
        return self.backend if self.numbers == "float32" else f"{self.backend}-{self.numbers}"

    def open(self, model: bytes) -> Backend:
        """The loaded network; `model` is already the one in INT8 where that is meant. An ImpastoError where it does not load."""
        if self.numbers != "bf16":
            opened = open_backend(self.backend, model)
            opened.name = self.name
            return opened
        try:
            return OpenVinoBfloat16(model)
        except Exception as error:  # runtimes raise kinds of their own
            raise ImpastoError(f"bf16: {str(error).strip().splitlines()[-1][:200]}") from None


VARIANTS = [
    Variant("openvino"),
    Variant("onnxruntime"),
    Variant("openvino", "bf16"),
    Variant("openvino", "int8"),
    Variant("onnxruntime", "int8"),
]


@cache
def flags() -> frozenset[str]:
    """What the processor can do, in the names that Linux has for it; nothing where that cannot be asked."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return frozenset(found.partition(":")[2].split())


def why_not(numbers: str, known: frozenset[str] | None = None) -> str:
    """Why a kind of numbers is not worth a try on this processor; nothing where it is."""
    if numbers not in NEEDED:
        return ""
    wanted, one, other = NEEDED[numbers]
    known = flags() if known is None else known
    if wanted & known:
        return ""
    return f"This processor has neither {one} nor {other}." if known else f"Whether this processor has {one} or {other} cannot be told."


def remember(model: bytes, variant: Variant, int8: bytes) -> Path:
    """Write down that this variant is used for this network on this machine; `int8` is what it runs if it is INT8. Returns the file."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImpastoError(f"{str(folder)!r} cannot be made: {error.strerror}.", "Set IMPASTO_CACHE to a folder of yours.") from None
    key = hashlib.sha256(model).hexdigest()
    entry = {"machine": _machine(), "backend": variant.backend, "numbers": variant.numbers}
    if variant.numbers == "int8":
        write_whole(folder / f"{key}.onnx", int8)
        entry["sha256"] = hashlib.sha256(int8).hexdigest()
    known = _remembered()
    known.pop(key, None)
    kept = dict(list(known.items())[1 - MOST_REMEMBERED :])
    write_whole(folder / MEMORY, json.dumps({**kept, key: entry}, indent=1).encode())
    for file in folder.glob("*.onnx"):
        if file.stem not in {*kept, key}:
            file.unlink(missing_ok=True)
    return folder / MEMORY


def open_variant(wanted: str, model: bytes) -> Backend:
    """The backend for a palette's network: the one that was asked for, or for "auto" what doctor has chosen here, if it still holds."""
    if wanted == "auto":
        variant, network = recalled(model)
        if variant is not None:
            try:
                return variant.open(network)
            except ImpastoError:
                pass  # whatever was remembered, float32 with the first backend that works is right
    return open_backend(wanted, model)


def recalled(model: bytes) -> tuple[Variant | None, bytes]:
    """The variant that doctor chose for this network on this very machine, with the network that it runs; None where unknown."""
    key = hashlib.sha256(model).hexdigest()
    entry = _remembered().get(key)
    if not isinstance(entry, dict) or entry.get("machine") != _machine():
        return None, model
    variant = next((one for one in VARIANTS if (one.backend, one.numbers) == (entry.get("backend"), entry.get("numbers"))), None)
    if variant is None or variant.backend not in installed():
        return None, model
    if variant.numbers != "int8":
        return variant, model
    network = _kept_int8(key, entry.get("sha256"))
    return (variant, network) if network else (None, model)


def cache_folder() -> Path:
    """Where measurements are remembered: $IMPASTO_CACHE, $XDG_CACHE_HOME/impasto or ~/.cache/impasto."""
    own, shared = (os.environ.get(name, "") for name in ("IMPASTO_CACHE", "XDG_CACHE_HOME"))
    if own:
        return Path(own)
    return (Path(shared) if Path(shared).is_absolute() else Path.home() / ".cache") / "impasto"


def _remembered() -> dict[str, Any]:
    """What the file says, nothing where it is missing, damaged or too large."""
    file = cache_folder() / MEMORY
    try:
        known = json.loads(file.read_bytes()) if file.stat().st_size <= MOST_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _kept_int8(key: str, digest: object) -> bytes:
    """The network in INT8 that doctor has kept, if it is still the one that was checked; else nothing."""
    try:
        network = (cache_folder() / f"{key}.onnx").read_bytes()
        check_onnx(network)
    except (OSError, ImpastoError):
        return b""
    return network if hashlib.sha256(network).hexdigest() == digest else b""


def _machine() -> str:
    """All that a measurement hangs on, besides the network."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    facts = [release("impasto"), platform.machine(), cores, sorted(flags()), [release(name) for name in installed()]]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
