"""A painting over HTTP from a running studio: python examples/ask_the_server.py PHOTO OUT [http://127.0.0.1:7788]."""

import json
import sys
from pathlib import Path

import httpx

photo, out, *server = sys.argv[1:]
look = {"strength": 0.8, "keep_colour": 0.3}
answer = httpx.post(
    f"{server[0] if server else 'http://127.0.0.1:7788'}/api/paint",
    files={"photo": Path(photo).read_bytes()},
    data={"look": json.dumps(look), "format": "png"},
    timeout=60,
)
if answer.is_error:
    sys.exit("{error} {hint}".format(**answer.json()))
Path(out).write_bytes(answer.content)
