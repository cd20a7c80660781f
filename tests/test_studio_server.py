"""The studio's HTTP routes, asked over a real socket."""

from __future__ import annotations

import ctypes
import io
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import CONTROLS, Look, Region
from impasto.palette import Palette, read, shipped
from impasto.picture import Picture, decode, encode, from_array
from impasto.studio import protocol, server
from impasto.studio.note import write_note
from impasto.studio.page import STATIC
from impasto.studio.pictures import PictureStore, UnknownPictureError
from tests.conftest import make_pixels
from tests.studio_server import RunningStudio

needs_glibc = pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="needs glibc")


@pytest.fixture(scope="module")
def studio(tiny_palette: Palette) -> Iterator[RunningStudio]:
    running = RunningStudio(tiny_palette, max_body_bytes=2**20)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.url, timeout=60) as client:
        yield client


def png(width: int = 67, height: int = 45, seed: int = 0) -> bytes:
    return encode(from_array(make_pixels(width, height, seed)), "png")


def refusal(response: httpx.Response, status: int) -> str:
    """Checks the shape every error has; its words."""
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error", "hint"}
    assert body["error"] and body["hint"]
    assert "Traceback" not in response.text
    return f"{body['error']} {body['hint']}"


def test_health_styles_and_controls(client: httpx.Client, tiny_palette: Palette) -> None:
    health = client.get("/healthz").json()
    assert health["status"] == "ok" and health["version"] and health["backend"]
    styles = client.get("/api/styles").json()
    assert [style["name"] for style in styles] == [style.name for style in tiny_palette.styles]
    assert styles[0]["title"] == "Red" and styles[0]["look"] == {"saturation": 1.1}
    controls = client.get("/api/controls").json()
    assert [control["label"] for control in controls] == [control.label for control in CONTROLS.values()]


def test_a_picture_comes_raw_or_as_a_form(client: httpx.Client) -> None:
    raw = client.post("/api/pictures", content=png())
    form = client.post("/api/pictures", files={"photo": ("a.png", png(), "image/png")})
    assert raw.status_code == 201
    assert raw.json() == form.json()
    assert (raw.json()["width"], raw.json()["height"]) == (67, 45)
    other = client.post("/api/pictures", files={"file": ("b.png", png(seed=1), "image/png")})
    assert other.json()["id"] != raw.json()["id"]


def test_a_picture_is_shown_at_display_size(client: httpx.Client) -> None:
    picture_id = client.post("/api/pictures", content=png()).json()["id"]
    shown = decode(client.get(f"/api/pictures/{picture_id}", params={"format": "png"}).content)
    np.testing.assert_array_equal(shown.pixels, decode(png()).pixels)
    header, pixels = protocol.unpack(client.get(f"/api/pictures/{picture_id}", params={"format": "frame", "long_edge": 40}).content)
    assert header == {"type": "photo", "width": 40, "height": 27, "channels": 3}
    assert len(pixels) == 40 * 27 * 3


def test_a_frame_of_a_picture_with_alpha_has_four_channels(client: httpx.Client) -> None:
    levels = np.dstack((make_pixels(20, 10), np.tile(np.arange(20, dtype=np.uint8) * 12, (10, 1))))
    picture_id = client.post("/api/pictures", content=encode(from_array(levels), "png")).json()["id"]
    header, pixels = protocol.unpack(client.get(f"/api/pictures/{picture_id}", params={"format": "frame"}).content)
    assert header["channels"] == 4
    np.testing.assert_array_equal(np.frombuffer(pixels, np.uint8).reshape(10, 20, 4), levels)


def test_paint_is_the_engine(client: httpx.Client, studio: RunningStudio) -> None:
    values = {"styles": [["red", 1], ["mono", 2]], "strength": 0.8, "saturation": 0.5, "detail": 1}
    response = client.post("/api/paint", files={"photo": png()}, data={"look": json.dumps(values)})
    assert response.headers["content-type"] == "image/png"
    expected = Engine(studio.engine.palette).render(decode(png()), Look.parse(values))
    np.testing.assert_array_equal(decode(response.content).pixels, decode(encode(expected, "png")).pixels)


