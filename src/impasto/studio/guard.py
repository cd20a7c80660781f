"""What stands before every request: who may ask (Host and Origin), how much may come in, and the headers each answer carries.

Plain ASGI, so that limits hold while a body is still streaming. Knows no routes.
"""

from __future__ import annotations

import ipaddress
import json
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from impasto.errors import ImpastoError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_WILDCARDS = {"0.0.0.0", "::", "[::]"}  # compared with, never bound to
_DRAIN_BYTES = 64 * 2**20
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class TooLargeError(ImpastoError):
    """The body goes over the limit."""

    def __init__(self, limit_bytes: int) -> None:
        limit = f"{limit_bytes / 2**20:g} MiB" if limit_bytes >= 2**20 else f"{limit_bytes / 1024:g} KiB"
        super().__init__(f"That file is too large: the studio takes up to {limit}.", "Send a smaller one.")


class Guard:
    """ASGI middleware: Host and Origin checks, body limit, security headers."""

    def __init__(self, app: ASGIApp, allowed_hosts: tuple[str, ...], max_body_bytes: int) -> None:
        self._app = app
        self._names = {name.lower() for name in (*LOOPBACK, *allowed_hosts)}
        self._any_address = bool(_WILDCARDS & self._names)
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal:
            return await _refuse(scope, receive, send, *refusal)
        await self._app(scope, self._limited(headers, receive), _with_headers(send, headers.get("host", "")))
        return None

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_allowed(host):
            return 400, f"The studio does not answer for the host {host[:100]!r}.", "Open it at the address it printed when it started."
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if changes and origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, "Another site may not use this studio.", "Open the studio's own page."
        return None

    def _is_allowed(self, host: str) -> bool:
        """A name given at the start; bound to every address, any IP too (a rebound DNS name is never one)."""
        name = host_name(host)
        if name in self._names:
            return True
        return self._any_address and _is_address(name)

    def _limited(self, headers: dict[str, str], receive: Receive) -> Receive:
        announced = headers.get("content-length", "")
        too_large = announced.isdigit() and int(announced) > self._max_body_bytes
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if message["type"] == "http.request" and (too_large or received > self._max_body_bytes):
                await _drain(message, receive)
                raise TooLargeError(self._max_body_bytes)
            return message

        return limited


def host_name(host: str) -> str:
    """The Host header without its port, lower case; an IPv6 address keeps its brackets."""
    name = host.lower().strip()
    return name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.partition(":")[0]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


async def _drain(message: Message, receive: Receive) -> None:
    """Read on for a while and drop it: a client that is still sending would otherwise never see the answer."""
    drained = 0
    while message.get("more_body") and drained < _DRAIN_BYTES:
        message = await receive()
        drained += len(message.get("body", b""))


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, error: str, hint: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        return await send({"type": "websocket.close", "code": 1008})
    body = json.dumps({"error": error, "hint": hint}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return None


def _with_headers(send: Send, host: str) -> Send:
    extra = [
        (b"content-security-policy", _policy(host).encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return sender


def _policy(host: str) -> str:
    """Everything from here only; the websocket is named since not every browser counts it as 'self'."""
    return (
        f"default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws://{host} wss://{host}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
