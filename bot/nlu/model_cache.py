"""Trained models kept on disk: a start with unchanged content, code and key trains nothing.

A file is a pickle behind a keyed hash. Only this application's own key opens it, so whatever else lies there is trained
anew and never unpickled.
"""

from __future__ import annotations

import hmac
import logging
import os
import pickle
import sys
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import numpy as np

from bot.core.catalogue import Catalogue
from bot.nlu.model import Trained

log = logging.getLogger(__name__)

_MAC = 32  # bytes at the beginning of a file
_CODE = (Path(__file__).parent, Path(__file__).parent.parent / "core")


class ModelCache:
    """`key` signs what is written to `folder`; it is asked for when it is needed."""

    def __init__(self, folder: Path, key: Callable[[], str]) -> None:
        self.folder = folder
        self.key = key

    def kept(self, catalogue: Catalogue, encoder: str) -> Trained | None:
        """The model of this catalogue and of the encoder of this name ("": words alone), if it is there. Blocking."""
        try:
            with self._file(encoder).open("rb", buffering=0) as file:
                mac, payload = file.read(_MAC), file.read()
        except OSError:
            return None
        if not hmac.compare_digest(mac, self._mac(catalogue, encoder, payload)):
            return None
        model: Trained = pickle.loads(payload)  # noqa: S301 (signed by us)
        return model

    def keep(self, catalogue: Catalogue, encoder: str, model: Trained) -> None:
        """In place of the one before. A folder that cannot be written costs the next start its training, nothing
        else. Blocking."""
        payload = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
        file = self._file(encoder)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.write_bytes(self._mac(catalogue, encoder, payload) + payload)
            part.replace(file)
        except OSError as error:
            log.warning("the trained model could not be kept", extra={"why": error.strerror})

    def _file(self, encoder: str) -> Path:
        return self.folder / ("meaning.model" if encoder else "words.model")

    def _mac(self, catalogue: Catalogue, encoder: str, payload: bytes) -> bytes:
        mac = hmac.new(self.key().encode(), fingerprint(catalogue, encoder), "sha256")
        mac.update(payload)
        return mac.digest()


def fingerprint(catalogue: Catalogue, encoder: str) -> bytes:
    """Of all that a model is made of: the content's sentences, the code, the versions under it."""
    learnt = (catalogue.examples, catalogue.unrelated, catalogue.synonyms, catalogue.faq, catalogue.services)
    digest = blake2b(repr((learnt, encoder, np.__version__, sys.version)).encode(), digest_size=32)
    for file in sorted(file for folder in _CODE for file in folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.digest()