def test_paint_at_strength_zero_is_the_photo(client: httpx.Client) -> None:
    response = client.post("/api/paint", files={"photo": png()}, data={"look": '{"strength": 0}'})
    np.testing.assert_array_equal(decode(response.content).pixels, decode(png()).pixels)


def test_paint_in_another_format_and_size(client: httpx.Client) -> None:
    data = {"format": "webp", "quality": "80", "long_edge": "30"}
    response = client.post("/api/paint", files={"photo": png()}, data=data)
    assert response.headers["content-type"] == "image/webp"
    assert (decode(response.content).width, decode(response.content).height) == (30, 20)


BAD_FILES = {
    "text": b"this is no photo",
    "empty": b"",
    "truncated": png(400, 300)[:5000],
    "jpeg header": b"\xff\xd8\xff\xe0",
    "svg": b"<svg/>",
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("path", ["/api/pictures", "/api/paint"])
def test_bad_files_are_refused_in_a_sentence(client: httpx.Client, name: str, path: str) -> None:
    refusal(client.post(path, files={"photo": ("holiday.jpg", BAD_FILES[name], "image/jpeg")}), 400)
    if path == "/api/pictures":
        refusal(client.post(path, content=BAD_FILES[name]), 400)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        ({"look": '{"styles": "rad"}'}, "red"),
        ({"look": '{"strength": "abc"}'}, "Strength"),
        ({"look": '{"strength": NaN}'}, "Strength"),
        ({"look": '{"strength": 9}'}, "1.5"),
        ({"look": '{"strenth": 1}'}, "strength"),
        ({"look": "{"}, "JSON"),
        ({"look": "[" * 50_000}, "JSON"),
        ({"look": "[]"}, "object"),
        ({"format": "exe"}, "png"),
        ({"quality": "0"}, "quality"),
        ({"quality": "much"}, "quality"),
        ({"long_edge": "0"}, "long_edge"),
        ({"long_edge": "²"}, "long_edge"),
        ({"long_egde": "10"}, "long_edge"),
    ],
)
def test_bad_options_are_refused_by_name(client: httpx.Client, data: dict[str, str], word: str) -> None:
    assert word in refusal(client.post("/api/paint", files={"photo": png()}, data=data), 400)


def test_a_look_that_is_too_long_is_refused(client: httpx.Client) -> None:
    refusal(client.post("/api/paint", files={"photo": png()}, data={"look": " " * 200_000}), 400)


def test_forms_without_a_photo_and_other_types(client: httpx.Client) -> None:
    assert "photo" in refusal(client.post("/api/paint", files={"look": (None, "{}")}), 400)
    refusal(client.post("/api/paint", json={"photo": "x"}), 415)
    refusal(client.post("/api/paint", content=png()), 415)
    refusal(client.post("/api/pictures", json={"photo": "x"}), 415)
    refusal(client.post("/api/pictures", files={"look": (None, "{}")}), 400)
    broken = client.post("/api/pictures", content=b"--x\r\nbroken", headers={"content-type": "multipart/form-data"})
    refusal(broken, 400)


def test_unknown_routes_pictures_and_values(client: httpx.Client) -> None:
    refusal(client.get("/api/nothing"), 404)
    refusal(client.get("/static/../server.py"), 404)
    refusal(client.get("/static/%2e%2e/server.py"), 404)
    refusal(client.delete("/api/styles"), 405)
    refusal(client.get(f"/api/pictures/{'0' * 64}"), 404)
    refusal(client.get("/api/pictures/x", params={"long_edge": "wide"}), 422)
    refusal(client.get("/api/pictures/x", params={"long_edge": 10**6}), 422)


