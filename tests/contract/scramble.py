"""Payloads that are nearly right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

NONSENSE: tuple[Any, ...] = (None, "", "\u200f<b>%\U0001f600\n", -1, True, [], {"a": [None]})
IN_FORMS = ("", "\u200f<b>%\U0001f600\n", "-1", "9" * 40)


def scrambled(payload: Any) -> Iterator[Any]:
    """A JSON value with each of its parts missing or nonsense."""
    if isinstance(payload, dict):
        for name, part in payload.items():
            yield {k: v for k, v in payload.items() if k != name}
            yield from ({**payload, name: other} for other in (*NONSENSE, *scrambled(part)))
    elif isinstance(payload, list):
        for n, part in enumerate(payload):
            yield from ([*payload[:n], other, *payload[n + 1 :]] for other in (*NONSENSE, *scrambled(part)))


def scrambled_form(form: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """A form with each of its fields missing or nonsense."""
    for name in form:
        yield {k: v for k, v in form.items() if k != name}
        yield from ({**form, name: nonsense} for nonsense in IN_FORMS)
