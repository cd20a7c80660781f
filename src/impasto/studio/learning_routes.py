"""The routes of learning a style in the studio, and of the styles that were learned. Knows what is asked, not how it is done."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, BackgroundTasks, Body, Request, Response
from starlette.datastructures import FormData, UploadFile

from impasto import guess
from impasto.errors import ImpastoError
from impasto.palette import pack
from impasto.picture import Picture, fit, load
from impasto.studio.gallery import Gallery, opened
from impasto.studio.learning import INSTALL, MOST_PICTURES, PREVIEW_PX, Apprentice, is_available
from impasto.studio.pictures import PictureStore

_FIELDS = 8
_GUESSED_FROM = 8  # pictures at most: it is to be there at once
_NOT_KEPT = {"cache-control": "no-store"}


def routes(gallery: Gallery, apprentice: Apprentice, pictures: PictureStore) -> APIRouter:
    """`/api/lesson` and the learned part of `/api/styles`."""
    router = APIRouter()
    _add_lesson(router, gallery, apprentice, pictures)
    _add_acts(router, apprentice)
    _add_styles(router, gallery)
    return router


def _add_lesson(router: APIRouter, gallery: Gallery, apprentice: Apprentice, pictures: PictureStore) -> None:
    @router.get("/api/lesson")
    async def lesson() -> dict[str, Any]:
        """What is being learned (null where nothing is), whether the training half is here, and the command that installs it."""
        return await _answer(apprentice)

    @router.post("/api/lesson", status_code=201, openapi_extra=_LESSON_BODY)
    async def start(request: Request, then: BackgroundTasks) -> dict[str, Any]:
        """Begin to learn a style: a form with 1 to 200 `pictures`, `title`, `minutes`, `licence`, the id of a `photo` for the preview."""
        async with request.form(max_files=MOST_PICTURES + 1, max_fields=_FIELDS, max_part_size=2**16) as form:
            files = [(file.filename or "", file.file) for file in form.getlist("pictures") if isinstance(file, UploadFile)]
            photo = pictures.get(_text(form, "photo"))
            minutes = _minutes(_text(form, "minutes"))
            await asyncio.to_thread(apprentice.start, _text(form, "title"), minutes, _text(form, "licence"), files, photo)
        then.add_task(_show_guess, gallery, apprentice, photo)
        return await _answer(apprentice)

    @router.get("/api/lesson/preview", response_class=Response)
    async def preview() -> Response:
        """The photo as what is learned so far paints it, a JPEG; 204 where there is none yet."""
        data = await asyncio.to_thread(apprentice.preview)
        return Response(data, 200 if data else 204, _NOT_KEPT, "image/jpeg")

    @router.put("/api/lesson/photo")
    async def show(photo: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        """Another photo for the preview, by its id."""
        await asyncio.to_thread(apprentice.show, pictures.get(photo))
        return await _answer(apprentice)


def _add_acts(router: APIRouter, apprentice: Apprentice) -> None:
    @router.post("/api/lesson/{act}")
    async def act(act: Literal["pause", "resume", "keep"]) -> dict[str, Any]:
        """Pause, go on (also after a restart), or stop and keep what is learned: it is a style a few seconds later."""
        await asyncio.to_thread({"pause": apprentice.pause, "resume": apprentice.resume, "keep": apprentice.keep}[act])
        return await _answer(apprentice)

    @router.delete("/api/lesson")
    async def discard() -> dict[str, Any]:
        """Forget the lesson and what was learned."""
        await asyncio.to_thread(apprentice.discard)
        return await _answer(apprentice)


def _add_styles(router: APIRouter, gallery: Gallery) -> None:
    @router.get("/api/styles")
    async def styles() -> list[dict[str, Any]]:
        """The palette's styles, then the learned ones; `look` are the finish values recommended for each."""
        return [described(gallery, style) for style in gallery.styles]

    @router.post("/api/styles", status_code=201, openapi_extra=_PALETTE_BODY)
    async def add(request: Request) -> dict[str, Any]:
        """Add a style from a .palette file of one style, the body."""
        palette = await asyncio.to_thread(opened, await request.body())
        return described(gallery, await asyncio.to_thread(gallery.add, palette))

    @router.patch("/api/styles/{name}")
    async def rename(name: str, title: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        """Another title for a learned style."""
        return described(gallery, await asyncio.to_thread(gallery.rename, name, title))

    @router.get("/api/styles/{name}/palette", response_class=Response)
    async def download(name: str) -> Response:
        """A learned style as a .palette file."""
        data = await asyncio.to_thread(pack, gallery.learned(name))
        headers = {**_NOT_KEPT, "content-disposition": f'attachment; filename="{name}.palette"'}
        return Response(data, headers=headers, media_type="application/zip")

    @router.delete("/api/styles/{name}", status_code=204)
    async def remove(name: str) -> None:
        """Delete a learned style; it can be restored until the studio is stopped."""
        await asyncio.to_thread(gallery.remove, name)

    @router.post("/api/styles/{name}/restore", status_code=201)
    async def restore(name: str) -> dict[str, Any]:
        """Bring a deleted style back."""
        return described(gallery, await asyncio.to_thread(gallery.restore, name))


def _show_guess(gallery: Gallery, apprentice: Apprentice, photo: Picture) -> None:
    """What the palette's own styles come to, while learning still gets up. What is no picture is for learning to name."""
    plan, seen = apprentice.plan, list[Picture]()
    with contextlib.suppress(ImpastoError, OSError):
        for file in apprentice.examples()[:_GUESSED_FROM]:
            with contextlib.suppress(ImpastoError):
                seen.append(fit(load(file), guess.LARGEST_PX))
        apprentice.show_guess(plan, gallery.paint(fit(photo, PREVIEW_PX), guess.guess(gallery, seen)))


async def _answer(apprentice: Apprentice) -> dict[str, Any]:
    lesson = await asyncio.to_thread(apprentice.status)
    return {"available": is_available(), "command": INSTALL, "lesson": lesson}


def described(gallery: Gallery, style: Any) -> dict[str, Any]:
    """A style as the page knows it."""
    names = ("name", "title", "artist", "years", "licence", "look")
    return {**{name: getattr(style, name) for name in names}, "learned": gallery.is_learned(style.name)}


def _text(form: FormData, field: str) -> str:
    value = form.get(field, "")
    return value if isinstance(value, str) else ""


def _minutes(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ImpastoError(f"minutes {text[:40]!r} is no number.", "Give a number such as 5.") from None


def _body(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema}}}}


_BINARY = {"type": "string", "format": "binary"}
_PALETTE_BODY = _body("application/octet-stream", _BINARY)
_LESSON_BODY = _body(
    "multipart/form-data",
    {
        "type": "object",
        "required": ["pictures", "title", "minutes", "photo"],
        "properties": {
            "pictures": {"type": "array", "items": _BINARY, "description": f"1 to {MOST_PICTURES} pictures in the style"},
            "title": {"type": "string", "description": "what the style is called"},
            "minutes": {"type": "number", "description": "how long to learn"},
            "photo": {"type": "string", "description": "id of the photo that the preview shows"},
            "licence": {"type": "string", "description": "what may be done with the pictures"},
        },
    },
)
