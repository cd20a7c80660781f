"""The routes of styles as text. Knows what is asked, not how it is done."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body

from impasto import sharing
from impasto.look import Look
from impasto.studio.gallery import Gallery
from impasto.studio.learning_routes import described


def routes(gallery: Gallery) -> APIRouter:
    """`/api/styles/share` and `/api/styles/text`."""
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

    return router