def test_too_large_bodies_are_refused_while_they_stream(client: httpx.Client) -> None:
    assert "1 MiB" in refusal(client.post("/api/pictures", content=b"x" * (2**20 + 1)), 413)
    refusal(client.post("/api/pictures", content=(b"x" * 2**16 for _ in range(40))), 413)
    refusal(client.post("/api/paint", files={"photo": b"x" * 2**21}), 413)
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "192.168.1.4", ""])
def test_other_hosts_are_refused(client: httpx.Client, host: str) -> None:
    refusal(client.get("/healthz", headers={"host": host}), 400)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:7788", "[::1]"])
def test_loopback_hosts_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


def test_other_origins_may_not_post(client: httpx.Client, studio: RunningStudio) -> None:
    for origin in ("https://evil.example", "null", f"http://localhost:{studio.port}"):
        refusal(client.post("/api/pictures", content=png(), headers={"origin": origin}), 403)
    assert client.post("/api/pictures", content=png(), headers={"origin": studio.url}).status_code == 201


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/docs", "/static/app.js", "/api/styles", "/api/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';") and "unsafe" not in policy and "*" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_the_pages_are_whole_and_only_our_own(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = client.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style[>\s]|\sstyle=|\son\w+=", page), "inline code or style"
        for address in re.findall(r'(?:src|href)="([^"]+)"', page):
            assert address.startswith("/")
            assert client.get(address).status_code == 200, address


