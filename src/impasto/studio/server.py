"""The studio's HTTP routes: the page, pictures, paintings for programs, the live websocket. Binds loopback unless told otherwise.

Every error is JSON with `error` and `hint`. No path ever comes from a client: pictures are known by content hash.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import socket
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import uvicorn
from fastapi import FastAPI, Query, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from impasto import __version__
from impasto.errors import ImpastoError
from impasto.look import CONTROLS, Look, did_you_mean
from impasto.palette import Palette, read
from impasto.picture import MAX_BYTES, Picture, decode, encode, fit, from_array
from impasto.studio import heap, protocol, sharing_routes, subject
from impasto.studio.gallery import Gallery, UnknownStyleError
from impasto.studio.guard import LOOPBACK, Guard, TooLargeError
from impasto.studio.learning import Apprentice
from impasto.studio.learning_routes import routes
from impasto.studio.note import read_note
from impasto.studio.page import add_page
from impasto.studio.pictures import PictureStore, UnknownPictureError
from impasto.studio.session import MIME_TYPES, Session, photo_frame

MAX_SESSIONS = 32
_FORM_OVERHEAD = 2**20  # the fields and boundaries around a photo
_PAINT_FIELDS = ("photo", "file", "look", "format", "quality", "long_edge")


class UnsupportedTypeError(ImpastoError):
    """The body is of a kind the route does not take."""


_STATUS: dict[type[ImpastoError], int] = {UnknownPictureError: 404, UnknownStyleError: 404, TooLargeError: 413, UnsupportedTypeError: 415}


def create_app(
    palette: Palette,
    *,
    home: Path | None = None,
    allowed_hosts: tuple[str, ...] = (),
    backend: str = "auto",
    max_body_bytes: int = MAX_BYTES + _FORM_OVERHEAD,
) -> FastAPI:
    """The studio for one palette.

    `home` is the folder of learned styles; without one they are lost when the program ends. `allowed_hosts` are Host names it answers for
    besides the loopback ones.
    """
    app = FastAPI(title="Impasto studio", version=__version__, docs_url=None, redoc_url=None, lifespan=_life)
    folder = home or _passing_folder()
    app.state.engine = Gallery(palette, folder / "styles", backend)
    app.state.apprentice = Apprentice(folder / "lesson", app.state.engine.add)
    app.state.pictures = PictureStore()
    app.state.painting = asyncio.Semaphore(1)
    app.state.sessions = 0
    app.add_middleware(Guard, allowed_hosts=allowed_hosts, max_body_bytes=max_body_bytes)
    _add_error_handlers(app)
    add_page(app)
    _add_tables(app)
    app.include_router(sharing_routes.routes(app.state.engine))  # before those of learning: "text" is no style's name
    app.include_router(routes(app.state.engine, app.state.apprentice, app.state.pictures))
    _add_pictures(app)
    _add_subject(app)
    _add_paint(app)
    _add_live(app)
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    """Opens the inference session while the browser is still loading the page; at the end whatever is being learned is paused."""
    first = from_array(np.zeros((64, 64, 3), np.uint8))
    opening = asyncio.create_task(asyncio.to_thread(app.state.engine.paint, first, Look()))
    yield
    await asyncio.gather(opening, asyncio.to_thread(app.state.apprentice.close), return_exceptions=True)


def _add_error_handlers(app: FastAPI) -> None:
    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ImpastoError)
        return _error(_STATUS.get(type(error), 400), error.message, error.hint)

    async def http_error(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        phrase = HTTPStatus(error.status_code).phrase
        message = str(error.detail) if error.detail != phrase else f"{phrase}."
        return _error(error.status_code, message, "/docs lists what the studio answers.", error.headers)

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        return _error(422, f"{first['loc'][-1]}: {first['msg']}.", "/docs lists the fields and their ranges.")

    async def broken(_: Request, error: Exception) -> JSONResponse:
        return _error(500, "Something went wrong in the studio.", "Try again; the terminal it runs in says more.")

    app.add_exception_handler(ImpastoError, refused)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, broken)


def _error(status: int, error: str, hint: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": error, "hint": hint}, status, headers)


def _add_tables(app: FastAPI) -> None:
    engine: Gallery = app.state.engine

    @app.get("/healthz")
    async def health() -> dict[str, Any]:
        """Whether the studio is up, its version, the inference backend in use, and whether it can find a photo's subject."""
        return {"status": "ok", "version": app.version, "backend": engine.backend, "subject": subject.is_available()}

    @app.get("/api/controls")
    async def controls() -> list[dict[str, Any]]:
        """The table of controls: name, label, kind, minimum, maximum, step, default, unit, scale, help."""
        return [asdict(control) for control in CONTROLS.values()]


