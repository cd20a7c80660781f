"""The live websocket, spoken to by a real client."""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from impasto.backends import _InParts
from impasto.engine import Engine
from impasto.look import Look
from impasto.palette import Palette
from impasto.picture import decode, encode, from_array
from impasto.studio import protocol
from impasto.studio.session import IDLE_S
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

TIMEOUT_S = 60


@pytest.fixture(scope="module")
def studio(tiny_palette: Palette) -> Iterator[RunningStudio]:
    running = RunningStudio(tiny_palette)
    yield running
    running.stop()


@pytest.fixture
def live(studio: RunningStudio) -> Iterator[ClientConnection]:
    with connect(studio.live_url, compression=None, max_size=None) as connection:
        yield connection


def photo_bytes(width: int = 67, height: int = 45) -> bytes:
    return encode(from_array(make_pixels(width, height)), "png")


@pytest.fixture(scope="module")
def picture_id(studio: RunningStudio) -> str:
    return post(studio, photo_bytes())


@pytest.fixture(scope="module")
def large_id(studio: RunningStudio) -> str:
    return post(studio, photo_bytes(3000, 2000))


def post(studio: RunningStudio, data: bytes) -> str:
    identity: str = httpx.post(f"{studio.url}/api/pictures", content=data, timeout=TIMEOUT_S).json()["id"]
    return identity


def paint(live: ClientConnection, seq: int, picture: str, long_edge: int = 512, draft: bool = False, **look: Any) -> None:
    asked = {"picture": picture, "look": look, "long_edge": long_edge, "draft": draft}
    live.send(protocol.pack({"type": "paint", "seq": seq, **asked}))


def answer(live: ClientConnection) -> tuple[dict[str, Any], memoryview]:
    frame = live.recv(timeout=TIMEOUT_S)
    assert isinstance(frame, bytes)
    return protocol.unpack(frame)


def levels(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.floor(pixels * 255 + 0.5).astype(np.uint8)


def test_a_painting_is_the_engines_raw_painting(live: ClientConnection, picture_id: str, tiny_palette: Palette) -> None:
    paint(live, 5, picture_id, styles=[["red", 1], ["mono", 1]], strength=1.2, saturation=0)
    header, pixels = answer(live)
    assert (header["type"], header["seq"], header["width"], header["height"]) == ("painting", 5, 67, 45)
    assert set(header["ms"]) == {"resize", "generator", "server"}
    look = Look(styles=(("red", 1.0), ("mono", 1.0)), strength=1.2)
    expected = Engine(tiny_palette).paint(decode(photo_bytes()), look).pixels
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(45, 67, 3), levels(expected))


def test_a_region_is_painted_with_its_mask_and_a_lost_mask_is_told(
    live: ClientConnection, studio: RunningStudio, picture_id: str, tiny_palette: Palette
) -> None:
    mask = np.zeros((45, 67, 3), np.uint8)
    mask[:, 30:] = 255
    regions = [{"mask": post(studio, encode(from_array(mask), "png")), "styles": "mono", "strength": 0.7}]
    paint(live, 1, picture_id, styles="red", regions=regions)
    header, pixels = answer(live)
    assert header["type"] == "painting"
    masks = {regions[0]["mask"]: mask[..., 0].astype(np.float32) / 255}
    expected = Engine(tiny_palette).paint(decode(photo_bytes()), Look.parse({"styles": "red", "regions": regions}), masks=masks)
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(45, 67, 3), levels(expected.pixels))
    paint(live, 2, picture_id, regions=[{"mask": "gone"}])
    assert answer(live)[0]["code"] == "unknown-picture"


@pytest.mark.slow
def test_what_is_visible_comes_first_and_is_the_same(live: ClientConnection, large_id: str) -> None:
    request = {"type": "paint", "seq": 5, "picture": large_id, "look": {"strength": 0.9}, "long_edge": 2000}
    live.send(protocol.pack({**request, "visible": [0.3, 0.25, 0.5, 0.5]}))
    (part, pixels), (whole, painting) = answer(live), answer(live)
    assert (part["type"], whole["type"], part["seq"], whole["seq"]) == ("part", "painting", 5, 5)
    left, top, width, height = (part[name] for name in ("left", "top", "width", "height"))
    assert (left, top, width, height) == (600, 333, 400, 334)
    expected = np.frombuffer(painting, np.uint8).reshape(whole["height"], whole["width"], 3)[top : top + height, left : left + width]
    found = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
    assert np.abs(found.astype(int) - expected).max() <= 1 and (found != expected).mean() < 0.001
    live.send(protocol.pack({**request, "seq": 6, "visible": [0.3, 0.25, 0.5, 0.5]}))
    assert answer(live)[0]["type"] == "painting"  # it is here already


