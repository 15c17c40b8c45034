"""eSpeak NG inside this process: formant speech for a hundred languages, three milliseconds a sentence, nothing to
install. The library is GPL 3 and comes as the wheel `espeakng-loader`; its API is `speak_lib.h` of eSpeak NG 1.52."""

from __future__ import annotations

import ctypes
import re
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.channels.voice.sound import CannotSpeak, Sound, levelled, resampled, trimmed
from bot.core.voice_content import Engine

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT
_UTF8, _END_PAUSE = 1, 0x1000  # flags of espeak_Synth
_IPA = 2  # of espeak_TextToPhonemes
_PARAMETERS = {"rate": 1, "pitch": 3}  # espeak_PARAMETER
_DAMMA = "\u064f"

# «و» between numbers is said as a short «o» at the end of the word before; the engine would say «va».
_AND = re.compile(
    r"(?<![ء-ۓ])((?:صد|یکصد|دویست|سیصد|چهارصد|پانصد|ششصد|هفتصد|هشتصد|نهصد|بیست|سی|چهل|پنجاه|شصت|هفتاد|هشتاد|نود"
    r"|هزار|میلیون|میلیارد|تریلیون|یک|دو|سه|چهار|پنج|شش|هفت|هشت|نُه|ده|[ء-ۓ]+ده)) و(?![ء-ۓ])"
)


class _Library:
    """The one loaded copy. It keeps its voice, rate and callback in globals of C: one caller at a time."""

    def __init__(self) -> None:
        import espeakng_loader

        self.lock = threading.Lock()
        self.c = ctypes.cdll.LoadLibrary(str(espeakng_loader.get_library_path()))
        self.c.espeak_TextToPhonemes.restype = ctypes.c_char_p
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate: int = self.c.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate <= 0:
            raise CannotSpeak("eSpeak NG cannot read its data")
        self._pieces: list[bytes] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)  # kept: C has a pointer to it
        self.c.espeak_SetSynthCallback(self._callback)

    def _take(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    def voice(self, name: str) -> bool:
        return bool(self.c.espeak_SetVoiceByName(name.encode()) == 0)

    def speak(self, text: str) -> Sound:
        self._pieces.clear()
        data = text.encode() + b"\0"
        failed = self.c.espeak_Synth(data, len(data), 0, 0, 0, _UTF8 | _END_PAUSE, None, None)
        if failed:
            raise CannotSpeak(f"eSpeak NG: error {failed}")
        return np.frombuffer(b"".join(self._pieces), dtype=np.int16)


_library: _Library | None = None
_loading = threading.Lock()


def _loaded() -> _Library:
    global _library
    with _loading:
        if _library is None:
            try:
                _library = _Library()
            except (ImportError, OSError) as error:
                raise CannotSpeak("eSpeak NG is not installed: pip install espeakng-loader") from error
        return _library


def respelled(text: str) -> str:
    """Spelling that makes the engine say Persian numbers as people do: «بیستُ پنج»."""
    before = ""
    while before != text:  # a word may stand between two
        before, text = text, _AND.sub(rf"\1{_DAMMA}", text)
    return text


@dataclass(slots=True)
class Espeak:
    """Implements `Synthesiser`."""

    engine: Engine
    _known: dict[str, bool] = field(default_factory=dict)  # language → whether there is a voice

    @property
    def mark(self) -> str:
        return f"espeak-ng {self.engine.rate} {self.engine.pitch} {sorted(self.engine.voices.items())}"

    def speaks(self, language: str) -> bool:
        if language not in self._known:
            try:
                library = _loaded()
            except CannotSpeak:
                return False
            with library.lock:
                self._known[language] = language in self.engine.voices and library.voice(self.engine.voices[language])
        return self._known[language]

    def speak(self, text: str, language: str) -> Sound:
        library = _loaded()
        with library.lock:
            self._set_up(library, language)
            raw = library.speak(respelled(text) if language == "fa" else text)
        sound = trimmed(resampled(raw, library.rate))
        if not len(sound):
            raise CannotSpeak("eSpeak NG makes no sound of it")
        return levelled(sound, self.engine.volume)

    def phonemes(self, text: str, language: str) -> str:
        """How it will be pronounced, in the International Phonetic Alphabet."""
        library = _loaded()
        with library.lock:
            self._set_up(library, language)
            rest = ctypes.create_string_buffer((respelled(text) if language == "fa" else text).encode())
            pointer, said = ctypes.c_void_p(ctypes.addressof(rest)), []
            while pointer.value:
                said.append(library.c.espeak_TextToPhonemes(ctypes.byref(pointer), _UTF8, _IPA).decode())
        return " ".join(" ".join(said).split())

    def _set_up(self, library: _Library, language: str) -> None:
        name = self.engine.voices.get(language)
        if name is None or not library.voice(name):
            raise CannotSpeak(f"eSpeak NG has no voice for {language}")
        for parameter, number in _PARAMETERS.items():
            library.c.espeak_SetParameter(number, getattr(self.engine, parameter), 0)
