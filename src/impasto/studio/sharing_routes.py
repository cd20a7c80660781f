"""The routes of styles as text, and of a mix that becomes a style. Knows what is asked, not how it is done."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body

from impasto import sharing
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.studio.gallery import Gallery, check_title
from impasto.studio.learning_routes import described


def routes(gallery: Gallery) -> APIRouter:
    """`/api/styles/text`, `/api/styles/mix` and `/api/styles/NAME/text`."""
    router = APIRouter()

    @router.post("/api/styles/text", status_code=201)
    async def adopt(text: Annotated[str, Body(embed=True, max_length=sharing.MOST_LETTERS)]) -> dict[str, Any]:
        """Add the style that a text holds, if it was made for this palette's network."""
        return await _added(gallery, sharing.adopt(gallery.palette, text))

    @router.post("/api/styles/mix", status_code=201)
    async def mix(styles: Annotated[list[tuple[str, float]], Body()], title: Annotated[str, Body()]) -> dict[str, Any]:
        """Keep a mix of the palette's styles, [name, weight] each, as a style of its own."""
        made = sharing.mixed(gallery.palette, Look.parse({"styles": styles}), check_title(title))
        return await _added(gallery, sharing.of_one(gallery.palette, made, "mixed in the studio"))

    @router.get("/api/styles/{name}/text")
    async def text(name: str) -> dict[str, str]:
        """A style as text; refused where it has a network of its own."""
        palette = gallery.learned(name) if gallery.is_learned(name) else gallery.palette
        if not sharing.shares_network(palette, gallery.palette):
            raise ImpastoError(f"{palette.title} has a network of its own, which is too large for a text.", "Export it as a file instead.")
        return {"text": sharing.share(gallery.palette, palette.style(name))}

    return router


async def _added(gallery: Gallery, palette: Any) -> dict[str, Any]:
    return described(gallery, await asyncio.to_thread(gallery.add, palette))
