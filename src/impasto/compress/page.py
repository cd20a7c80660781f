"""`compression.html`: every stage of a compression in figures and pictures, in one file that needs no server."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from impasto import picture
from impasto.compress.judge import Judge, Painted, Scores
from impasto.compress.speed import RUNS, Taken, Times
from impasto.files import write_whole
from impasto.palette import Palette, pack
from impasto.picture import Picture

TEMPLATE = Path(__file__).with_name("page_template.html")
PHOTOS, STYLES = 3, 2
PICTURE_PX = 320


def write(path: Path, stages: dict[str, Palette], times: dict[str, Times], chosen: Palette, judge: Judge, remarks: list[str]) -> None:
    """Paint, score and show all stages beside each other; `times` are of one run, `remarks` what was decided on the way."""
    painted = {name: judge.paint(palette) for name, palette in stages.items()}
    scores = {name: judge.scores(made) for name, made in painted.items()}
    kept = next(name for name, palette in stages.items() if palette is chosen)
    parts = {
        "title": html.escape(f"{chosen.title}, compressed"),
        "remarks": "".join(f"<li>{html.escape(remark)}</li>" for remark in remarks),
        "figures": _figures(stages, times, kept),
        "scores": _scores(scores, judge),
        "sheet": _sheet(painted, judge),
        "notes": html.escape(_notes(judge)),
    }
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    write_whole(path, text.encode())


def _figures(stages: dict[str, Palette], times: dict[str, Times], kept: str) -> str:
    """The table of sizes and times; ratios are to the first stage, times to its time with the same backend."""
    first = next(iter(stages))
    columns = [(backend, size_px) for size_px in next(iter(times[first].values())) for backend in times[first]]
    head = ["stage", "parameters", "MACs at 256²", "kB", *(f"{backend} {size_px}²" for backend, size_px in columns)]
    rows = []
    for name, palette in stages.items():
        info, original = palette.generator, stages[first].generator
        sizes = [
            (f"{info.parameters:,}", original.parameters / info.parameters),
            (f"{info.macs_256 / 1e6:.1f} M", original.macs_256 / info.macs_256),
            (f"{len(pack(palette)) / 1e3:.0f}", len(pack(stages[first])) / len(pack(palette))),
        ]
        cells = [f"<td>{text}<small>{'' if name == first else f'÷ {ratio:.2f}'}</small></td>" for text, ratio in sizes]
        cells += [_time(times[name][backend][size_px], times[first][backend][size_px], name == first) for backend, size_px in columns]
        rows.append(f'<tr{_mark(name == kept)}><th scope="row">{html.escape(name)}</th>{"".join(cells)}</tr>')
    return _table(head, rows)


def _time(taken: Taken, before: Taken, is_first: bool) -> str:
    """By the clock, and below it of the processor."""
    ratios = ("", "") if is_first else (f"÷ {before.wall_ms / taken.wall_ms:.2f}", f" ÷ {before.processor_ms / taken.processor_ms:.2f}")
    return f"<td>{taken.wall_ms:.1f} ms<small>{ratios[0]}</small><small>cpu {taken.processor_ms:.1f}{ratios[1]}</small></td>"


def _scores(scores: dict[str, Scores], judge: Judge) -> str:
    named = {**scores, "the photos themselves": judge.untouched}
    rows = [
        f'<tr><th scope="row">{html.escape(name)}</th>' + "".join(f"<td>{value:.3f}</td>" for value in vars(found).values()) + "</tr>"
        for name, found in named.items()
    ]
    return _table(["stage", "style distance", "structure kept"], rows)


def _sheet(painted: dict[str, Painted], judge: Judge) -> str:
    """The same photos side by side, a row a photo and style."""
    rows = []
    for style in list(judge.known)[:STYLES]:
        for index, photo in enumerate(judge.photos[:PHOTOS]):
            row = [photo, *(made[style][index] for made in painted.values())]
            rows.append(f'<tr><th scope="row">{html.escape(style)}</th>{"".join(f"<td>{_image(one)}</td>" for one in row)}</tr>')
    return _table(["style", "photo", *painted], rows)


def _notes(judge: Judge) -> str:
    return (
        f"Milliseconds are the least of {RUNS} or, on a busy machine, more runs of the network alone, batch 1, all stages taking turns in "
        f"one run on this machine, on the cores that this process may use; below them (cpu) the processor time of all these cores, which "
        f"other programs hardly disturb. ÷ is how many times less than the first stage takes. Scores are means over "
        f"{len(judge.photos)} photos in {', '.join(judge.known)}, by EfficientNet-Lite2; style distance is to {judge.against}."
    )


def _table(head: list[str], rows: list[str]) -> str:
    return (
        f"<table><thead><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in head)}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _mark(kept: bool) -> str:
    return ' class="kept"' if kept else ""


def _image(source: Picture) -> str:
    data = picture.encode(picture.fit(source, PICTURE_PX), "jpeg", quality=85)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'
