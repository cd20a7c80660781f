"""The page's files: HTML, scripts as they are, the style sheets of all components as one. Knows no pictures.

There is no build step, so the page is made of many small files; it is told of all its scripts at once, for a browser that finds them one
import after the other shows nothing for a second.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.responses import Response

STATIC = Path(__file__).parent / "static"
_FRESH = {"cache-control": "no-cache"}  # asked again each time, answered 304: an upgrade never meets an old script
_FIRST_SHEETS = ("style.css", "components/control-slider.css")  # the others build on these
_OTHER_PAGES = ("docs.js", "docs.css")
mimetypes.add_type("text/javascript", ".js")  # some systems say otherwise, and nosniff would then stop the page


def add_page(app: FastAPI) -> None:
    """The studio's page, the page about its interface, and their files."""
    app.mount("/static", _FreshFiles(directory=STATIC), name="static")

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={**_FRESH, "link": _preloads()})

    @app.get("/studio.css", include_in_schema=False)
    async def styles() -> Response:
        return Response(style_sheet(), media_type="text/css", headers=_FRESH)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html", headers=_FRESH)

    @app.get("/favicon.ico", include_in_schema=False)
    async def favicon() -> FileResponse:
        return FileResponse(STATIC / "icon.svg", media_type="image/svg+xml")


def style_sheet() -> str:
    """The ground first, then every component's."""
    first = [STATIC / name for name in _FIRST_SHEETS]
    others = [path for path in sorted(STATIC.rglob("*.css")) if path not in first and path.name not in _OTHER_PAGES]
    return "\n".join(path.read_text(encoding="utf-8") for path in first + others)


def _preloads() -> str:
    """What the page will need, as the value of a Link header."""
    scripts = [path.relative_to(STATIC).as_posix() for path in sorted(STATIC.rglob("*.js")) if path.name not in _OTHER_PAGES]
    return ", ".join(["</studio.css>; rel=preload; as=style", *(f"</static/{script}>; rel=modulepreload" for script in scripts)])


class _FreshFiles(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = _FRESH["cache-control"]
        return response
