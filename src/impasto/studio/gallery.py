"""All styles of the studio: those of its palette, and learned ones, each in a palette of its own. Knows no HTTP.

A learned style has a network of its own: a look is painted by the engine of its style's palette, and its regions by theirs. Learned
palettes lie in one folder, named after their style; what is deleted is kept aside until the studio starts again, so that it can come back.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look, did_you_mean
from impasto.palette import MAX_UNPACKED_BYTES, Palette, Style, read, write
from impasto.picture import Picture, from_array

MOST_LEARNED = 100
LONGEST_TITLE = 60
CACHE_MIB = 160  # of paintings: one of 12 megapixels, or fifty previews
ENGINES_KEPT = 4  # networks of learned styles that stay loaded
LEARNED_CACHE_MIB = 32  # of paintings, for each of them
_log = logging.getLogger("impasto.studio")


class UnknownStyleError(ImpastoError):
    """No learned style has this name."""


class Gallery(Engine):
    """An engine for a palette and for every learned style. Safe to use from several threads.

    `folder` holds the learned palettes; a file in it that cannot be used is passed over.
    """

    def __init__(self, palette: Palette, folder: Path, backend: str = "auto") -> None:
        super().__init__(palette, backend, CACHE_MIB)
        self._folder, self._aside = folder, folder / "deleted"
        self._aside.mkdir(parents=True, exist_ok=True)
        self._learned: dict[str, Palette] = {}
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._changing = threading.RLock()
        for file in self._aside.glob("*.palette"):
            file.unlink()
        for file in sorted(folder.glob("*.palette"), key=lambda file: file.stat().st_mtime):
            self._load(file)

    @property
    def styles(self) -> tuple[Style, ...]:
        """The palette's styles, then the learned ones, the newest last."""
        with self._changing:
            return (*self.palette.styles, *(learned.styles[0] for learned in self._learned.values()))

    def is_learned(self, name: str) -> bool:
        """Whether the style of that name has a palette of its own."""
        return name in self._learned

    def add(self, palette: Palette) -> Style:
        """Keep a palette of one style, under a name that no other style has; an ImpastoError where it cannot be painted with."""
        if len(palette.styles) != 1:
            raise ImpastoError(
                f"{palette.title} holds {len(palette.styles)} styles.",
                "A palette of one style can be added; open a larger one with impasto studio --palette FILE.",
            )
        self._try(palette)
        with self._changing:
            if len(self._learned) >= MOST_LEARNED:
                raise ImpastoError(f"There are {MOST_LEARNED} learned styles already.", "Export and delete one first.")
            named = _named(palette, self._free_name(palette.styles[0].name))
            write(named, self._file(named.name))
            self._learned[named.name] = named
            return named.styles[0]

    def rename(self, name: str, title: str) -> Style:
        """Give a learned style another title."""
        title = check_title(title)
        with self._changing:
            old, file = self.learned(name), self._file(name)
            style = replace(old.styles[0], title=title)
            self._learned[name] = replace(old, title=title, styles=(style,))
            made_ns = file.stat().st_mtime_ns
            write(self._learned[name], file)
            os.utime(file, ns=(made_ns, made_ns))  # the order of the styles is that of their files
            return style

    def remove(self, name: str) -> None:
        """Delete a learned style; `restore` brings it back until the studio starts again."""
        with self._changing:
            self.learned(name)
            self._file(name).replace(self._aside / self._file(name).name)
            del self._learned[name]
            self._engines.pop(name, None)

    def restore(self, name: str) -> Style:
        """Bring a deleted style back."""
        with self._changing:
            gone = {file.stem: file for file in self._aside.glob("*.palette")}
            if name not in gone:
                raise UnknownStyleError("That style cannot be brought back.", "It was deleted before the studio was started.")
            style = self.add(read(gone[name]))
            gone[name].unlink()
            return style

    def learned(self, name: str) -> Palette:
        """The palette of a learned style."""
        if name not in self._learned:
            raise UnknownStyleError(
                f"There is no learned style named {name[:80]!r}.", did_you_mean(name, list(self._learned) or ["none yet"])
            )
        return self._learned[name]

    def paint_part(self, picture: Picture, look: Look, part: Any, **options: Any) -> Any:
        """As the engine's; None also where several networks paint the picture."""
        engines = {self._engine_of(own) for own in (look, *(region.look for region in look.regions))}
        if len(engines) > 1:
            return None
        engine = engines.pop()
        return engine.paint_part(picture, look, part, **options) if engine else super().paint_part(picture, look, part, **options)

    def prepare(self, picture: Picture, look: Look, long_edge_px: int) -> None:
        engine = self._engine_of(look)
        (engine.prepare if engine else super().prepare)(picture, look, long_edge_px)

    def _plain(self, picture: Picture, photo: Picture, look: Look, *job: Any) -> Picture:
        engine = self._engine_of(look)
        return engine._plain(picture, photo, look, *job) if engine else super()._plain(picture, photo, look, *job)

    def _engine_of(self, look: Look) -> Engine | None:
        """The engine of a look's learned style, None where it has none."""
        names = {name for name, _ in look.styles}
        with self._changing:
            own = next((name for name in names if name in self._learned), None)
            if own is None:
                return None
            if len(names) > 1:
                title = self._learned[own].title
                raise ImpastoError(f"{title} has a network of its own and cannot be mixed.", "Choose it alone, or in a region.")
            if own not in self._engines:
                self._engines[own] = Engine(self._learned[own], self._wanted, LEARNED_CACHE_MIB)
            self._engines.move_to_end(own)
            while len(self._engines) > ENGINES_KEPT:
                self._engines.popitem(last=False)
            return self._engines[own]

    def _try(self, palette: Palette) -> None:
        """One small painting: what checks out as a file may still not run."""
        try:
            Engine(palette, self._wanted, cache_mib=1).paint(from_array(np.full((32, 32, 3), 128, np.uint8)), Look())
        except ImpastoError:
            raise
        except Exception as error:  # runtimes raise kinds of their own
            raise ImpastoError(
                f"{palette.title} does not paint ({type(error).__name__}).", "Ask whoever made it for one that does."
            ) from None

    def _load(self, file: Path) -> None:
        try:
            palette = read(file)
        except ImpastoError as error:
            _log.warning("%s is left out: %s", file.name, error)
            return
        if len(palette.styles) == 1:
            named = _named(palette, self._free_name(file.stem))
            if named.name != file.stem:  # the palette of the studio has a style of this name
                file = file.rename(self._file(named.name))
            self._learned[named.name] = named

    def _free_name(self, wanted: str) -> str:
        taken = {style.name for style in self.styles}
        numbered = (f"{wanted[:60]}-{number}" for number in range(2, len(taken) + 3))
        return next(name for name in (wanted, *numbered) if name not in taken)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.palette"


def check_title(title: str) -> str:
    """A title without what surrounds it; an ImpastoError where it is none, or too long."""
    plain = " ".join(title.split())
    if not plain or len(plain) > LONGEST_TITLE or not plain.isprintable():
        raise ImpastoError("That cannot be the name of a style.", f"Give it 1 to {LONGEST_TITLE} letters.")
    return plain


def opened(data: bytes) -> Palette:
    """The palette in a file that was sent."""
    if len(data) > 2 * MAX_UNPACKED_BYTES:
        raise ImpastoError("That palette is too large.", f"A palette has at most {MAX_UNPACKED_BYTES >> 20} MiB.")
    return read(data)


def _named(palette: Palette, name: str) -> Palette:
    """The palette of one style under another name."""
    style = palette.styles[0]
    thumbs = dict(zip([name], palette.thumbs.values(), strict=False))
    return replace(palette, name=name, styles=(replace(style, name=name),), thumbs=thumbs)
