"""The command line: every command is a thin caller of one half of Impasto, imported inside the command that needs it.

`impasto --help` must answer at once, so nothing here imports numpy, a web framework or torch until a command runs. The options of
`paint` that are controls come from `look.CONTROLS`. Exit codes: 0 done, 1 a defect of Impasto or
a reader that has gone, 2 something the user can mend, 130 Ctrl-C.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from impasto.cli_sharing import guess, receive, share
from impasto.errors import ImpastoError
from impasto.look import CONTROLS, Control, Look

app = typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False)
PaletteOption = Annotated[Path | None, typer.Option("--palette", metavar="FILE", help="A .palette file instead of the one that ships.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code. Whatever goes wrong is a sentence on standard error, never a traceback."""
    _never_fail_to_print()
    try:
        result = typer.main.get_command(app).main(arguments, prog_name="impasto", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except ImpastoError as error:
        return _complain(error.message, error.hint)
    except typer.TyperException as error:  # a command line that cannot be understood
        context = getattr(error, "ctx", None)
        return _complain(error.format_message(), f"See {context.command_path if context else 'impasto'} --help.")
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has gone; Python must not try to flush to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        if os.environ.get("IMPASTO_DEBUG"):
            raise
        kind = type(error).__name__
        return _complain(f"Impasto itself failed: {kind}: {error}", "Set IMPASTO_DEBUG=1 for the details to report.", code=1)


def _never_fail_to_print() -> None:
    """A terminal that knows no é shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _complain(message: str, hint: str, code: int = 2) -> int:
    print(f"Error: {message}" + (f"\n{hint}" if hint else ""), file=sys.stderr)
    return code


def _show_version(wanted: bool) -> None:
    if wanted:
        from impasto import __version__

        print(f"impasto {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def impasto(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Turns photos into paintings."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def studio(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 7788,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page in a browser.")] = False,
    palette: PaletteOption = None,
) -> None:
    """Open the studio, where sliders move the painting."""
    from impasto.studio.server import serve

    serve(host=host, port=port, open_browser=not no_browser, palette_path=palette)


def with_controls(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that takes `**controls` one option for each control of the table."""
    signature = inspect.signature(command, eval_str=True)
    fixed = [parameter for parameter in signature.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD]
    options = [_control_parameter(control) for control in CONTROLS.values()]
    command.__signature__ = signature.replace(parameters=fixed + options)  # type: ignore[attr-defined]
    return command


def _control_parameter(control: Control) -> inspect.Parameter:
    help = f"{control.help} From {control.minimum:g} to {control.maximum:g}; the default is {control.default:g}."
    option = typer.Option(f"--{control.name.replace('_', '-')}", metavar="NUMBER", help=help)
    return inspect.Parameter(control.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[str | None, option])


@app.command()
@with_controls
def paint(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photos to paint; - reads one from standard input.")],
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="OUT", help="A file, a folder, or - for standard output.")] = None,
    palette: PaletteOption = None,
    style: Annotated[str | None, typer.Option(metavar="NAME[:W],...", help="A style, or several with weights to mix them.")] = None,
    look: Annotated[Path | None, typer.Option(metavar="FILE", help="A JSON file of control values; options win over it.")] = None,
    recommended: Annotated[
        bool, typer.Option("--recommended", help="Begin with the finish recommended for the style; the rest wins over it.")
    ] = False,
    long_edge: Annotated[int | None, typer.Option(min=1, metavar="PX", help="Longest side of the painting; no photo is enlarged.")] = None,
    backend: Annotated[str, typer.Option(metavar="NAME", help="auto, openvino or onnxruntime.")] = "auto",
    quality: Annotated[int, typer.Option(min=1, max=100, metavar="NUMBER", help="Quality of JPEG and WebP files.")] = 92,
    strip_metadata: Annotated[bool, typer.Option("--strip-metadata", help="Leave out date, camera and place.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Let the painting replace its photo.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was done, one JSON object a line for each photo.")] = False,
    **controls: str | None,
) -> None:
    """Paint photos.

    Without -o the painting of holiday.jpg in the style monet is holiday.monet.jpg beside it. With a folder as OUT (one that
    exists, or a name that ends with /, or any name for several photos) it is OUT/holiday.monet.jpg. A painting of an earlier run is
    replaced; a photo never is, unless --overwrite is given.
    """
    from impasto import engine, job
    from impasto import palette as palettes

    values = _values(look, style, controls)
    asked = Look.parse(values)
    opened = palettes.read(palette or palettes.shipped())
    opened.code(asked)  # an unknown style is refused before any photo is read
    if recommended:
        asked = Look.parse(opened.recommended(asked) | values)
    names = [name for name, _ in asked.styles] or [opened.styles[0].name]
    tasks = job.plan(photos, output, names, overwrite)
    painter = job.Painter(engine.Engine(opened, backend), asked, long_edge, quality, not strip_metadata)
    failures = 0
    for task in tasks:
        try:
            report = painter.paint(task)
        except ImpastoError as error:  # the other photos are painted all the same
            failures = _complain(error.message, error.hint)
        else:
            _report(report, as_json)
    if failures:
        raise typer.Exit(failures)


