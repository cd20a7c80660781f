"""Installs into this environment with uv, in a fraction of pip's time; with pip itself where that cannot bring uv, where it was
told something that uv would not be told here, or where uv does not manage.

    .venv/bin/python .ci/install.py --constraint constraints.txt --editable '.[train,dev]'
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
# What pip may have been told, and how uv is told the same; the others have no say in which packages come.
TOLD = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
HARMLESS = {
    "cache-dir",
    "default-timeout",
    "disable-pip-version-check",
    "no-color",
    "progress-bar",
    "quiet",
    "retries",
    "root-user-action",
    "timeout",
}
LISTS = {"UV_FIND_LINKS": ","}  # between several, where it is no space


def settings() -> dict[str, str]:
    """pip's configuration by the options' names; the environment, which it lists last, wins."""
    lines = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True).stdout.splitlines()
    pairs = (line.split("=", 1) for line in sorted(lines, key=lambda line: line.startswith(":env:")))
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, value in pairs}


def installed_by_uv(wanted: list[str]) -> bool:
    """Whether uv has done it; `unsafe-best-match` is what pip does with several indexes."""
    told = settings()
    if not told.keys() <= TOLD.keys() | HARMLESS:
        return False
    if subprocess.run([*PIP, "install", "--quiet", "--constraint", "constraints.txt", "uv"], check=False).returncode:
        return False
    environment = {**os.environ, **{TOLD[name]: LISTS.get(TOLD[name], " ").join(told[name].split()) for name in told.keys() & TOLD.keys()}}
    options = ["--quiet", "--python", sys.executable, "--index-strategy", "unsafe-best-match", "--compile-bytecode"]
    return not subprocess.run([sys.executable, "-m", "uv", "pip", "install", *options, *wanted], env=environment, check=False).returncode


if __name__ == "__main__":
    if not installed_by_uv(sys.argv[1:]):
        sys.exit(subprocess.run([*PIP, "install", "--quiet", *sys.argv[1:]], check=False).returncode)
