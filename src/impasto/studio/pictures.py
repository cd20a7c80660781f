"""The pictures the studio holds: photos as they came, bounded in MiB, the least recently used dropped first.

Decoded pixels are far larger than files, so they have a bound of their own and are decoded again where they were dropped. The two
newest pictures stay in any case: a large photo, and the mask that was just painted on it. Knows no HTTP.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from impasto.errors import ImpastoError
from impasto.look import Look
from impasto.picture import Picture, decode

Plane = NDArray[np.float32]
Item = TypeVar("Item")
NEWEST_KEPT = 2
_MIB = 2**20


class UnknownPictureError(ImpastoError):
    """The store does not hold the picture (any more); posting it again mends that."""

    def __init__(self) -> None:
        super().__init__("The studio does not have this picture.", "Send the photo, and the masks of its regions, again to /api/pictures.")


class _Shelf(Generic[Item]):
    """Least recently used mapping, bounded by the sum of its items' sizes in bytes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._items: OrderedDict[str, tuple[Item, int]] = OrderedDict()
        self._held = 0

    def get(self, key: str) -> Item | None:
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key][0]

    def put(self, key: str, item: Item, size: int) -> None:
        self.drop(key)
        self._items[key] = (item, size)
        self._held += size
        while self._held > self._limit and len(self._items) > NEWEST_KEPT:
            self.drop(next(iter(self._items)))

    def drop(self, key: str) -> None:
        _, size = self._items.pop(key, (None, 0))
        self._held -= size


class PictureStore:
    """Photos by content hash. Safe to use from several threads."""

    def __init__(self, files_mib: int = 128, decoded_mib: int = 192, masks_mib: int = 64) -> None:
        self._files: _Shelf[bytes] = _Shelf(files_mib * _MIB)
        self._decoded: _Shelf[Picture] = _Shelf(decoded_mib * _MIB)
        self._masks: _Shelf[Plane] = _Shelf(masks_mib * _MIB)
        self._lock = Lock()

    def add(self, data: bytes, name: str = "") -> Picture:
        """Decode a file's bytes and keep them; ImpastoError where they are no picture."""
        picture = decode(data, name)
        with self._lock:
            self._files.put(picture.id, data, len(data))
            self._decoded.put(picture.id, picture, picture.pixels.nbytes)
        return picture

    def get(self, picture_id: str) -> Picture:
        """The picture with this id; UnknownPictureError where it was never posted or was dropped."""
        with self._lock:
            data, picture = self._files.get(picture_id), self._decoded.get(picture_id)
        if data is None:
            raise UnknownPictureError
        if picture is None:
            picture = decode(data)
            with self._lock:
                self._decoded.put(picture_id, picture, picture.pixels.nbytes)
        return picture

    def masks(self, look: Look) -> dict[str, Plane]:
        """The masks of a look's regions, H×W in 0..1: grey pictures, of which the red channel counts."""
        return {region.mask: self._mask(region.mask) for region in look.regions}

    def _mask(self, picture_id: str) -> Plane:
        """A picture as a mask; it leaves the photos, among which a new one for every stroke would push the photo out."""
        with self._lock:
            mask = self._masks.get(picture_id)
        if mask is None:
            mask = np.ascontiguousarray(self.get(picture_id).pixels[..., 0])
            with self._lock:
                self._decoded.drop(picture_id)
                self._masks.put(picture_id, mask, mask.nbytes)
        return mask
