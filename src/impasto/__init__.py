"""Impasto turns photos into paintings. These are the public names; each is loaded when it is first used."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

    from impasto.engine import Engine
    from impasto.errors import ImpastoError
    from impasto.look import Look
    from impasto.palette import Palette

__all__ = ["Engine", "ImpastoError", "Look", "open_palette", "paint"]
__version__ = "0.1.0"

_HOMES = {"Engine": "impasto.engine", "ImpastoError": "impasto.errors", "Look": "impasto.look"}
_engines: dict[object, Engine] = {}
_opening = threading.Lock()


def paint(
    photo: object,
    style: str | Mapping[str, float] | None = None,
    palette: Palette | Path | str | None = None,
    *,
    long_edge_px: int | None = None,
    **controls: float,
) -> Image:
    """A painting of a photo (path, bytes, PIL image or array) as a PIL image, with the photo's alpha.

    `style` is a name, "monet:2,hokusai:1" or {"monet": 2}; without it the palette's first style. `controls` are those of
    `impasto.look.CONTROLS`, such as strength=0.8. Raises ImpastoError for anything that the caller can mend.
    """
    from impasto import look, picture

    styles: object = () if style is None else list(style.items()) if isinstance(style, Mapping) else style
    asked = look.Look.parse({"styles": styles, **controls})
    loaded = picture.load(photo)
    return picture.to_pil(_engine(palette).render(loaded, asked, long_edge_px=long_edge_px))


def open_palette(path: Path | str | None = None) -> Palette:
    """The palette at a path, or the one that ships with Impasto; read and verified once."""
    return _engine(path).palette


def _engine(source: Palette | Path | str | None) -> Engine:
    """One engine for each palette; a file that has changed since is read again."""
    from pathlib import Path

    from impasto import engine, palette

    if isinstance(source, palette.Palette):
        key: object = source.id
    else:
        path = palette.shipped() if source is None else Path(source).resolve()
        key = (path, path.stat().st_mtime_ns if path.exists() else 0)
    with _opening:
        if key not in _engines:
            _engines[key] = engine.Engine(source if isinstance(source, palette.Palette) else palette.read(path))
        return _engines[key]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