def test_strength_zero_is_the_photo(live: ClientConnection, picture_id: str) -> None:
    paint(live, 1, picture_id, strength=0)
    np.testing.assert_array_equal(np.frombuffer(answer(live)[1], np.uint8), make_pixels(67, 45).reshape(-1))


@pytest.mark.slow
def test_every_request_is_answered_and_the_last_one_wins(live: ClientConnection, large_id: str) -> None:
    for seq in range(30):
        paint(live, seq, large_id, 1600, strength=0.5 + seq / 100)
    answers: dict[int, str] = {}
    while 29 not in answers:
        header, _ = answer(live)
        answers[header["seq"]] = header["type"]
    assert sorted(answers) == list(range(30))
    assert answers[29] == "painting"
    assert list(answers.values()).count("superseded") >= 20


@pytest.mark.slow
def test_what_is_prepared_after_a_pause_is_painted_the_same(studio: RunningStudio, tiny_palette: Palette) -> None:
    picture = post(studio, photo_bytes(131, 70))
    look = Look(styles=(("stripes", 1.0),), strength=0.8)
    expected = levels(Engine(tiny_palette).paint(decode(photo_bytes(131, 70)), look).pixels)
    with connect(studio.live_url, compression=None, max_size=None) as live:
        for turn, strength in enumerate((0.5, 0.6, 0.7, 0.8)):
            paint(live, turn, picture, styles="stripes", strength=strength)
            header, pixels = answer(live)
            assert header["type"] == "painting"
            time.sleep(0.4)  # long enough for something to be prepared
        deadline = time.monotonic() + TIMEOUT_S
        while not any(isinstance(network, _InParts) for network in studio.engine._open()._one_size.values()):
            assert time.monotonic() < deadline, "nothing was prepared"
            time.sleep(0.1)
        paint(live, 9, picture, styles="stripes", strength=0.80001)
        prepared = np.frombuffer(answer(live)[1], np.uint8).reshape(expected.shape)
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(expected.shape), expected)
    assert np.abs(prepared.astype(int) - expected).max() <= 1


def test_after_a_pause_drafts_that_may_come_are_prepared_too(studio: RunningStudio, live: ClientConnection) -> None:
    picture = post(studio, photo_bytes(600, 340))
    asked = {"picture": picture, "look": {"styles": "stripes"}, "long_edge": 512, "spare": 448}
    live.send(protocol.pack({"type": "paint", "seq": 1, **asked}))
    answer(live)
    deadline = time.monotonic() + TIMEOUT_S
    networks = studio.engine._open()._one_size
    while not {448, 512} <= {shape[3] for shape, network in list(networks.items()) if isinstance(network, _InParts)}:
        assert time.monotonic() < deadline, "nothing was prepared"
        time.sleep(0.1)


def test_errors_leave_the_session_as_it_was(live: ClientConnection, picture_id: str) -> None:
    live.send(b"nonsense")
    live.send("text")
    live.send(protocol.pack({"type": "dance"}))
    paint(live, 4, picture_id, styles="rad")
    paint(live, 5, picture_id, strength="abc")
    headers = [answer(live)[0] for _ in range(5)]
    assert {header["type"] for header in headers} == {"error"}
    assert sorted(header["seq"] or 0 for header in headers) == [0, 0, 0, 4, 5]
    assert any("red" in header["hint"] for header in headers)
    paint(live, 6, picture_id)
    assert answer(live)[0]["type"] == "painting"


def test_an_unknown_picture_has_a_code_of_its_own(live: ClientConnection) -> None:
    paint(live, 1, "f" * 64)
    header, _ = answer(live)
    assert (header["type"], header["code"]) == ("error", "unknown-picture")


def test_what_could_not_be_painted_is_not_prepared_for(live: ClientConnection, caplog: pytest.LogCaptureFixture) -> None:
    paint(live, 1, "f" * 64)
    answer(live)
    time.sleep(IDLE_S + 0.5)
    assert caplog.records == []


def test_thumbnails_come_for_every_style(live: ClientConnection, picture_id: str, tiny_palette: Palette) -> None:
    live.send(protocol.pack({"type": "thumbs", "seq": 9, "picture": picture_id, "long_edge": 32}))
    for style in tiny_palette.styles:
        header, pixels = answer(live)
        assert (header["type"], header["style"], header["width"]) == ("thumb", style.name, 32)
        look = Look(styles=((style.name, 1.0),))
        expected = Engine(tiny_palette).paint(decode(photo_bytes()), look, long_edge_px=32).pixels
        np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8), levels(expected).reshape(-1))