def _values(file: Path | None, style: str | None, controls: dict[str, str | None]) -> dict[str, Any]:
    """The values of a look file, if there is one, with what was given as options over them."""
    values: dict[str, Any] = {} if file is None else _read_look(file)
    values |= {name: value for name, value in controls.items() if value is not None}
    if style is not None:
        values["styles"] = style
    return values


def _read_look(file: Path) -> dict[str, Any]:
    hint = 'A look is a JSON object such as {"strength": 0.8, "saturation": 1.2}.'
    try:
        values = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ImpastoError(f"The look {str(file)!r} cannot be opened: {error.strerror}.", "Check the path.") from None
    except (ValueError, RecursionError):
        raise ImpastoError(f"The look {str(file)!r} is not JSON.", hint) from None
    if not isinstance(values, dict):
        raise ImpastoError(f"The look {str(file)!r} is not a JSON object.", hint)
    return values


def _report(report: dict[str, Any], as_json: bool) -> None:
    """One line on what was done; on standard error where the painting itself went to standard output."""
    piped = report["output"] == "-"
    if as_json:
        print(json.dumps(report), file=sys.stderr if piped else sys.stdout, flush=True)
    elif not piped:
        seconds = report["milliseconds"]["total"] / 1000
        print(f"{report['output']}  {report['width']}×{report['height']}  {seconds:.1f} s ({report['backend']})", flush=True)


@app.command()
def styles(palette: PaletteOption = None, as_json: JsonOption = False) -> None:
    """List the styles of a palette."""
    from impasto import palette as palettes

    opened = palettes.read(palette or palettes.shipped())
    if as_json:
        print(json.dumps([_style_entry(style) for style in opened.styles], indent=2))
        return
    width = max(len(style.name) for style in opened.styles)
    for style in opened.styles:
        print(f"{style.name:{width}}  {style.title}" + (f" ({style.artist}, {style.years})" if style.years else f" ({style.artist})"))


app.command()(guess)
app.command()(share)
app.command()(receive)


def _style_entry(style: Any) -> dict[str, Any]:
    names = ("name", "title", "artist", "years", "licence", "sources", "look", "scores")
    return {name: getattr(style, name) for name in names}


@app.command()
def doctor(palette: PaletteOption = None, as_json: JsonOption = False) -> None:
    """Time every backend in float32, bf16 and INT8, and choose the fastest faithful one.

    The choice is remembered, and everything that paints with this palette on this machine goes by it from then on.
    """
    from impasto import diagnosis
    from impasto import palette as palettes

    opened = palettes.read(palette or palettes.shipped())

    def int8() -> bytes:
        try:
            from impasto.compress.probes import photos
            from impasto.compress.quantize import quantize
        except ImportError as error:
            _needs_training_extra(error)
        return quantize(opened, photos(None)).palette.model

    found = diagnosis.examine(opened, int8)
    print(json.dumps(found, indent=2) if as_json else diagnosis.describe(found))


@app.command()
def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A recipe in TOML.")],
    out: Annotated[Path, typer.Option("--out", metavar="RUN", help="Folder of the run; the same command goes on with it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the recipe, print it in full, and stop.")] = False,
) -> None:
    """Train on photos and paintings.

    Needs the training half: pip install "impasto[train]".
    """
    try:
        from impasto.train.loop import train as run
    except ImportError as error:
        _needs_training_extra(error)
    run(recipe, out, dry_run=dry_run)


@app.command()
def export(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The .palette file to write; with --fold, an .onnx.")],
    source: Annotated[
        Path | None, typer.Argument(metavar="RUN", help="Folder of a run; with --fold a .palette, the one that ships if left out.")
    ] = None,
    fold: Annotated[bool, typer.Option("--fold", help="Write one look as a plain ONNX network for other runtimes.")] = False,
    style: Annotated[str | None, typer.Option(metavar="NAME[:W],...", help="With --fold: a style, or several with weights.")] = None,
    strength: Annotated[float, typer.Option(metavar="NUMBER", help="With --fold: the strength.")] = CONTROLS["strength"].default,
    brush: Annotated[float, typer.Option(metavar="NUMBER", help="With --fold: the brush size.")] = CONTROLS["brush"].default,
) -> None:
    """Make a palette of a training run, or a plain network of one look of a palette.

    Needs the training half: pip install "impasto[train]".
    """
    try:
        from impasto.compress.export import export as write
        from impasto.compress.fold import fold as write_folded
    except ImportError as error:
        _needs_training_extra(error)
    if fold:
        from impasto import palette as palettes

        look = Look.parse({"styles": style or (), "strength": strength, "brush": brush})
        write_folded(palettes.read(source or palettes.shipped()), look, output)
    elif source is None:
        raise ImpastoError("There is no run to export.", "Name the folder of a training run, or add --fold.")
    else:
        write(source, output)