def _add_pictures(app: FastAPI) -> None:
    store: PictureStore = app.state.pictures

    @app.post("/api/pictures", status_code=201, openapi_extra=_PICTURE_BODY)
    async def add_picture(request: Request) -> dict[str, Any]:
        """Keep a photo, or a mask: its bytes as the body, or a form with the field `photo`. Its id is a hash of its bytes.

        `note` is what a file that was exported here says of itself: its look, the id of its photo, and the ids of its masks by their names.
        """
        data, name = await _posted_photo(request)
        picture = await asyncio.to_thread(store.add, data, name)
        found = await asyncio.to_thread(_note, store, data)
        return {"id": picture.id, "width": picture.width, "height": picture.height, **({"note": found} if found else {})}

    @app.get("/api/pictures/{picture_id}", response_class=Response)
    async def get_picture(
        picture_id: str,
        long_edge: Annotated[int, Query(ge=1, le=protocol.MAX_LIVE_PX)] = 1600,
        format: Literal["png", "jpeg", "webp", "frame"] = "webp",
    ) -> Response:
        """The photo at display size, upright and in sRGB. `frame` is raw pixels, as docs/protocol.md describes."""
        data = await asyncio.to_thread(_display, app, picture_id, long_edge, format)
        return Response(data, media_type=MIME_TYPES.get(format, "application/octet-stream"), headers={"cache-control": "no-store"})


_Share = Annotated[float, Query(ge=0, le=1)]


def _add_subject(app: FastAPI) -> None:
    @app.get("/api/pictures/{picture_id}/subject", response_class=Response)
    async def get_subject(
        picture_id: str,
        left: _Share = 0.1,
        top: _Share = 0.1,
        right: _Share = 0.9,
        bottom: _Share = 0.9,
    ) -> Response:
        """A mask, as a grey PNG, of what stands in a box of the photo. Needs OpenCV: `pip install "impasto[subject]"`."""
        photo = app.state.pictures.get(picture_id)
        mask = await asyncio.to_thread(subject.find, fit(photo, subject.MASK_PX).pixels, (left, top, right, bottom))
        return Response(encode(from_array(mask), "png"), media_type="image/png", headers={"cache-control": "no-store"})


def _note(store: PictureStore, data: bytes) -> dict[str, Any] | None:
    note = read_note(data)
    if note is None:
        return None
    try:
        masks = {name: store.add(mask).id for name, mask in note.masks.items()}
    except ImpastoError:
        return None
    return {"look": note.look.to_dict(), "photo": note.photo, "masks": masks}


def _display(app: FastAPI, picture_id: str, long_edge: int, format: str) -> bytes:
    photo: Picture = app.state.engine.photo(app.state.pictures.get(picture_id), long_edge)
    return photo_frame(photo) if format == "frame" else encode(photo, format, 90, False)


def _add_paint(app: FastAPI) -> None:
    @app.post("/api/paint", response_class=Response, openapi_extra=_PAINT_BODY)
    async def paint(request: Request) -> Response:
        """Paint a photo: a form with `photo`, and as you like `look` (JSON), `format`, `quality`, `long_edge`."""
        if not _content_type(request).startswith("multipart/form-data"):
            raise UnsupportedTypeError("A painting is asked for with a form.", "Send multipart/form-data with the field photo.")
        async with request.form(max_files=1, max_fields=8, max_part_size=protocol.MAX_MESSAGE_BYTES) as form:
            options = _paint_options(form)
            data, name = await _form_photo(form)
        async with app.state.painting:
            body = await asyncio.to_thread(_painted, app, data, name, options)
        return Response(body, media_type=MIME_TYPES[options.format])


