"""The pages that are made from the program are what the program would make now, and what the README says can be typed exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import typer

from impasto.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def test_generated_pages_are_true() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for page, make in generate.PAGES.items():
        assert (ROOT / "docs" / page).read_text(encoding="utf-8") == make(), f"docs/{page} is not true any more: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_commands_and_options_in_the_readme_exist() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    called = re.findall(r"impasto ([a-z]+)([^\n|#]*)", blocks)
    assert called
    for name, rest in called:
        known = {option for parameter in commands[name].params for option in parameter.opts}
        used = set(re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest))
        assert used <= known, f"impasto {name} has no {used - known}"


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md"):
        assert set(re.findall(r"`?make ([a-z]+)\b`", (ROOT / page).read_text(encoding="utf-8"))) <= targets
