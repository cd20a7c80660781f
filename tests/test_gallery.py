"""Learned styles beside the studio's own: each painted by its own network, kept, renamed, carried away and brought back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from impasto.engine import Engine
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.palette import Palette, pack, read
from impasto.picture import Picture, decode, encode
from impasto.studio.gallery import ENGINES_KEPT, Gallery
from tests import tiny
from tests.studio_server import RunningStudio

FOREIGN = {"origin": "https://elsewhere.example"}


def single(name: str = "sunny", title: str = "Sunny", receptive_field_px: int = tiny.STRIDED_FIELD_PX) -> Palette:
    """A palette of one style with a network that is not the tiny one."""
    whole = tiny.make(tiny.strided_model(), receptive_field_px)
    style = replace(whole.styles[0], name=name, title=title)
    return replace(whole, name=name, title=title, styles=(style,), thumbs={name: whole.thumbs["red"]})


@pytest.fixture
def gallery(tiny_palette: Palette, tmp_path: Path) -> Gallery:
    return Gallery(tiny_palette, tmp_path)


def test_a_learned_style_is_painted_by_its_own_network(gallery: Gallery, tiny_engine: Engine, photo: Picture) -> None:
    learned = gallery.add(single())
    assert [style.name for style in gallery.styles] == ["red", "stripes", "mono", "sunny"]
    assert gallery.is_learned("sunny") and not gallery.is_learned("red")
    own = Look(styles=(("sunny", 1.0),), strength=0.8, saturation=1.2)
    np.testing.assert_array_equal(gallery.render(photo, own).pixels, Engine(single()).render(photo, own).pixels)
    plain = Look(styles=(("mono", 1.0),))
    np.testing.assert_array_equal(gallery.render(photo, plain).pixels, tiny_engine.render(photo, plain).pixels)
    assert learned.title == "Sunny"


def test_regions_may_be_of_another_network(gallery: Gallery, tiny_engine: Engine, photo: Picture) -> None:
    gallery.add(single())
    mask = np.zeros((photo.height, photo.width), np.float32)
    mask[:, :30] = 1
    look = Look.parse({"styles": "mono", "regions": [{"mask": "m", "styles": "sunny"}]})
    painted = gallery.paint(photo, look, masks={"m": mask}).pixels
    whole = tiny_engine.paint(photo, Look.parse({"styles": "mono"})).pixels
    part = Engine(single()).paint(photo, Look()).pixels
    np.testing.assert_allclose(painted, np.where(mask[..., None] == 1, part, whole), atol=1e-6)


def test_a_learned_style_is_not_mixed(gallery: Gallery, photo: Picture) -> None:
    gallery.add(single())
    with pytest.raises(ImpastoError, match="Sunny has a network of its own"):
        gallery.paint(photo, Look.parse({"styles": "red,sunny"}))


def test_parts_of_large_paintings_come_from_the_right_network(tiny_palette: Palette, tmp_path: Path) -> None:
    large = decode(encode(Picture(np.random.default_rng(0).random((700, 900, 3), np.float32), None), "png"))
    gallery = Gallery(tiny_palette, tmp_path)
    gallery.add(single())
    for name, engine in (("sunny", Engine(single())), ("mono", Engine(tiny_palette))):
        look = Look(styles=((name, 1.0),))
        found, expected = (one.paint_part(large, look, (0.1, 0.1, 0.3, 0.3)) for one in (gallery, engine))
        assert (found is None) == (expected is None)
        if found and expected:
            np.testing.assert_array_equal(found[1], expected[1])
    mixed = Look.parse({"styles": "mono", "regions": [{"mask": "m", "styles": "sunny"}]})
    assert gallery.paint_part(large, mixed, (0.1, 0.1, 0.3, 0.3), masks={"m": np.ones((9, 9), np.float32)}) is None


def test_styles_stay_for_the_next_studio(gallery: Gallery, tiny_palette: Palette, tmp_path: Path) -> None:
    for name in ("zebra", "sunny", "zebra"):
        gallery.add(single(name))
    gallery.rename("zebra", "  Zèbre  à rayures ")
    (tmp_path / "broken.palette").write_bytes(b"no palette")
    again = Gallery(tiny_palette, tmp_path)
    assert [style.name for style in again.styles[3:]] == ["zebra", "sunny", "zebra-2"]
    assert again.styles[3].title == "Zèbre à rayures" and again.learned("zebra").title == "Zèbre à rayures"
    assert set(again.learned("zebra-2").thumbs) == {"zebra-2"}


def test_a_name_of_the_palette_s_own_is_left_to_it(tiny_palette: Palette, tmp_path: Path) -> None:
    gallery = Gallery(tiny_palette, tmp_path)
    assert gallery.add(single("red")).name == "red-2"
    gallery.remove("red-2")
    Gallery(single("other"), tmp_path).add(single("red"))
    assert [style.name for style in Gallery(tiny_palette, tmp_path).styles[3:]] == ["red-2"]


def test_only_a_few_networks_stay_loaded(gallery: Gallery, photo: Picture) -> None:
    names = [gallery.add(single(f"s{number}")).name for number in range(ENGINES_KEPT + 2)]
    for name in names:
        gallery.paint(photo, Look(styles=((name, 1.0),)), long_edge_px=40)
    assert list(gallery._engines) == names[-ENGINES_KEPT:]


@pytest.mark.parametrize("title", ["", "  ", "x" * 61, "a\x00b", "bell\x07"])
def test_titles_are_checked(gallery: Gallery, title: str) -> None:
    gallery.add(single())
    with pytest.raises(ImpastoError, match="name of a style"):
        gallery.rename("sunny", title)


# --- over HTTP ---


@pytest.fixture(scope="module")
def studio(tiny_palette: Palette, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    running = RunningStudio(tiny_palette, home=tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture
def client(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.url, timeout=60) as client:
        yield client
        for style in client.get("/api/styles").json():
            if style["learned"]:
                client.delete(f"/api/styles/{style['name']}")


def test_a_style_comes_goes_and_comes_back(client: httpx.Client, studio: RunningStudio, photo: Picture) -> None:
    added = client.post("/api/styles", content=pack(single()))
    assert added.status_code == 201 and added.json()["learned"] is True and added.json()["name"] == "sunny"
    renamed = client.patch("/api/styles/sunny", json={"title": "Aix"}).json()
    assert (renamed["name"], renamed["title"]) == ("sunny", "Aix")
    exported = client.get("/api/styles/sunny/palette")
    assert "sunny.palette" in exported.headers["content-disposition"]
    carried = read(exported.content)
    assert carried.title == "Aix" and carried.model == single().model
    studio.stop()
    studio.start()
    body = {"photo": encode(photo, "png")}
    painted = client.post("/api/paint", files=body, data={"look": json.dumps({"styles": "sunny"})})
    expected = Engine(single()).render(photo, Look())
    np.testing.assert_array_equal(decode(painted.content).pixels, decode(encode(expected, "png")).pixels)
    assert client.delete("/api/styles/sunny").status_code == 204
    assert [style["learned"] for style in client.get("/api/styles").json()] == [False] * 3
    assert client.post("/api/paint", files=body, data={"look": json.dumps({"styles": "sunny"})}).status_code == 400
    assert client.post("/api/styles/sunny/restore").json()["title"] == "Aix"
    assert client.post("/api/styles/sunny/restore").status_code == 404


def test_what_is_no_style_is_refused(client: httpx.Client, tiny_palette: Palette) -> None:
    def refused(data: bytes) -> str:
        response = client.post("/api/styles", content=data)
        assert response.status_code == 400 and response.json()["hint"], response.text
        return str(response.json()["error"])

    assert "damaged" in refused(b"no palette")
    assert "damaged" in refused(b"")
    assert "3 styles" in refused(pack(tiny_palette))
    lying = single()
    assert "does not paint" in refused(pack(replace(lying, generator=replace(lying.generator, inputs=5))))


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "/api/styles/none"), ("DELETE", "/api/styles/none"), ("GET", "/api/styles/..%2Fred/palette")]
)
def test_only_learned_styles_can_be_changed(client: httpx.Client, method: str, path: str) -> None:
    for target in (path, path.replace("none", "red")):
        response = client.request(method, target, json={"title": "x"} if method == "PATCH" else None)
        assert response.status_code == 404, response.text


def test_other_sites_may_not_touch_styles_or_lessons(client: httpx.Client) -> None:
    client.post("/api/styles", content=pack(single()))
    changes = [("DELETE", "/api/styles/sunny"), ("POST", "/api/styles"), ("POST", "/api/lesson"), ("DELETE", "/api/lesson")]
    changes += [("PATCH", "/api/styles/sunny"), ("POST", "/api/lesson/keep"), ("PUT", "/api/lesson/photo")]
    for method, path in changes:
        assert client.request(method, path, headers=FOREIGN).status_code == 403
