"""What the studio says where something does not do has a translation: every sentence of the modules that a page's errors come from."""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import impasto

SOURCE = Path(impasto.__file__).parent
TABLE: dict[str, str] = json.loads((SOURCE / "studio/static/i18n/server.zh.json").read_text("utf-8"))
# Left out are those of programs alone: protocol, server and look refuse what the page never sends.
MODULES = [
    "impasto.engine",
    "impasto.guess",
    "impasto.onnx_file",
    "impasto.palette",
    "impasto.picture",
    "impasto.sharing",
    "impasto.studio.gallery",
    "impasto.studio.learning",
    "impasto.studio.learning_routes",
    "impasto.studio.pictures",
    "impasto.studio.session",
    "impasto.studio.subject",
    "impasto.train.examples",
]
ELSEWHERE = [
    "Did you mean 'monet'?",
    "Choose one of: monet, turner.",
    "That file is too large: the studio takes up to 257 MiB.",
    "'a.jpg' is not a picture that can be read.",
    " (it looks like PDF)",
    "a.jpg is left out: it is 20×10 pixels small.",
    "Learning ended unexpectedly (code 1).",
    "Go on: nothing that was saved is lost.",
]
PATTERNS = [re.compile("(.+?)".join(map(re.escape, sentence.split("{}"))), re.DOTALL) for sentence in TABLE]


def sentences(name: str) -> Iterator[str]:
    """Messages and hints of the errors that a module raises, with something in place of what is filled in."""
    tree = ast.parse((SOURCE.parent / f"{name.replace('.', '/')}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(r"(Impasto|Style|Picture)Error$|^super\(\).__init__$", ast.unparse(node.func)):
            for argument in node.args:
                yield from texts(argument, tree, name)


def texts(node: ast.expr, tree: ast.Module, module: str) -> Iterator[str]:
    """What an expression may say: a text, a name's value in the function or the module, either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from texts(value, tree, module)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body, tree, module)
        yield from texts(node.orelse, tree, module)
    elif isinstance(node, ast.Name):
        known = getattr(importlib.import_module(module), node.id, None) if "train" not in module else None
        assigned = [each.value for each in ast.walk(tree) if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == node.id]
        if isinstance(known, str):
            yield known
        else:
            for value in assigned:
                yield from texts(value, tree, module)


@pytest.mark.parametrize("name", MODULES)
def test_every_error_that_a_page_can_meet_is_translated(name: str) -> None:
    found = list(sentences(name))
    assert found
    missing = [sentence for sentence in found if not any(pattern.fullmatch(sentence) for pattern in PATTERNS)]
    assert missing == []


@pytest.mark.parametrize("sentence", ELSEWHERE)
def test_sentences_from_elsewhere_are_too(sentence: str) -> None:
    assert any(pattern.fullmatch(sentence) for pattern in PATTERNS)


def test_a_translation_names_what_the_sentence_names() -> None:
    for sentence, translation in TABLE.items():
        places = [f"{{{number}}}" for number in range(sentence.count("{}"))]
        assert sorted(re.findall(r"{\d}", translation)) == places, sentence
        assert re.search("[一-鿿]", translation), sentence