def _paint_options(form: FormData) -> protocol.ExportRequest:
    """The form's text fields, checked as an export request."""
    for field in form:
        if field not in _PAINT_FIELDS:
            raise ImpastoError(f"There is no field {field!r}.", did_you_mean(field, list(_PAINT_FIELDS)))
    header: dict[str, Any] = {"type": "export", "seq": 0, "picture": "", "look": protocol.parse_json(_field(form, "look", "{}"))}
    header["format"] = _field(form, "format", "png").lower().replace("jpg", "jpeg")
    for name in ("quality", "long_edge"):
        text = _field(form, name, "")
        if text:
            header[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    request = protocol.parse_request(header)
    assert isinstance(request, protocol.ExportRequest)
    if request.format not in MIME_TYPES:
        raise ImpastoError(f"There is no format {request.format!r}.", f"Choose one of: {', '.join(MIME_TYPES)}.")
    return request


def _field(form: FormData, name: str, default: str) -> str:
    value = form.get(name, default)
    return value if isinstance(value, str) else default


def _painted(app: FastAPI, data: bytes, name: str, options: protocol.ExportRequest) -> bytes:
    masks = app.state.pictures.masks(options.look)
    painting: Picture = app.state.engine.render(decode(data, name), options.look, masks=masks, long_edge_px=options.long_edge)
    return encode(painting, options.format, options.quality, options.keep_metadata)


async def _posted_photo(request: Request) -> tuple[bytes, str]:
    """Bytes and file name of the photo in a request's body, raw or as a form."""
    kind = _content_type(request)
    if kind.startswith("multipart/form-data"):
        async with request.form(max_files=1, max_fields=8, max_part_size=protocol.MAX_MESSAGE_BYTES) as form:
            return await _form_photo(form)
    if kind.startswith(("application/json", "text/")):
        raise UnsupportedTypeError(f"A photo cannot be of the type {kind[:60]}.", "Send its bytes, or a form with the field photo.")
    return await request.body(), ""


async def _form_photo(form: FormData) -> tuple[bytes, str]:
    photo = form.get("photo") or form.get("file")
    if not isinstance(photo, UploadFile):
        raise ImpastoError("The form has no photo.", "Send the photo as a file in the field photo.")
    return await photo.read(), Path(photo.filename or "").name


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").lower()


def _add_live(app: FastAPI) -> None:
    @app.websocket("/api/live")
    async def live(websocket: WebSocket) -> None:
        if app.state.sessions >= MAX_SESSIONS:
            return await websocket.close(1013)
        app.state.sessions += 1
        try:
            await websocket.accept()
            await Session(websocket, app.state.engine, app.state.pictures, app.state.apprentice.make_way).run()
        finally:
            app.state.sessions -= 1
        return None


def _body(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {kind: {"schema": schema}}


_BINARY = {"type": "string", "format": "binary"}
_PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **_body("application/octet-stream", _BINARY),
            **_body("multipart/form-data", {"type": "object", "properties": {"photo": _BINARY}, "required": ["photo"]}),
        },
    }
}
_PAINT_SCHEMA = {
    "type": "object",
    "required": ["photo"],
    "properties": {
        "photo": _BINARY,
        "look": {"type": "string", "description": 'JSON, for example {"styles": "van-gogh", "strength": 0.8}'},
        "format": {"type": "string", "enum": list(MIME_TYPES), "default": "png"},
        "quality": {"type": "integer", "minimum": 1, "maximum": 100, "default": 92},
        "long_edge": {"type": "integer", "minimum": 1, "maximum": protocol.MAX_EXPORT_PX, "description": "px; the photo's own if left out"},
    },
}
_PAINT_BODY = {"requestBody": {"required": True, "content": _body("multipart/form-data", _PAINT_SCHEMA)}}


class _Server(uvicorn.Server):
    """Says where it listens, and opens the browser, once it does."""

    def __init__(self, config: uvicorn.Config, address: str, open_browser: bool) -> None:
        super().__init__(config)
        self._address = address
        self._open_browser = open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"Impasto studio: {self._address}  (Ctrl+C stops it)", file=sys.stderr, flush=True)
        if self._open_browser:
            await asyncio.to_thread(webbrowser.open, self._address)


def serve(host: str = "127.0.0.1", port: int = 7788, open_browser: bool = True, palette_path: Path | None = None) -> None:
    """Run the studio until it is stopped; ImpastoError where the palette or the port does not do."""
    from impasto.palette import shipped

    heap.settle()
    palette = read(palette_path or shipped())
    listening = _listen(host, port)
    name = f"[{host}]" if ":" in host else host
    if name not in LOOPBACK:
        print("Everyone who can reach this address can use the studio.", file=sys.stderr)
    app = create_app(palette, home=own_folder(), allowed_hosts=(name,))
    _Server(config(app), f"http://{name}:{listening.getsockname()[1]}", open_browser).run([listening])


def own_folder() -> Path:
    """Where the person's learned styles are kept: $XDG_DATA_HOME/impasto, or ~/.local/share/impasto."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share") / "impasto"


def _passing_folder() -> Path:
    """A folder that goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="impasto-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def config(app: FastAPI) -> uvicorn.Config:
    """Uvicorn's settings: small messages in, and no compression, which on loopback only costs time."""
    return uvicorn.Config(
        app,
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=protocol.MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket; binding here rather than in uvicorn makes a busy port one clear sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise ImpastoError(f"The studio cannot listen on {host}:{port} ({error}).", "Give another port with --port.") from None
    return listening
