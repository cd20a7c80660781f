"""Writing files whole: whoever reads one sees the old content or the new, never half of it. Knows nothing of what is in them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from impasto.errors import ImpastoError


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` under a temporary name beside `path`, then rename; an ImpastoError where that cannot be done."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".impasto-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o666 & ~_umask())  # mkstemp is stricter than a file that a person makes
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ImpastoError(f"{str(path)!r} cannot be written: {error.strerror}.", "Choose a place where you may write.") from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
