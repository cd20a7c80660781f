"""A style as text: the same numbers come out, whatever is wrong is one sentence, and both ways in and out do the same."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import palette, sharing
from impasto.cli import main
from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import Picture
from impasto.sharing import Shared, adopt, mixed, parse, share, slug
from tests import tiny
from tests.studio_server import RunningStudio

DUSK = Look.parse({"styles": "red:3,stripes:1"})
TINY = tiny.make()
TEXT = share(TINY, mixed(TINY, DUSK, "Dusk"))


def sealed(body: bytes, version: int = 1) -> str:
    """The text of any bytes, well sealed."""
    return f"impasto{version}.{base64.urlsafe_b64encode(body + sharing._seal(body)).decode().rstrip('=')}"


def body(numbers: list[float], notes: str = "Dusk\0\0CC0\0Tiny", network: bytes | None = None) -> bytes:
    known = parse(TEXT).network if network is None else network
    return struct.pack("<8sH", known, len(numbers) // 2) + np.array(numbers, "<f4").tobytes() + notes.encode()


def test_a_mix_that_came_as_text_paints_what_the_mix_paints(photo: Picture) -> None:
    made = palette.read(palette.pack(adopt(TINY, TEXT)))
    style = made.styles[0]
    assert (style.name, style.title, style.artist) == ("dusk", "Dusk", "mixed of Red 75%, Stripes 25%")
    assert style.licence == "CC0-1.0" and "CC0-1.0" in made.licence and style.sources == ("shared as text (CC0-1.0)",)
    assert made.model == TINY.model
    for look in (Look(strength=0.7), Look(brush=2.0)):
        whole = replace(look, styles=DUSK.styles)
        np.testing.assert_allclose(Engine(made).render(photo, look).pixels, Engine(TINY).render(photo, whole).pixels, atol=1e-4)


def test_the_numbers_are_the_very_same() -> None:
    style = replace(TINY.styles[0], code=np.array([1, 0.1, -1e-7, 3.3], np.float32), brush=np.array([0, 1 / 3, 2e-20, -5], np.float32))
    found = parse(share(TINY, style))
    np.testing.assert_array_equal(found.code, style.code)
    np.testing.assert_array_equal(found.brush, style.brush)
    assert (found.name, found.artist, found.licence, found.palette) == ("Red", "A. Tester", "CC0-1.0", "Tiny")


def test_it_is_short_enough_to_be_sent() -> None:
    long = 64
    wide = replace(TINY.styles[0], code=np.ones(long, np.float32), brush=np.ones(long, np.float32))
    assert len(share(TINY, wide)) < 800
    assert parse(f"  {TEXT[:20]}\n{TEXT[20:]}\r\n").name == "Dusk"


@pytest.mark.parametrize("place", [9, len(TEXT) // 2, len(TEXT) - 1])
def test_a_letter_that_is_missing_or_changed_is_noticed(place: int) -> None:
    other = "A" if TEXT[place] != "A" else "B"
    for damaged in (TEXT[:place] + TEXT[place + 1 :], TEXT[:place] + other + TEXT[place + 1 :], TEXT[:place]):
        with pytest.raises(ImpastoError, match="damaged"):
            parse(damaged)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no style"),
        ("https://example.org/impasto1.AAAA", "no style"),
        (TEXT + " and greetings!", "no style"),
        ("x" * 20_000, "too long"),
        (TEXT.replace("impasto1.", "impasto2."), "another version"),
        ("impasto1.", "damaged"),
        (sealed(b""), "damaged"),
        (sealed(b"12345678\xff\xff"), "damaged"),
        (sealed(body([])), "damaged"),
        (sealed(body([1, 0, 0, 0, 0, 0, 0, float("nan")])), "damaged"),
        (sealed(body([1, 0, 0, 0, 0, 0, 0, 1e9])), "damaged"),
        (sealed(body([1.0] * 8, "Dusk\0only two")), "damaged"),
        (sealed(body([1.0] * 8)[:-3] + b"\xff\xff"), "damaged"),
        (sealed(body([1.0] * 8, "\0\0\0")), "cannot be the name"),
        (sealed(body([1.0] * 8, f"{'n' * 61}\0\0\0")), "cannot be the name"),
        (sealed(body([1.0] * 8, "Dusk\0\0line\nline\0")), "cannot be the licence"),
        (sealed(body([1.0] * 8, network=b"another!")), "another network"),
        (sealed(body([1.0] * 10)), "another network"),
    ],
)
def test_whatever_is_wrong_is_one_clear_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ImpastoError, match=complaint) as refused:
        adopt(TINY, text)
    assert refused.value.hint and refused.value.message.endswith(".")


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    try:
        found = parse(sealed(data))
    except ImpastoError:
        return
    assert isinstance(found, Shared) and np.isfinite(found.code).all()


@pytest.mark.parametrize(("title", "name"), [("Dusk", "dusk"), ("Été à Nice", "ete-a-nice"), ("晚霞", "shared"), ("a" * 80, "shared")])
def test_names_are_made_of_titles(title: str, name: str) -> None:
    assert slug(title) == name


def test_from_one_command_line_to_another(tiny_palette_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    ours = ["--palette", str(tiny_palette_path)]
    assert main(["share", "--style", "red:3,stripes:1", "--name", "Dusk", *ours]) == 0
    text = capsys.readouterr().out
    assert text.strip() == TEXT
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["receive", "-", "-o", str(tmp_path / "dusk.palette"), *ours]) == 0
    assert "Dusk (mixed of Red 75%, Stripes 25%, CC0-1.0)" in capsys.readouterr().out
    assert main(["share", str(tmp_path / "dusk.palette"), "--licence", "mine", *ours]) == 0
    again = parse(capsys.readouterr().out)
    assert (again.name, again.licence) == ("Dusk", "mine")
    assert main(["receive", text, "-o", str(tmp_path / "dusk.palette"), *ours]) == 2
    assert main(["receive", TEXT[:-1], "-o", str(tmp_path / "other.palette"), *ours]) == 2
    assert "damaged" in capsys.readouterr().err


def test_a_network_of_its_own_is_no_text(tiny_palette_path: Path, tmp_path: Path, capsys) -> None:
    palette.write(tiny.make(tiny.strided_model(), tiny.STRIDED_FIELD_PX), tmp_path / "own.palette")
    assert main(["share", str(tmp_path / "own.palette"), "--palette", str(tiny_palette_path)]) == 2
    assert "a network of its own" in capsys.readouterr().err


@pytest.fixture
def client(tiny_palette: Palette) -> Iterator[httpx.Client]:
    """Talks to a studio with the tiny palette."""
    studio = RunningStudio(tiny_palette)
    with httpx.Client(base_url=studio.url) as client:
        yield client
    studio.stop()


def test_in_the_studio_a_mix_becomes_a_text_and_that_a_style(client: httpx.Client) -> None:
    shared = client.post("/api/styles/share", json={"styles": [["red", 3], ["stripes", 1]], "title": "Dusk"})
    assert shared.status_code == 200 and shared.json() == {"text": TEXT}
    pasted = client.post("/api/styles/text", json={"text": TEXT})
    assert pasted.status_code == 201 and pasted.json()["name"] == "dusk" and pasted.json()["learned"]
    assert pasted.json()["licence"] == "CC0-1.0"
    assert client.post("/api/styles/share", json={"styles": [["dusk", 1]]}).json() == {"text": TEXT}
    assert client.post("/api/styles/share", json={"styles": [["red", 1]]}).json()["text"] == share(TINY, TINY.styles[0])
    assert client.post("/api/styles/text", json={"text": TEXT}).json()["name"] == "dusk-2"


@pytest.mark.parametrize(
    ("path", "sent", "status", "word"),
    [
        ("text", {"text": TEXT[:-1]}, 400, "damaged"),
        ("text", {"text": "x" * 20_000}, 422, "text"),
        ("text", {}, 422, "text"),
        ("share", {"styles": [["rde", 1]], "title": "Dusk"}, 400, "rde"),
        ("share", {"styles": [["red", 1]], "title": "x" * 61}, 400, "name"),
        ("share", {"styles": "red", "title": "Dusk"}, 422, "styles"),
    ],
)
def test_what_the_studio_refuses(client: httpx.Client, path: str, sent: dict[str, object], status: int, word: str) -> None:
    answer = client.post(f"/api/styles/{path}", json=sent)
    assert answer.status_code == status and word in answer.json()["error"] and answer.json()["hint"]
    assert len(client.get("/api/styles").json()) == 3


def test_what_the_studio_has_no_text_for(client: httpx.Client) -> None:
    own = tiny.make(tiny.strided_model(), tiny.STRIDED_FIELD_PX)
    client.post("/api/styles", content=palette.pack(sharing.of_one(own, replace(own.styles[0], name="own"), "test")))
    refused = client.post("/api/styles/share", json={"styles": [["own", 1]]})
    assert refused.status_code == 400 and "network of its own" in refused.json()["error"]
