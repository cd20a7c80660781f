"""The shape of the code base: which part may import which, how long things may get, and that what is declared once shows everywhere."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest

from impasto.cli import main
from impasto.look import CONTROLS
from impasto.palette import Palette
from tests.studio_server import RunningStudio

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "impasto"
MAKE = ("train", "compress", "measure")  # the half that may import torch
HELP_CPU_SECONDS = 0.3
LONG_FUNCTIONS = {"train/loop.py"}  # the training step reads top to bottom


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
SOURCES = [path for folder in ("src", "tests", "docs", "examples", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs; what stands under `if TYPE_CHECKING` does not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from statements(child)


@cache
def imports(path: Path) -> frozenset[str]:
    """Full names of all that a file imports, inside functions too."""
    found: set[str] = set()
    for node in statements(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def edges(name: str) -> set[str]:
    """Modules of Impasto that a module imports: `from impasto import engine` is impasto.engine, `import Engine` from it too."""
    found = set()
    for imported in imports(MODULES[name]):
        if imported.split(".")[0] == "impasto":
            found.add(imported if imported in MODULES else imported.rpartition(".")[0])
    return found - {name}


def importers(package: str) -> set[str]:
    """Files of Impasto that import a package from outside, relative to the package."""
    return {
        path.relative_to(PACKAGE).as_posix() for path in MODULES.values() if any(name.split(".")[0] == package for name in imports(path))
    }


def half(path: str) -> str:
    return "make" if path.split("/")[0] in MAKE else "use"


def test_no_import_cycles() -> None:
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way, name])
        if name not in done:
            for target in sorted(edges(name)):
                visit(target, (*way, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


def test_use_imports_nothing_of_make() -> None:
    for name, path in MODULES.items():
        if half(path.relative_to(PACKAGE).as_posix()) == "use" and name != "impasto.cli":
            assert not [target for target in edges(name) if target.split(".")[1:2] and target.split(".")[1] in MAKE], name


@pytest.mark.parametrize(
    ("package", "allowed"),
    [("PIL", {"picture.py", "train/oddities.py"}), ("ray", {"cluster.py"}), ("lightning", {"train/loop.py"})],
)
def test_a_package_is_imported_in_one_file_only(package: str, allowed: set[str]) -> None:
    assert importers(package) - {"__init__.py"} <= allowed


def test_use_imports_no_torch() -> None:
    assert {path for path in importers("torch") if half(path) == "use"} == set()
    code = "import sys, impasto.engine, impasto.studio.server, impasto.cli, impasto.job; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_help_answers_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run([sys.executable, '-m', 'impasto', '--help'], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    )
    seconds = min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))
    with capsys.disabled():
        print(f"\nimpasto --help: {seconds:.2f} s of CPU")
    assert seconds < HELP_CPU_SECONDS


def test_every_control_shows_everywhere(capsys: pytest.CaptureFixture[str], tiny_palette: Palette) -> None:
    assert main(["paint", "--help"]) == 0
    options = set(re.findall(r"^  (--[a-z-]+) NUMBER", capsys.readouterr().out, re.MULTILINE))
    studio = RunningStudio(tiny_palette)
    served = {control["name"] for control in httpx.get(f"{studio.url}/api/controls").json()}
    studio.stop()
    page = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
    for name in CONTROLS:
        assert f"--{name.replace('_', '-')}" in options
        assert name in served
        assert f"`{name}`" in page


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{path} has {lines} lines"
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            allowed = 120 if path.is_relative_to(PACKAGE) and path.relative_to(PACKAGE).as_posix() in LONG_FUNCTIONS else 60
            assert length <= allowed, f"{path}: {node.name} has {length} lines"


def test_modules_say_what_they_are_for() -> None:
    for path in SOURCES:
        if path.name != "__init__.py" or path == PACKAGE / "__init__.py":
            assert ast.get_docstring(tree(path)), f"{path} opens without a docstring"


def readme_tree() -> set[str]:
    """Paths in the README's tree: names, two spaces or more, what they are for. What is indented lies in src/impasto."""
    block = re.search(r"```text\n(README\.md.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block, "README.md has no tree"
    found = set()
    for line in block[1].splitlines():
        names = line.strip().split("  ")[0].split()
        found |= {f"src/impasto/{name}" if line.startswith(" ") else name.rstrip("/") for name in names}
    return found


def test_the_readme_s_tree_is_true() -> None:
    listed = readme_tree()
    missing = {path for path in listed if not (ROOT / path).exists()}
    assert not missing, f"README.md lists {missing}, which are not there"
    ignored = set(re.findall(r"^/?([\w.-]+)/?$", (ROOT / ".gitignore").read_text(encoding="utf-8"), re.MULTILINE))
    top = {path.name for path in ROOT.iterdir() if path.name not in ignored and not path.name.startswith(".")}
    inside = {f"src/impasto/{path.name}" for path in PACKAGE.iterdir() if path.name not in ("__pycache__", "py.typed", "__main__.py")}
    unlisted = ((top - {"src"}) | inside) - listed
    assert not unlisted, f"README.md's tree does not list {sorted(unlisted)}"