@app.command()
def compress(
    source: Annotated[Path, typer.Argument(metavar="PALETTE|RUN", help="A .palette file, or the folder of a training run.")],
    target: Annotated[str, typer.Option(metavar="TARGET", help="ms=20@512, macs=1.4G (at 256×256) or size=300kB (of the file).")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The .palette file to write.")],
    teacher: Annotated[Path | None, typer.Option(metavar="PALETTE", help="Learn from this palette, not from PALETTE itself.")] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photos to measure and learn on; a hundred are better than ours.")
    ] = None,
    recipe: Annotated[Path | None, typer.Option(metavar="RECIPE", help="Score against this recipe's paintings.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of fine-tuning after pruning.")] = 600,
) -> None:
    """Make a palette smaller or faster, and show what it costs in compression.html beside FILE.

    Ctrl-C stops; the same command goes on. Needs the training half: pip install "impasto[train]".
    """
    try:
        from impasto.compress import compression
        from impasto.compress.target import parse
    except ImportError as error:
        _needs_training_extra(error)
    order = compression.Order(source, parse(target), output, teacher, photos, recipe, steps)
    compression.compress(order, say=lambda sentence: print(sentence, flush=True))
    print(f"{output}  {output.with_name('compression.html')}")


@app.command()
def learn(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE", help="Pictures in the style, or folders of them: 1 to 200.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The .palette file to write.")],
    name: Annotated[str, typer.Option(metavar="TEXT", help="What the style is called.")],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="PALETTE", help="Start from this palette, not the one that ships.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0.05, help="How long to learn; five minutes unless --steps is given.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="How many steps to learn; the same number gives the same palette.")] = None,
    photos: Annotated[Path | None, typer.Option(metavar="DIR", help="Photos to practise on, instead of those built in.")] = None,
    licence: Annotated[str, typer.Option(metavar="TEXT", help="What may be done with the pictures.")] = "licence not stated",
    preview: Annotated[Path | None, typer.Option(metavar="PHOTO", help="Watch this photo change in preview.jpg, beside FILE.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed learns another variant.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line, for programs.")] = False,
) -> None:
    """Learn a style from your own pictures.

    Ctrl-C stops and keeps what is learned. The same command goes on, also after a crash, and with more --minutes it learns further.
    Needs the training half: pip install "impasto[train]".
    """
    try:
        from impasto.train import learn as learning
        from impasto.train.learned import Naming
    except ImportError as error:
        _needs_training_extra(error)
    lesson = learning.Lesson(pictures, Naming(name, licence), output, source, photos, preview, seed, steps, minutes)
    learning.learn(
        lesson,
        say=lambda sentence: print(json.dumps({"say": sentence}) if as_json else sentence, flush=True),
        tell=lambda report: print(json.dumps(vars(report)) if as_json else report.line(), flush=True),
    )


@app.command()
def evaluate(
    palette: Annotated[Path, typer.Argument(metavar="PALETTE", help="A .palette file.")],
    photos: Annotated[Path, typer.Option(metavar="DIR", help="Photos to paint, best ones that no training has seen.")],
    paintings: Annotated[Path, typer.Option(metavar="DIR", help="Paintings of the style.")],
    style: Annotated[str | None, typer.Option(metavar="NAME", help="The style, where the palette has several.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Keep the figures in the palette, as the style's scores.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how close a style comes to its paintings and how much of the photos it keeps.

    The figures of the untouched photos stand beside it as the baseline. Needs the training half: pip install "impasto[train]".
    """
    try:
        from impasto.measure import evaluation
    except ImportError as error:
        _needs_training_extra(error)
    from dataclasses import asdict

    from impasto import palette as palettes

    opened = palettes.read(palette)
    found = evaluation.evaluate(opened, photos, paintings, style)
    if write:
        palettes.write(evaluation.with_scores(opened, found), palette)
    print(json.dumps(asdict(found), indent=2) if as_json else found.describe())


def _needs_training_extra(error: ImportError) -> NoReturn:
    raise ImpastoError(f"This needs the training half of Impasto ({error}).", 'Install it: pip install "impasto[train]"') from None
