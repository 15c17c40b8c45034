"""Which understanding serves: the embedded model, with meanings when an encoder is configured, beside a Rasa server
when one is."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.core.catalogue import Catalogue
from bot.core.ports import Match, Nlu, Reading
from bot.dialogs.router import INTENTS
from bot.nlu.model import EmbeddedNlu, Trained, trained
from bot.nlu.model_cache import ModelCache
from bot.nlu.rasa import RasaNlu, RasaServer
from bot.nlu.semantic import Encoder, load
from bot.nlu.vectors import Floats
from bot.settings import Settings, derived

if TYPE_CHECKING:
    from bot.nlu.encoder_process import AskedVectors

log = logging.getLogger(__name__)

TRY_AGAIN = 60.0  # seconds until meanings are learnt again after the encoder failed

Watch = Callable[[str, float], None]
"""Told of each "intent" and "question" how sure the likeliest reading is, 0 to 1."""


class Watched:
    """An `Nlu` whose confidence is seen."""

    def __init__(self, nlu: Nlu, watchers: Sequence[Watch]) -> None:
        self.nlu = nlu
        self._watchers = watchers
        self.parse = nlu.parse

    async def read(self, text: str, language: str) -> Reading:
        reading = await self.nlu.read(text, language)
        for watch in self._watchers:
            watch("intent", reading.confidence)
        return reading

    async def answers(self, text: str, language: str, *, service: str = "", limit: int = 4) -> tuple[Match, ...]:
        found = await self.nlu.answers(text, language, service=service, limit=limit)
        for watch in self._watchers:
            watch("question", found[0].score if found else 0.0)
        return found


class Understanding:
    """Makes an `Nlu` of a catalogue. Raises NoEncoder when the configured encoder is not installed."""

    def __init__(self, settings: Settings) -> None:
        self.watchers: list[Watch] = []
        self._name = settings.semantic_model
        self._folder = settings.data_dir
        self._cache = ModelCache(settings.data_dir / "models", lambda: derived(settings, "models"))
        self._encoder = load(self._name).name if self._name else ""
        self._asked: AskedVectors | None = None
        self._meant: Catalogue | None = None  # whose meanings are in use
        self._edited = asyncio.Event()
        rasa_url = settings.rasa_url.get_secret_value()
        self._rasa = RasaServer(rasa_url) if rasa_url else None

    def of(self, catalogue: Catalogue) -> Nlu:
        """At once: with meanings if they were learnt before, else by words alone. Blocking: trains unless kept."""
        model = self._cache.kept(catalogue, self._encoder)
        if model and self._encoder:
            self._meant = catalogue
        if model is None and self._encoder:
            model = self._cache.kept(catalogue, "")
        if model is None:
            model = trained(catalogue)
            self._cache.keep(catalogue, "", model)
            _give_back()
        return self._serving(model)

    def watched(self, nlu: Nlu) -> Watched:
        """The same for conversations: `watchers` see it."""
        return Watched(nlu, self.watchers)

    def edited(self) -> None:
        """Another catalogue is in use. To be called in the loop."""
        self._edited.set()

    @asynccontextmanager
    async def running(self, catalogue: Callable[[], Catalogue], use: Callable[[Nlu], None]) -> AsyncIterator[None]:
        """Meanwhile meanings are known, and those of a new catalogue are learnt in the background; then `use` is
        given the better `Nlu`."""
        try:
            if not self._name:
                yield
                return
            from bot.nlu.encoder_process import asked_vectors

            async with asked_vectors(self._name) as self._asked:
                self._edited.set()
                learning = asyncio.create_task(self._learn(catalogue, use))
                try:
                    yield
                finally:
                    learning.cancel()
                    await asyncio.wait({learning})
        finally:
            if self._rasa:
                await self._rasa.close()

    async def _learn(self, catalogue: Callable[[], Catalogue], use: Callable[[Nlu], None]) -> None:
        from bot.nlu.encoder_process import EncoderProcess
        from bot.nlu.semantic import EncoderDown

        while True:
            await self._edited.wait()
            self._edited.clear()
            wanted = catalogue()
            if wanted is self._meant:
                continue
            with EncoderProcess(self._name, nice=10) as encoder:
                try:
                    model = await asyncio.to_thread(self._with_meanings, wanted, encoder)
                except EncoderDown:
                    log.warning("meanings could not be learnt; the words alone are understood")
                    await asyncio.sleep(TRY_AGAIN)
                    self._edited.set()
                    continue
            if wanted is catalogue():
                self._meant = wanted
                use(self._serving(model))
                log.info("meanings are understood", extra={"encoder": encoder.name})

    def _with_meanings(self, catalogue: Catalogue, encoder: Encoder) -> Trained:
        from bot.nlu.vector_cache import VectorCache

        with VectorCache(encoder, self._folder / "vectors") as vectors:
            model = trained(catalogue, vectors.encode)
        self._cache.keep(catalogue, encoder.name, model)
        _give_back()
        return model

    def _serving(self, model: Trained) -> Nlu:
        embedded = EmbeddedNlu(model, ask=self._vector if self._name else None)
        return RasaNlu(self._rasa, embedded, INTENTS) if self._rasa else embedded

    async def _vector(self, words: str) -> Floats | None:
        return await self._asked.vector(words) if self._asked else None


def _give_back() -> None:
    """To the system, what learning took and let go of: 30 MB, which glibc would keep."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
