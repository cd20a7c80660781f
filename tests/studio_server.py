"""A real studio on a free port, in a thread, for the tests: it can be stopped and started again on the same port."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import uvicorn

from impasto.palette import Palette
from impasto.studio.server import config, create_app


class RunningStudio:
    """Starts at once; a restarted studio has forgotten every picture, as a new process would have."""

    def __init__(self, palette: Palette, **options: Any) -> None:
        self._palette = palette
        self._options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.live_url = f"ws://127.0.0.1:{self.port}/api/live"
        self.start()

    def start(self) -> None:
        app = create_app(self._palette, **self._options)
        self.engine, self.apprentice = app.state.engine, app.state.apprentice
        settings = config(app)
        settings.port = self.port
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 60
        while not self._server.started:
            assert time.monotonic() < deadline and self._thread.is_alive(), "the studio did not start"
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the studio did not stop"
