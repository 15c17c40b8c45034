"""Vectors of the content's own texts, kept on the disk: they cost 30 ms each and change only when the text does."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from types import TracebackType

import numpy as np

from bot.nlu.semantic import Encoder
from bot.nlu.vectors import Floats

log = logging.getLogger(__name__)

FILE = "training.vectors"
SAVED_EVERY = 256  # new texts: what an interrupted first start loses is a few seconds' work


class VectorCache:
    """For the time of one training: `with VectorCache(encoder, folder) as cache: …train(…, encode=cache.encode)`.

    Only texts that are not in the folder's file are encoded. At the end the file holds what this training asked for and
    nothing else; when the training failed, also what was there before.

    The file: a JSON line (encoder, vectors' size, number of texts, SHA-256 of the rest), then for each text 16 bytes of
    its BLAKE2b and its vector in little-endian float32. A file whose line is not exactly so is ignored.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._file = folder / FILE
        self._row = np.dtype([("text", "V16"), ("vector", "<f4", (encoder.size,))])
        self._saved = self._read()
        self._known = dict(self._saved)
        self._asked: set[bytes] = set()

    def __enter__(self) -> VectorCache:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._known = {key: self._known[key] for key in self._known if key in self._asked}
        self._save()

    def encode(self, texts: Sequence[str]) -> Floats:
        """As `Encoder.encode`. Blocking. Raises EncoderDown."""
        keys = [blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest() for text in texts]
        self._asked.update(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        if missing:
            log.info("encoding texts", extra={"texts": len(missing), "encoder": self._encoder.name})
        new = list(missing)
        for start in range(0, len(new), SAVED_EVERY):
            part = new[start : start + SAVED_EVERY]
            self._known.update(zip(part, self._encoder.encode([missing[key] for key in part]), strict=True))
            if len(self._known) - len(self._saved) > max(SAVED_EVERY, len(self._known) // 4):
                self._save()
        vectors = np.empty((len(keys), self._encoder.size), np.float32)
        for row, key in enumerate(keys):
            vectors[row] = self._known[key]
        return vectors

    def _read(self) -> dict[bytes, Floats]:
        try:
            head, _, body = self._file.read_bytes().partition(b"\n")
        except OSError:
            return {}
        if head == self._head(body):
            return {row["text"].tobytes(): row["vector"] for row in np.frombuffer(body, self._row)}
        log.warning("kept vectors are damaged or of another encoder: made anew", extra={"file": self._file.name})
        return {}

    def _head(self, body: bytes) -> bytes:
        texts = len(body) // self._row.itemsize
        about = {"encoder": self._encoder.name, "size": self._encoder.size, "texts": texts}
        return json.dumps(about | {"sha256": sha256(body).hexdigest()}).encode()

    def _save(self) -> None:
        if self._known.keys() == self._saved.keys():
            return
        rows = np.array([(np.void(key), vector) for key, vector in self._known.items()], self._row)
        body = rows.tobytes()
        part = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(self._head(body) + b"\n" + body)
            part.replace(self._file)
        except OSError as error:
            log.warning("vectors cannot be kept", extra={"why": error.strerror})
        self._saved = dict(self._known)
