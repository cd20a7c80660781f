"""Writes docs/cli.md and docs/controls.md from the program itself: `make docs`. tests/test_docs.py holds the pages to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from impasto.cli import app
from impasto.look import CONTROLS, Control

DOCS = Path(__file__).parent
NOTE = "<!-- Made by `make docs`; edit docs/generate.py or the code it reads, not this page. -->"


def controls_page() -> str:
    """The table of controls."""
    lines = [
        "# Controls",
        NOTE,
        "",
        "Every control is declared once, in `src/impasto/look.py`. The studio's sliders, the options of `impasto paint`, the keyword",
        "arguments of `impasto.paint` and the fields of a look in JSON are made from that table. *Generator* controls run the network;",
        "*finish* controls are arithmetic on the painting and the photo.",
        "",
        "| control | option | name in Python and JSON | kind | range | step | default | what it does |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*lines, *map(_row, CONTROLS.values())]) + "\n"


def _row(control: Control) -> str:
    cells = [
        control.label,
        f"`--{control.name.replace('_', '-')}`",
        f"`{control.name}`",
        control.kind,
        f"{control.minimum:g} to {control.maximum:g}",
        f"{control.step:g}",
        f"{control.default:g}",
        control.help,
    ]
    return f"| {' | '.join(cells)} |"


def cli_page() -> str:
    """The help of the program and of each of its commands."""
    group: Any = typer.main.get_command(app)
    sections = ["# Command line", NOTE, "", _help(group, "impasto")]
    for name, command in group.commands.items():
        sections += ["", f"## impasto {name}", "", _help(command, f"impasto {name}")]
    return "\n".join(sections) + "\n"


def _help(command: Any, name: str) -> str:
    context = command.make_context(name, [], resilient_parsing=True, terminal_width=100, max_content_width=100)
    return f"```text\n{context.get_help().rstrip()}\n```"


PAGES = {"controls.md": controls_page, "cli.md": cli_page}

if __name__ == "__main__":
    for page, make in PAGES.items():
        (DOCS / page).write_text(make(), encoding="utf-8")
        print(f"docs/{page}")
