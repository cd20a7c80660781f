"""The routes of styles as text, and of styles guessed from pictures. Knows what is asked, not how it is done."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.datastructures import UploadFile

from impasto import guess, sharing
from impasto.look import Look
from impasto.palette import Style
from impasto.picture import decode, fit
from impasto.studio.gallery import Gallery, check_title
from impasto.studio.learning_routes import described

MOST_PICTURES = 20


def routes(gallery: Gallery) -> APIRouter:
    """`/api/styles/share`, `/api/styles/text` and `/api/styles/guess`."""
    router = APIRouter()

    @router.post("/api/styles/share")
    async def share(styles: Annotated[list[tuple[str, float]], Body()], title: Annotated[str, Body()] = "") -> dict[str, str]:
        """A style, or a mix of the palette's styles, [name, weight] each, as text; refused where it has a network of its own."""
        look = Look.parse({"styles": styles})
        own = next((name for name, _ in look.styles if gallery.is_learned(name)), None)
        palette = gallery.palette if own is None else gallery.learned(own)
        return {"text": sharing.share_look(gallery.palette, palette, look, title)}

    @router.post("/api/styles/text", status_code=201)
    async def adopt(text: Annotated[str, Body(embed=True, max_length=sharing.MOST_LETTERS)]) -> dict[str, Any]:
        """Add the style that a text holds, if it was made for the network of the studio's palette."""
        return described(gallery, await asyncio.to_thread(gallery.add, sharing.adopt(gallery.palette, text)))

    @router.post("/api/styles/guess", status_code=201, openapi_extra=_GUESS_BODY)
    async def guessed(request: Request) -> dict[str, Any]:
        """Add the mix of the palette's styles that comes nearest to 1 to 20 `pictures`, a form with a `title` too; takes about a second."""
        async with request.form(max_files=MOST_PICTURES, max_fields=2, max_part_size=2**12) as form:
            sent = [(await file.read(), file.filename or "") for file in form.getlist("pictures") if isinstance(file, UploadFile)]
            title = check_title(str(form.get("title", "")))
        return described(gallery, await asyncio.to_thread(_guess, gallery, sent, title))

    return router


def _guess(gallery: Gallery, sent: list[tuple[bytes, str]], title: str) -> Style:
    look = guess.guess(gallery, [fit(decode(data, name), guess.LARGEST_PX) for data, name in sent])
    return gallery.add(sharing.of_one(gallery.palette, sharing.mixed(gallery.palette, look, title), "guessed from pictures in the studio"))


_GUESS_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["pictures", "title"],
                    "properties": {
                        "pictures": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "title": {"type": "string"},
                    },
                }
            }
        },
    }
}