def test_the_page_is_told_of_all_its_scripts_and_of_one_style_sheet(client: httpx.Client) -> None:
    page = client.get("/")
    told = re.findall(r"</static/([^>]+)>; rel=modulepreload", page.headers["link"])
    assert set(told) == {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")} - {"docs.js"}
    assert page.text.count("stylesheet") == 1
    sheet = client.get("/studio.css")
    assert sheet.headers["content-type"].startswith("text/css")
    for path in STATIC.rglob("*.css"):
        assert (path.read_text("utf-8") in sheet.text) is (path.name != "docs.css"), path


def test_nothing_in_the_page_comes_from_elsewhere() -> None:
    for path in STATIC.rglob("*"):
        if path.suffix in {".js", ".css", ".html", ".json"}:
            addresses = [found for found in re.findall(r"https?://[^\s\"']+", path.read_text("utf-8")) if "w3.org" not in found]
            assert not addresses, (path, addresses)


def test_the_page_is_light() -> None:
    sizes = [path.stat().st_size for path in STATIC.rglob("*") if path.is_file() and path.name != "sample.jpg"]
    assert sum(sizes) < 400_000
    assert (STATIC / "sample.jpg").stat().st_size < 120_000


def test_the_interface_describes_itself(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/healthz", "/api/styles", "/api/controls", "/api/pictures", "/api/paint"} <= set(paths)
    assert "multipart/form-data" in paths["/api/paint"]["post"]["requestBody"]["content"]


def test_both_languages_have_every_word() -> None:
    english, chinese = (json.loads((STATIC / "i18n" / f"{name}.json").read_text("utf-8")) for name in ("en", "zh"))
    control_words = {f"control.{name}.{part}" for name in CONTROLS for part in ("label", "help")}
    style_words = {f"style.{style.name}" for style in read(shipped()).styles}
    assert set(chinese) == set(english) | control_words | style_words
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", chinese[key])), key
    scripts = "".join(path.read_text("utf-8") for path in STATIC.rglob("*.js")) + (STATIC / "index.html").read_text("utf-8")
    used = set(re.findall(r"\bt\(\"([\w.]+)\"", scripts)) | set(re.findall(r"data-t(?:-\w+)?=\"([\w.]+)\"", scripts))
    assert used <= set(english), used - set(english)


def test_the_store_keeps_what_was_used_last() -> None:
    noise = [encode(from_array(np.random.default_rng(seed).integers(0, 255, (400, 400, 3), np.uint8)), "png") for seed in range(3)]
    store = PictureStore(files_mib=1, decoded_mib=1)
    first, second = store.add(noise[0]), store.add(noise[1])
    assert store.get(first.id).id == first.id
    third = store.add(noise[2])
    np.testing.assert_array_equal(store.get(first.id).pixels, first.pixels)
    assert store.get(third.id).width == 400
    with pytest.raises(UnknownPictureError):
        store.get(second.id)


def test_masks_do_not_push_the_photo_out() -> None:
    random = np.random.default_rng(0)
    photo, *strokes = (encode(from_array(random.integers(0, 255, (400, 400, 3), np.uint8)), "png") for _ in range(6))
    store = PictureStore(decoded_mib=1, masks_mib=1)
    kept = store.add(photo)
    for stroke in strokes:
        mask = store.add(stroke)
        look = Look(regions=(Region(mask.id, (("red", 1.0),)),))
        np.testing.assert_array_equal(store.masks(look)[mask.id], mask.pixels[..., 0])
        assert store.get(kept.id) is kept  # and not decoded again


@needs_glibc
def test_the_studio_has_one_heap() -> None:
    threads = "[t.start() for t in [threading.Thread(target=lambda: bytearray(50_000)) for _ in range(4)]]"
    script = f"import ctypes, threading; from impasto.studio import heap; heap.settle(); {threads}; ctypes.CDLL(None).malloc_stats()"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stderr
    assert re.findall(r"^Arena \d+", said, re.MULTILINE) == ["Arena 0"]


@needs_glibc
def test_the_first_previews_find_pages_at_hand() -> None:
    count = "resource.getrusage(resource.RUSAGE_SELF).ru_minflt"
    previews = "[np.ones((512, 512, 3), np.float32) for _ in range(40)]"
    begin = f"import resource, numpy as np; from impasto.studio import heap; heap.settle(); heap.warm(); a = {count}"
    script = f"{begin}; {previews}; print({count} - a)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert int(said) < 40 * 768 / 10


def test_serve_says_so_when_the_port_is_taken(tiny_palette_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ImpastoError, match="--port"):
            server.serve("127.0.0.1", taken.getsockname()[1], False, tiny_palette_path)


def test_serve_refuses_a_palette_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.palette"
    path.write_bytes(io.BytesIO(b"nothing").getvalue())
    with pytest.raises(ImpastoError):
        server.serve("127.0.0.1", 0, False, path)


def test_a_file_that_was_exported_here_tells_its_look(studio: RunningStudio, photo: Picture) -> None:
    look = Look.parse({"styles": "mono", "regions": [{"mask": "m", "styles": "red"}]})
    data = encode(photo, "jpeg", note=write_note(look, "f", {"m": np.ones((30, 20), np.float32)}))
    found = httpx.post(f"{studio.url}/api/pictures", content=data).json()
    assert (found["note"]["look"], found["note"]["photo"]) == (look.to_dict(), "f")
    mask = httpx.get(f"{studio.url}/api/pictures/{found['note']['masks']['m']}?format=png")
    assert decode(mask.content).pixels.min() == 1
    assert "note" not in httpx.post(f"{studio.url}/api/pictures", content=png()).json()


def test_the_subject_is_a_mask(studio: RunningStudio) -> None:
    identity = httpx.post(f"{studio.url}/api/pictures", content=png()).json()["id"]
    found = httpx.get(f"{studio.url}/api/pictures/{identity}/subject", params={"left": 0.2, "right": 0.8}, timeout=60)
    if httpx.get(f"{studio.url}/healthz").json()["subject"]:
        photo, mask = decode(png()), decode(found.content)
        assert (mask.width, mask.height) == (photo.width, photo.height)
    else:
        assert found.status_code == 400 and "impasto[subject]" in found.json()["hint"]
    assert httpx.get(f"{studio.url}/api/pictures/{identity}/subject", params={"left": 2}).status_code == 422
    assert httpx.get(f"{studio.url}/api/pictures/{'0' * 64}/subject").status_code == 404
