"""`pishkhan evaluate`: how well it understands, on anybody's data or, without any, on our own content."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from yaml import YAMLError

from bot import content, settings
from bot.commands.errors import Ended
from bot.core.catalogue import Catalogue
from bot.nlu import evaluate


def nlu(train: Path | None, test: Path | None, *, json: bool) -> str:
    """Intents: trained on one file and tested with another, or cross-validated over one, or over our own."""
    if test and not train:
        raise Ended("--test needs --train")
    return _scores(lambda: evaluate.evaluate_nlu(train, test) if train else evaluate.own_intents(_ours()), json=json)


def faq(entries: Path | None, questions: Path | None, *, json: bool) -> str:
    """Questions against entries, or each way of asking of our own content with itself taken out."""
    if bool(entries) != bool(questions):
        raise Ended("--entries and --questions go together")

    def scores() -> Any:
        return evaluate.evaluate_faq(entries, questions) if entries and questions else evaluate.own_faq(_ours())

    return _scores(scores, json=json)


def _ours() -> Catalogue:
    return content.load(settings.read().content_dir)


def _scores(measure: Callable[[], Any], *, json: bool) -> str:
    try:
        scores = asdict(measure())
    except OSError as error:
        raise Ended(f"{error.filename}: {error.strerror}") from None
    except KeyError as error:
        raise Ended(f"an entry or question has no {error}") from None
    except YAMLError as error:
        raise Ended("not YAML: " + " ".join(str(error).split())) from None
    except ValueError as error:
        raise Ended(*str(error).splitlines()) from None
    if json:
        return orjson.dumps(scores).decode()
    width = max(map(len, scores))
    return "\n".join(f"{name.ljust(width)}  {_figure(value)}" for name, value in scores.items())


def _figure(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}" if value < 100 else f"{value:.1f}"
