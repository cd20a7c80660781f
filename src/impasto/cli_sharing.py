"""The commands that guess, share and receive a style. Registered by `cli.py`; like it, imports nothing heavy until a command runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from impasto.errors import ImpastoError

PaletteOption = Annotated[Path | None, typer.Option("--palette", metavar="FILE", help="A .palette file instead of the one that ships.")]


def share(
    source: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A .palette of one style over the same network; left out, the palette itself.")
    ] = None,
    style: Annotated[str | None, typer.Option(metavar="NAME[:W],...", help="A style, or several with weights to mix them.")] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="What the style is called.")] = None,
    licence: Annotated[str, typer.Option(metavar="TEXT", help="What may be done with it; the note of its parts if left out.")] = "",
    palette: PaletteOption = None,
) -> None:
    """Print a style as a short text that another studio, or impasto receive, can paste in.

    A text holds a code, not a network: the other side needs the same palette. A style that was learned further than its first guess
    has a network of its own, and goes as its .palette file.
    """
    from impasto import palette as palettes
    from impasto import sharing
    from impasto.look import Look

    base = palettes.read(palette or palettes.shipped())
    opened = base if source is None else palettes.read(source)
    print(sharing.share_look(base, opened, Look.parse({"styles": style or ()}), name or "", licence))


def guess(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE", help="Pictures in the style, 1 to 200.")],
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the style is called.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a .palette, rather than print a text.")
    ] = None,
    licence: Annotated[str, typer.Option(metavar="TEXT", help="What may be done with it; the note of its parts if left out.")] = "",
    palette: PaletteOption = None,
) -> None:
    """Guess a style from pictures in about two seconds, without learning: the mix of styles that comes nearest.

    The result is a text for impasto receive and other studios, or a palette. impasto learn comes nearer, in minutes.
    """
    from impasto import guess as guessing
    from impasto import palette as palettes
    from impasto import picture, sharing
    from impasto.engine import Engine

    if output is not None:
        _check_new(output)
    base = palettes.read(palette or palettes.shipped())
    look = guessing.guess(Engine(base), [picture.load(file) for file in pictures])
    style = sharing.mixed(base, look, name, licence)
    print(f"{style.title}: {style.artist}", file=sys.stderr)
    if output is None:
        print(sharing.share(base, style))
    else:
        palettes.write(sharing.of_one(base, style, "guessed from pictures"), output)


def receive(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What impasto share printed; - reads standard input.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The .palette file to write.")],
    palette: PaletteOption = None,
) -> None:
    """Make a palette of a style that came as text."""
    from impasto import palette as palettes
    from impasto import sharing

    _check_new(output)
    told = sys.stdin.read(sharing.MOST_LETTERS + 1) if text == "-" else text
    made = sharing.adopt(palettes.read(palette or palettes.shipped()), told)
    palettes.write(made, output)
    style = made.styles[0]
    print(f"{output}  {style.title} ({', '.join(note for note in (style.artist, style.licence) if note)})")


def _check_new(output: Path) -> None:
    if output.suffix != ".palette" or output.exists():
        raise ImpastoError(f"{str(output)!r} cannot be written.", "Give -o a new name that ends with .palette.")
