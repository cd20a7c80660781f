"""A style as text on the page: a mix is copied and pasted again; what is damaged is said in place. And one guessed from a picture."""

from __future__ import annotations

from typing import Any

import pytest

from impasto import sharing
from impasto.picture import encode
from tests import tiny
from tests.browser.conftest import Studio
from tests.browser.test_access import AXE, violations
from tests.test_guess import painted


@pytest.fixture
def page_options() -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "permissions": ["clipboard-read", "clipboard-write"]}


def test_a_mix_is_copied_and_pasted(person: Studio) -> None:
    page, made = person.page, tiny.make()
    page.locator('style-grid [data-style="stripes"] .mix').click(force=True)
    page.get_by_role("button", name="Share…").click()
    name, ours = page.get_by_role("textbox", name="Name"), page.locator("share-panel .ours")
    person.until(lambda: name.input_value() == "Red and Stripes" and ours.input_value().startswith("impasto1."), "no text")
    name.fill("Dusk")
    wanted = sharing.share_look(made, made, sharing.Look.parse({"styles": "red,stripes"}), "Dusk")
    person.until(lambda: ours.input_value() == wanted, "not the mix's text")
    page.get_by_role("button", name="Copy", exact=True).click()
    person.until(lambda: page.evaluate("navigator.clipboard.readText()") == wanted, "not copied")
    page.evaluate(AXE)
    assert violations(page) == []
    paste = page.get_by_label("A text that somebody sent")
    paste.fill(wanted[:-3])
    page.get_by_role("button", name="Add this style").click()
    person.until(lambda: "damaged" in page.locator("share-panel .problem").inner_text(), "no complaint")
    paste.fill(wanted)
    page.get_by_role("button", name="Add this style").click()
    person.until(lambda: page.locator('style-grid [data-style="dusk"]').count() > 0, "the style did not come")
    assert not page.locator("share-panel dialog").is_visible()
    person.forgive("400")


def test_a_style_is_guessed_from_a_picture(person: Studio) -> None:
    picture = encode(painted(tiny.make(), "mono"), "png")
    person.page.set_input_files("share-panel input[type=file]", [{"name": "grey_day.png", "mimeType": "image/png", "buffer": picture}])
    person.until(lambda: person.page.locator('style-grid [data-style="grey-day"]').count() > 0, "no style came")
    person.page.set_input_files("share-panel input[type=file]", [{"name": "a.png", "mimeType": "image/png", "buffer": b"none"}])
    person.until(lambda: "not a picture" in person.page.locator("toast-stack").inner_text(), "no complaint")
    person.forgive("400")
