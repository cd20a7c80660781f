"""One live websocket: the newest request is painted, older ones give way, thumbnails are made when there is nothing else to do.

Rendering runs in a worker thread; the event loop stays free. Every request gets an answer: its result, an error, or `superseded`.
Knows no HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from starlette.websockets import WebSocket, WebSocketDisconnect

from impasto.engine import Cancelled
from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.picture import Picture, encode
from impasto.studio import heap, protocol
from impasto.studio.gallery import Gallery
from impasto.studio.note import write_note
from impasto.studio.pictures import PictureStore, UnknownPictureError
from impasto.studio.protocol import CancelRequest, ExportRequest, PaintRequest, ThumbsRequest

IDLE_S = 0.2  # thumbnails wait for this long a pause, so that they never stand in the way of a moving slider
MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "tiff": "image/tiff"}
_log = logging.getLogger("impasto.studio")


class Job:
    """A request being worked on, and the switch that stops it between tiles."""

    def __init__(self, request: Any) -> None:
        self.request = request
        self._stop = threading.Event()
        self.cancel = self._stop.set
        self.cancelled = self._stop.is_set


class Session:
    """Serves one accepted websocket until it closes. `make_way` is called before every painting: whatever else can wait shall wait."""

    def __init__(self, socket: WebSocket, engine: Gallery, pictures: PictureStore, make_way: Callable[[], None]) -> None:
        self._socket = socket
        self._engine = engine
        self._pictures = pictures
        self._make_way = make_way
        self._wake = asyncio.Event()
        self._sending = asyncio.Lock()
        self._next: PaintRequest | None = None
        self._painting: Job | None = None
        self._unprepared: PaintRequest | None = None  # what was painted last, where nothing is prepared for more of it
        self._thumbs: deque[tuple[ThumbsRequest, str]] = deque()
        self._thumb: Job | None = None
        self._export: Job | None = None
        self._exporting: asyncio.Task[None] | None = None
        self._preparing: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Receive requests; a disconnect cancels everything that is under way."""
        painter = asyncio.create_task(self._paint_newest())
        try:
            while True:
                await self._receive()
        except WebSocketDisconnect:
            pass
        finally:
            for job in (self._painting, self._thumb, self._export):
                if job:
                    job.cancel()
            painter.cancel()
            tasks = [task for task in (painter, self._exporting, self._preparing) if task]
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _receive(self) -> None:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        header: dict[str, Any] = {}
        try:
            header, _ = protocol.unpack(message.get("bytes") or b"")
            await self._accept(protocol.parse_request(header))
        except ImpastoError as error:
            await self._send_error(_seq_of(header), error)

    async def _accept(self, request: protocol.Request) -> None:
        if isinstance(request, PaintRequest):
            await self._accept_paint(request)
        elif isinstance(request, ThumbsRequest):
            self._pictures.get(request.picture)
            self._thumbs = deque((request, style.name) for style in self._engine.styles)
        elif isinstance(request, ExportRequest):
            self._accept_export(request)
        else:
            await self._cancel(request)
        self._wake.set()

    async def _accept_paint(self, request: PaintRequest) -> None:
        self._make_way()
        older, self._next = self._next, request
        for job in (self._painting, self._thumb):
            if job:
                job.cancel()
        if older:
            await self._send({"type": "superseded", "seq": older.seq})

    def _accept_export(self, request: ExportRequest) -> None:
        if self._exporting and not self._exporting.done():
            raise ImpastoError("An export is still running.", "Wait for it or cancel it.")
        if request.format not in MIME_TYPES:
            raise ImpastoError(f"There is no format {request.format!r}.", f"Choose one of: {', '.join(MIME_TYPES)}.")
        self._export = Job(request)
        self._exporting = asyncio.create_task(self._run_export(self._export))

    async def _cancel(self, request: CancelRequest) -> None:
        for job in (self._painting, self._export):
            if job and job.request.seq == request.seq:
                job.cancel()
        if self._next and self._next.seq == request.seq:
            self._next = None
            await self._send({"type": "superseded", "seq": request.seq})

    async def _paint_newest(self) -> None:
        """The one loop that paints: the newest request first; what can wait comes after a pause."""
        while True:
            self._wake.clear()
            if self._next:
                request, self._next = self._next, None
                self._painting = Job(request)
                await self._answer(self._painting, self._run_paint)
                self._painting = None
            elif not (self._thumbs or self._unprepared):
                await self._wake.wait()
            elif not await self._is_woken(IDLE_S):
                self._prepare()
                await self._make_thumbs()

    def _prepare(self) -> None:
        """More paintings of this photo will come sooner; one that is asked for meanwhile does not wait for that."""
        request, self._unprepared = self._unprepared, None
        if request and not (self._preparing and not self._preparing.done()):
            self._preparing = self._loop.run_in_executor(None, self._run_prepare, request)

    def _run_prepare(self, request: PaintRequest) -> None:
        asked = [request, replace(request, long_edge=request.spare, draft=True)] if request.spare else [request]
        try:
            picture = self._pictures.get(request.picture)
            for kind in asked:
                self._engine.prepare(picture, kind.look, kind.long_edge)
            heap.warm()
        except Exception as error:  # it was only to be sooner
            _log.warning("A photo could not be prepared", exc_info=error)

    async def _is_woken(self, within_s: float) -> bool:
        try:
            await asyncio.wait_for(self._wake.wait(), within_s)
        except TimeoutError:
            return False
        return True

    async def _make_thumbs(self) -> None:
        """Thumbnails until all are made or a request comes; the one it interrupts is made again later."""
        while self._thumbs and not self._wake.is_set():
            request, style = self._thumbs[0]
            self._thumb = Job(request)
            done = await self._answer(self._thumb, partial(self._run_thumb, style=style))
            if self._thumbs and self._thumbs[0] == (request, style) and done:
                self._thumbs.popleft()
        self._thumb = None

    async def _answer(self, job: Job, work: Callable[[Job], bytes]) -> bool:
        """Run the work in a thread and send what it made; False where it was cancelled."""
        try:
            frame = await asyncio.to_thread(work, job)
        except Cancelled:
            if not isinstance(job.request, ThumbsRequest):
                await self._send({"type": "superseded", "seq": job.request.seq})
            return False
        except Exception as error:  # whatever it was, the session goes on
            await self._send_error(job.request.seq, error)
            return True
        await self._send_frame(frame)
        return True

    def _run_paint(self, job: Job) -> bytes:
        began = time.perf_counter()
        request = job.request
        timings: dict[str, Any] = {}
        picture = self._pictures.get(request.picture)
        masks = self._pictures.masks(request.look)
        if request.visible:
            self._send_part(job, picture, masks)
        size_px, cancelled = request.long_edge, job.cancelled
        painting = self._engine.paint(picture, request.look, masks=masks, long_edge_px=size_px, cancelled=cancelled, timings=timings)
        if not request.draft:
            self._unprepared = request
        frame_pixels = to_bytes(painting)
        timings["server"] = (time.perf_counter() - began) * 1000
        size = {"width": painting.width, "height": painting.height}
        millis = {stage: round(timings[stage], 1) for stage in ("resize", "generator", "server")}
        return protocol.pack({"type": "painting", "seq": request.seq, "picture": request.picture, **size, "ms": millis}, frame_pixels)

    def _send_part(self, job: Job, picture: Picture, masks: dict[str, NDArray[np.float32]]) -> None:
        """What the page shows of a large painting goes first, where that is sooner."""
        request: PaintRequest = job.request
        assert request.visible
        found = self._engine.paint_part(
            picture, request.look, request.visible, masks=masks, long_edge_px=request.long_edge, cancelled=job.cancelled
        )
        if found:
            window, pixels = found
            place = {"left": window.left, "top": window.top, "width": window.width, "height": window.height}
            frame = protocol.pack({"type": "part", "seq": request.seq, "picture": request.picture, **place}, _levels(pixels).tobytes())
            asyncio.run_coroutine_threadsafe(self._send_frame(frame), self._loop)

    def _run_thumb(self, job: Job, style: str) -> bytes:
        request = job.request
        look = Look(styles=((style, 1.0),))
        picture = self._pictures.get(request.picture)
        painting = self._engine.paint(picture, look, long_edge_px=request.long_edge, cancelled=job.cancelled)
        size = {"width": painting.width, "height": painting.height}
        return protocol.pack({"type": "thumb", "seq": request.seq, "picture": request.picture, "style": style, **size}, to_bytes(painting))

    async def _run_export(self, job: Job) -> None:
        sent = 0.0

        def progress(fraction: float) -> None:
            nonlocal sent
            if fraction - sent >= 0.01:
                sent = fraction
                message = {"type": "progress", "seq": job.request.seq, "fraction": round(fraction, 3)}
                asyncio.run_coroutine_threadsafe(self._send(message), self._loop)

        await self._answer(job, partial(self._render_export, progress=progress))

    def _render_export(self, job: Job, progress: Callable[[float], None]) -> bytes:
        request: ExportRequest = job.request
        picture = self._pictures.get(request.picture)
        masks = self._pictures.masks(request.look)
        finished = self._engine.render(
            picture, request.look, masks=masks, long_edge_px=request.long_edge, cancelled=job.cancelled, progress=progress
        )
        note = write_note(request.look, picture.id, masks) if request.embed_look else ""
        data = encode(finished, request.format, request.quality, request.keep_metadata, note)
        if job.cancelled():
            raise Cancelled
        size = {"width": finished.width, "height": finished.height}
        return protocol.pack({"type": "exported", "seq": request.seq, "mime": MIME_TYPES[request.format], **size}, data)

    async def _send_error(self, seq: int | None, error: Exception) -> None:
        if not isinstance(error, ImpastoError):
            _log.error("A request failed", exc_info=error)
            error = ImpastoError("Something went wrong in the studio.", "Try again; the terminal it runs in says more.")
        code = "unknown-picture" if isinstance(error, UnknownPictureError) else "refused"
        await self._send({"type": "error", "seq": seq, "code": code, "error": error.message, "hint": error.hint})

    async def _send(self, header: dict[str, Any]) -> None:
        await self._send_frame(protocol.pack(header))

    async def _send_frame(self, frame: bytes) -> None:
        async with self._sending:
            try:
                await self._socket.send_bytes(frame)
            except (RuntimeError, WebSocketDisconnect):
                return  # the page has gone; the receiving side ends the session


def to_bytes(picture: Picture) -> bytes:
    """Raw RGB8 of a picture, row by row from the top; RGBA8 is `photo_frame`'s to make."""
    return _levels(picture.pixels).tobytes()


def _levels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    scaled = values * np.float32(255)
    scaled += np.float32(0.5)
    return np.clip(scaled, 0, 255, out=scaled).astype(np.uint8)


def photo_frame(photo: Picture) -> bytes:
    """A frame with the photo's pixels: RGB8, or RGBA8 where it has alpha."""
    pixels = _levels(photo.pixels)
    if photo.alpha is not None:
        pixels = np.dstack((pixels, _levels(photo.alpha)))
    header = {"type": "photo", "width": photo.width, "height": photo.height, "channels": pixels.shape[2]}
    return protocol.pack(header, pixels.tobytes())


def _seq_of(header: dict[str, Any]) -> int | None:
    seq = header.get("seq")
    return seq if isinstance(seq, int) and not isinstance(seq, bool) else None
