"""What `impasto doctor` finds out: the machine, the versions, and how fast each backend is on it. Changes nothing."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from typing import Any

from impasto.engine import Measurement, measure_backends
from impasto.palette import Palette

SIZE_PX = 512  # the long edge of the studio's preview


def examine(palette: Palette) -> dict[str, Any]:
    """Everything worth knowing, ready for JSON; `used` is the backend that "auto" takes, `why` the reason in words."""
    measured = measure_backends(palette, SIZE_PX)
    used = next((one for one in measured if one.chosen), None)
    return {
        "impasto": version("impasto"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "palette": {"name": palette.name, "title": palette.title, "styles": len(palette.styles), "id": palette.id[:16]},
        "size_px": SIZE_PX,
        "backends": [_entry(one) for one in measured],
        "used": used.name if used else None,
        "why": _why([one.name for one in measured if one.milliseconds is not None]),
    }


def _entry(measured: Measurement) -> dict[str, Any]:
    speed = None if measured.milliseconds is None else round(measured.milliseconds, 1)
    return {"name": measured.name, "version": measured.version, "milliseconds": speed, "problem": measured.problem}


def _why(working: list[str]) -> str:
    if not working:
        return "No backend works on this machine."
    if len(working) == 1:
        return "It is the only one that works on this machine."
    return f"It comes first of those that work here ({', '.join(working)}); --backend takes another."


def describe(found: dict[str, Any]) -> str:
    """The findings as lines for a person."""
    lines = [
        f"Impasto {found['impasto']}, Python {found['python']}, {found['system']}, {found['cores']} cores",
        f"Palette {found['palette']['name']} ({found['palette']['title']}, {found['palette']['styles']} styles)",
        f"One picture of {found['size_px']}×{found['size_px']} px through the network (median):",
    ]
    for backend in found["backends"]:
        speed = "-" if backend["milliseconds"] is None else f"{backend['milliseconds']:.1f} ms"
        mark = "*" if backend["name"] == found["used"] else " "
        lines.append(f"{mark} {backend['name']:12} {backend['version'] or 'not installed':12} {speed:>10}  {backend['problem']}".rstrip())
    return "\n".join([*lines, f"Used: {found['used'] or 'none'}. {found['why']}"])
