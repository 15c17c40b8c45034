"""Files of one page, in memory: recordings, pictures, documents. The oldest make room."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

LARGEST = 5 << 20  # bytes of one file
MOST = 12 << 20  # bytes of all files of a page


@dataclass(frozen=True, slots=True)
class Blob:
    data: bytes
    media_type: str
    name: str = ""


@dataclass(slots=True)
class Blobs:
    kept: OrderedDict[str, Blob] = field(default_factory=OrderedDict)

    def put(self, prefix: str, blob: Blob) -> str:
        """Its id: the prefix and 32 hexadecimal digits, as Twilio's. Raises ValueError for a file that is too large."""
        if len(blob.data) > LARGEST:
            raise ValueError("too large")
        name = prefix + secrets.token_hex(16)
        self.kept[name] = blob
        while sum(len(b.data) for b in self.kept.values()) > MOST:
            self.kept.popitem(last=False)
        return name

    def get(self, name: str) -> Blob | None:
        return self.kept.get(name)
