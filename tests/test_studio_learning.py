"""Learning a style in the studio, over HTTP: real lessons of a few seconds on a small network, through pauses, restarts and refusals."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from impasto.errors import ImpastoError
from impasto.guess import guess
from impasto.palette import Palette, read
from impasto.picture import decode, encode, from_array
from impasto.studio import learning, protocol
from impasto.studio.learning import Apprentice, Plan
from tests.conftest import make_pixels
from tests.school import open_school, stripes
from tests.studio_server import RunningStudio

PATIENCE_S = 240


@pytest.fixture(scope="module")
def studio(tiny_palette: Palette, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with pytest.MonkeyPatch.context() as patch:
        open_school(tmp_path_factory.mktemp("school"), patch)
        running = RunningStudio(tiny_palette, home=tmp_path_factory.mktemp("home"))
        yield running
        running.stop()


@pytest.fixture
def client(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.url, timeout=60) as client:
        yield client
        if client.get("/api/lesson").json()["lesson"]:
            client.delete("/api/lesson")


def photo_id(client: httpx.Client, seed: int = 0) -> str:
    identity: str = client.post("/api/pictures", content=encode(from_array(make_pixels(67, 45, seed)), "png")).json()["id"]
    return identity


def begin(client: httpx.Client, *pictures: tuple[str, bytes], **fields: str) -> httpx.Response:
    form = {"title": "Étude 1", "minutes": "60", "licence": "CC0", "photo": photo_id(client), **fields}
    files = [("pictures", picture) for picture in pictures or (("stripes.png", stripes()),)]
    return client.post("/api/lesson", data=form, files=files)


def lesson(client: httpx.Client) -> dict[str, Any] | None:
    answer = client.get("/api/lesson").json()
    assert answer["available"] is True and answer["command"] == 'pip install "impasto[train]"'
    found: dict[str, Any] | None = answer["lesson"]
    return found


def until(client: httpx.Client, condition: Callable[[dict[str, Any] | None], bool]) -> dict[str, Any] | None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition(found := lesson(client)):
        assert time.monotonic() < deadline, found
        assert not found or found["state"] != "failed", found
        time.sleep(0.1)
    return found


def stands_still_while_somebody_paints(studio: RunningStudio, client: httpx.Client) -> None:
    process = studio.apprentice._process
    assert process is not None
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():  # no Linux
        return

    def is_stopped() -> bool:
        return stat.read_text().rsplit(")", 1)[1].split()[0] == "T"

    identity = photo_id(client)
    with connect(studio.live_url, compression=None) as live:
        for seq in range(3):
            live.send(protocol.pack({"type": "paint", "seq": seq, "picture": identity, "look": {"brush": 1 + seq / 10}, "long_edge": 64}))
            live.recv(timeout=60)
            assert is_stopped()
    deadline = time.monotonic() + 60
    while is_stopped():
        assert time.monotonic() < deadline, "it does not go on"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_style_is_learned_through_a_pause_and_a_restart(client: httpx.Client, studio: RunningStudio) -> None:
    assert lesson(client) is None
    started = begin(client, ("../my stripes?.png", stripes()), ("notes.txt", b"no picture"))
    assert started.status_code == 201, started.text
    assert started.json()["lesson"]["state"] == "starting"
    assert begin(client).status_code == 400  # one at a time
    running = until(client, lambda found: bool(found and found["report"] and found["can_keep"] and found["preview"]))
    assert running and running["state"] == "learning" and running["pictures"] == ["my stripes_.png", "notes.txt"]
    assert running["report"]["words"] and running["report"]["left_s"] > 60
    assert running["notes"] == ["notes.txt is left out: 'notes.txt' is not a picture that can be read."]
    stands_still_while_somebody_paints(studio, client)
    shown = decode(client.get("/api/lesson/preview").content)
    assert (shown.width, shown.height) == (67, 45)
    paused = client.post("/api/lesson/pause").json()["lesson"]
    assert paused["state"] == "paused" and paused["report"]["step"] >= 1
    studio.stop()
    studio.start()
    assert (found := lesson(client)) and (found["state"], found["report"]["step"]) == ("paused", paused["report"]["step"])
    other = client.post("/api/pictures", content=encode(from_array(make_pixels(90, 33)), "png")).json()["id"]
    assert client.put("/api/lesson/photo", json={"photo": other}).status_code == 200
    client.post("/api/lesson/resume")
    until(client, lambda found: bool(found and found["state"] == "learning" and found["report"]["step"] > paused["report"]["step"]))
    until(client, lambda _: decode(client.get("/api/lesson/preview").content).width == 90)
    assert client.post("/api/lesson/keep").json()["lesson"]["state"] == "keeping"
    assert until(client, lambda found: found is None) is None
    *_, style = client.get("/api/styles").json()
    assert (style["name"], style["title"], style["licence"], style["learned"]) == ("etude-1", "Étude 1", "CC0", True)
    learned = read(client.get("/api/styles/etude-1/palette").content)
    assert learned.styles[0].sources == ("my stripes_.png (CC0)",)
    painted = client.post("/api/paint", files={"photo": stripes()}, data={"look": json.dumps({"styles": "etude-1"})})
    assert np.abs(decode(painted.content).pixels - decode(stripes()).pixels).mean() > 0.003
    assert client.delete("/api/lesson").status_code == 400


@pytest.mark.slow
def test_a_guess_is_shown_before_learning_has_begun(client: httpx.Client, studio: RunningStudio) -> None:
    assert begin(client, ("notes.txt", b"no picture"), ("stripes.png", stripes())).status_code == 201
    shown = until(client, lambda found: bool(found and found["preview"]))
    assert shown and shown["state"] == "starting" and shown["report"] is None
    photo = from_array(make_pixels(67, 45, 0))
    look = guess(studio.engine, [decode(stripes())])
    seen, expected = (
        decode(data).pixels for data in (client.get("/api/lesson/preview").content, encode(studio.engine.paint(photo, look), "jpeg"))
    )
    np.testing.assert_array_equal(seen, expected)
    first = shown["preview"]
    until(client, lambda found: bool(found and found["report"] and found["preview"] != first))  # then it is what is learned


@pytest.mark.slow
def test_pictures_that_do_not_do_are_said_before_learning(client: httpx.Client) -> None:
    small = encode(from_array(make_pixels(20, 20)), "png")
    begin(client, ("small.png", small))
    deadline = time.monotonic() + PATIENCE_S
    while (found := lesson(client)) and found["state"] != "failed":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found and "20×20 pixels small" in found["problem"]["error"] and "at least 64 px" in found["problem"]["hint"]
    assert client.post("/api/lesson/keep").status_code == 400  # there is nothing
    assert client.delete("/api/lesson").json()["lesson"] is None


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"title": "  "}, "name"),
        ({"title": "x" * 61}, "60"),
        ({"minutes": "soon"}, "number"),
        ({"minutes": "nan"}, "minutes"),
        ({"minutes": "0"}, "minutes"),
        ({"licence": "x" * 201}, "200"),
    ],
)
def test_what_is_asked_for_is_checked(client: httpx.Client, fields: dict[str, str], word: str) -> None:
    refused = begin(client, **fields)
    assert refused.status_code == 400 and word in refused.json()["error"] + refused.json()["hint"], refused.text
    assert lesson(client) is None


def test_too_many_pictures_and_unknown_photos_are_refused(client: httpx.Client) -> None:
    many = begin(client, *[(f"{number}.png", b"x") for number in range(201)])
    assert many.status_code == 400 and "201 pictures" in many.json()["error"]
    assert begin(client, photo="0" * 64).status_code == 404
    form = {"title": "x", "minutes": "1", "photo": photo_id(client)}
    assert "0 pictures" in client.post("/api/lesson", data=form).json()["error"]
    for path in ("pause", "resume", "keep"):
        assert client.post(f"/api/lesson/{path}").status_code == 400
    assert client.post("/api/lesson/burn").status_code == 422
    assert client.get("/api/lesson/preview").status_code == 204


def test_without_the_training_half_the_studio_says_what_to_install(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "_PARTS", ("a_part_that_is_missing",))
    answer = client.get("/api/lesson").json()
    assert (answer["available"], answer["command"]) == (False, 'pip install "impasto[train]"')
    refused = begin(client)
    assert refused.status_code == 400 and "impasto[train]" in refused.json()["hint"]


class Space(NamedTuple):
    total: int
    used: int
    free: int


def test_a_full_disk_is_said_before_learning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Space(2**30, 2**30, 2**20))
    apprentice = Apprentice(tmp_path / "lesson", lambda _: None)
    with pytest.raises(ImpastoError, match="Only 1 MiB are free"):
        apprentice.start("x", 1, "", [("a.png", io.BytesIO(stripes()))], from_array(make_pixels(40, 30)))
    assert apprentice.status() is None and not (tmp_path / "lesson").exists()


def test_a_damaged_or_unfinished_lesson_is_none(tmp_path: Path) -> None:
    for text in ("", "{}", "[]", '{"plan": {"title": "x"}}', '{"plan": {"title": "", "minutes": 1, "licence": "", "pictures": ["a"]}}'):
        (tmp_path / "lesson.json").write_text(text)
        assert Apprentice(tmp_path, lambda _: None).status() is None


def test_pictures_names_are_harmless(tmp_path: Path) -> None:
    names = {
        "../../etc/passwd": "passwd",
        "C:\\a\\b.png": "b.png",
        "..": "picture",
        "": "picture",
        "-o.png": "o.png",
        "a\0b": "a_b",
        "日本.png": "日本.png",
    }
    assert {name: learning._file_name(name) for name in names} == names
    assert len(learning._file_name("x" * 300 + ".png")) == 80
    assert Plan(" A  b ", 1, "", ("a",)).title == "A b"