def test_real_work_goes_before_thumbnails(live: ClientConnection, picture_id: str) -> None:
    live.send(protocol.pack({"type": "thumbs", "seq": 1, "picture": picture_id}))
    paint(live, 2, picture_id)
    types = [answer(live)[0]["type"] for _ in range(4)]
    assert types == ["painting", "thumb", "thumb", "thumb"]


def export(live: ClientConnection, seq: int, picture: str, **fields: Any) -> None:
    live.send(protocol.pack({"type": "export", "seq": seq, "picture": picture, "look": {}, **fields}))


@pytest.mark.slow
def test_export_is_the_finished_painting_at_full_size(live: ClientConnection, studio: RunningStudio) -> None:
    look, data = {"styles": "mono", "warmth": 0.5}, photo_bytes(1500, 1000)
    export(live, 3, post(studio, data), look=look)
    fractions, header, made = [], {"type": ""}, memoryview(b"")
    while header["type"] != "exported":
        header, made = answer(live)
        if header["type"] == "progress":
            fractions.append(header["fraction"])
    assert (header["mime"], header["width"], header["height"]) == ("image/png", 1500, 1000)
    assert fractions == sorted(fractions) and fractions
    expected = Engine(studio.engine.palette).render(decode(data), Look.parse(look))
    np.testing.assert_array_equal(levels(decode(bytes(made)).pixels), levels(expected.pixels))


@pytest.mark.slow
def test_an_export_can_be_cancelled_and_then_asked_for_again(live: ClientConnection, large_id: str, picture_id: str) -> None:
    export(live, 3, large_id, look={"strength": 0.77})
    export(live, 4, large_id)
    live.send(protocol.pack({"type": "cancel", "seq": 3}))
    seen = {}
    while 3 not in seen:
        header, _ = answer(live)
        if header["type"] != "progress":
            seen[header["seq"]] = header["type"]
    assert seen == {3: "superseded", 4: "error"}
    export(live, 5, picture_id, format="webp", long_edge=20)
    header, data = answer(live)
    while header["type"] == "progress":
        header, data = answer(live)
    assert (header["type"], header["seq"], decode(bytes(data)).width) == ("exported", 5, 20)


def test_a_format_that_is_none_is_refused(live: ClientConnection, picture_id: str) -> None:
    export(live, 1, picture_id, format="gif")
    assert "png" in answer(live)[0]["hint"]


@pytest.mark.slow
def test_a_session_that_went_away_stops_its_work(studio: RunningStudio, large_id: str, picture_id: str) -> None:
    for _ in range(5):
        with connect(studio.live_url, compression=None, max_size=None) as gone:
            paint(gone, 1, large_id, 3000, brush=1.7)
            export(gone, 2, large_id, look={"brush": 1.7})
    with connect(studio.live_url, compression=None, max_size=None) as live:
        paint(live, 1, picture_id)
        assert answer(live)[0]["type"] == "painting"


def test_other_origins_get_no_session(studio: RunningStudio) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(studio.live_url, origin="https://evil.example"):  # type: ignore[arg-type]
        pass
    assert refused.value.response.status_code == 403


def test_messages_are_not_compressed(studio: RunningStudio) -> None:
    with connect(studio.live_url) as live:
        assert live.protocol.extensions == []


@pytest.mark.slow
def test_a_long_session_holds_no_more_than_its_caches(studio: RunningStudio, live: ClientConnection) -> None:
    """Every request has a painting, a mask and a region of its own; once the caches are full, nothing grows any more."""
    photo = post(studio, photo_bytes(512, 384))
    random = np.random.default_rng(0)

    def held_after(requests: int) -> float:
        for seq in range(requests):
            mask = np.zeros((384, 512, 3), np.uint8)
            mask[random.integers(384) :, random.integers(512) :] = random.integers(1, 256)
            region = {"mask": post(studio, encode(from_array(mask), "png")), "styles": [["mono", 1]]}
            paint(live, seq, photo, styles=[["red", 1]], strength=random.uniform(0.1, 1.5), regions=[region])
            assert answer(live)[0]["type"] == "painting"
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / 2**20

    tracemalloc.start()
    try:
        full = held_after(90)
        assert full > 150  # otherwise they are not full yet
        assert held_after(60) < full + 20
    finally:
        tracemalloc.stop()
