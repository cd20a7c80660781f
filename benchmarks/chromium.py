"""A headless Chromium driven over its DevTools port, with nothing listened to but the answers.

The tools that test pages listen to the network, so the browser hands them every websocket message as text; with a painting in each that
costs more than to draw it. A benchmark must not pay for its own looking. Needs Chromium: apt-get install chromium.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import connect

ARGUMENTS = [
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "about:blank",
]
KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "End": 35, "Home": 36}
START_S = 60
_BUTTONS = {"mousePressed": 1, "mouseMoved": 1, "mouseReleased": 0}


class Chromium:
    """One page, 1280×800, in a browser of its own that leaves nothing behind."""

    def __init__(self) -> None:
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if executable is None:
            raise SystemExit("This needs Chromium: apt-get install chromium")
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        arguments = [executable, f"--user-data-dir={self._home.name}", "--window-size=1280,800", *ARGUMENTS]
        self.process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._numbers = itertools.count(1)
        self._socket = connect(self._page_url(), max_size=None, compression=None)
        self._send("Emulation.setDeviceMetricsOverride", width=1280, height=800, deviceScaleFactor=1, mobile=False)

    def _page_url(self) -> str:
        told = Path(self._home.name, "DevToolsActivePort")
        deadline = time.monotonic() + START_S
        while not told.exists() or not told.read_text().strip():
            if time.monotonic() > deadline:
                raise SystemExit("Chromium does not start.")
            time.sleep(0.05)
        with urllib.request.urlopen(f"http://127.0.0.1:{told.read_text().split()[0]}/json/list") as answer:
            pages: list[dict[str, str]] = json.load(answer)
        return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()
        self.process.terminate()
        self.process.wait()
        self._home.cleanup()

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv())
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        self._send("Page.navigate", url=url)

    def evaluate(self, script: str) -> Any:
        """The value of an expression, or of its promise."""
        answer = self._send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", "The script failed."))
        return answer["result"].get("value")

    def until(self, script: str, within_s: float = 120) -> Any:
        """Waits until an expression is true."""
        deadline = time.monotonic() + within_s
        while True:
            value = self.evaluate(script)
            if value:
                return value
            if time.monotonic() > deadline:
                raise RuntimeError(f"never came: {script}")
            time.sleep(0.05)

    def press(self, key: str) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self._send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key])

    def mouse(self, kind: str, x: float, y: float) -> None:
        """`kind` is mousePressed, mouseMoved (with the button held) or mouseReleased."""
        self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=_BUTTONS[kind], clickCount=1)

    def give_file(self, selector: str, path: Path) -> None:
        """Chooses a file in a file input."""
        root = self._send("DOM.getDocument")["root"]["nodeId"]
        node = self._send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._send("DOM.setFileInputFiles", nodeId=node, files=[str(path.resolve())])
