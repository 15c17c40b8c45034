"""Typed reading of YAML nodes."""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping as MappingOf
from datetime import date, timedelta
from difflib import get_close_matches
from types import TracebackType
from typing import TypeVar

import jdatetime

from bot.content.files import ID, ID_RULE, Source
from bot.content.findings import Place, Reference
from bot.content.yaml_source import Mapping, Node, Scalar, Sequence
from bot.core.catalogue import Text
from bot.core.text import fold_digits
from bot.core.values import value

LANGUAGES = ("fa", "en")
MANY = 16  # names, more than which a message does not list
_INTEGER = re.compile(r"-?[0-9]{1,15}")
_JALALI = re.compile(r"(1[34][0-9]{2})-([0-9]{2})-([0-9]{2})")
_DELAY = re.compile(r"(0)|([1-9][0-9]{0,3})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_KINDS = {Scalar: "one value", Sequence: "a list", Mapping: "keys with values"}
_D = TypeVar("_D")


def suggestion(wrong: str, known: Collection[str]) -> str:
    """The end of a message about a name that is not known."""
    if near := get_close_matches(wrong, known, 1):
        return f"did you mean `{near[0]}`?"
    if len(known) > MANY:
        return f"there are {len(known)}, and none is like it"
    return f"there are: {', '.join(sorted(known))}" if known else "there are none"


@value
class Value:
    """A node of a file, or the lack of one.

    Each method gives a value of its type whatever is written. When that is wrong the problem is noted and an empty
    value stands in, which nobody sees, because `load` raises in the end. The lack of a node is the default and no
    problem here: who needed it has said so.
    """

    source: Source
    node: Node | None
    key: Node | None = None  # of a mapping's value

    def __bool__(self) -> bool:
        return self.node is not None

    @property
    def place(self) -> Place:
        """Where people look for it: a list or mapping begins at its key, which may stand a line above."""
        node = self.node if isinstance(self.node, Scalar) else self.key or self.node
        return self.source.at(node.line if node else 1)

    def problem(self, message: str) -> None:
        if self.node:
            self.source.findings.problem(self.place, message)

    def _expect(self, what: str) -> None:
        if self.node:
            nothing = isinstance(self.node, Scalar) and not self.node.text.strip()
            self.problem(f"write {what} here, not {'nothing' if nothing else _KINDS[type(self.node)]}")

    # --- one value

    def string(self, what: str = "a text") -> str:
        """The scalar as it is written, without space around it; never empty if it is there."""
        if isinstance(self.node, Scalar) and (text := self.node.text.strip()):
            return text
        self._expect(what)
        return ""

    def id(self, kind: str = "", scope: str = "") -> str:
        """An id; with `kind` one that this place defines, once in the scope (default: everywhere)."""
        text = self.string("an id")
        if text and not ID.fullmatch(text):
            self.problem(f"`{text}` is no id: {ID_RULE}")
        if text and kind and (first := self.source.findings.define(f"{kind} {scope}".strip(), text, self.place)):
            self.problem(f"the {kind} id `{text}` stands at {first} already; give this one another id")
        return text

    def reference(self, kind: str) -> str:
        """The id of something that another place must define."""
        if text := self.string(f"a {kind} id"):
            self.source.findings.references.append(Reference(kind, text, self.place))
        return text

    def one_of(self, known: Collection[str], what: str) -> str:
        text = self.string(what)
        if text and text not in known:
            self.problem(f"`{text}` is not {what}; {suggestion(text, known)}")
            return ""
        return text

    def integer(self, default: _D, low: int | None = None, high: int | None = None) -> int | _D:
        if not self.node or not (text := self.string("a whole number")):
            return default
        if not _INTEGER.fullmatch(text):
            self.problem(f"`{text}` is not a whole number; write digits 0-9 alone")
            return default
        number = int(text)
        if low is not None and number < low:
            self.problem(f"{number} is too small; write {low} or more")
        if high is not None and number > high:
            self.problem(f"{number} is too large; write {high} or less")
        return number

    def boolean(self, default: bool = False) -> bool:
        if self.node and (text := self.string("true or false")):
            if text not in ("true", "false"):
                self.problem(f"`{text}` is neither true nor false; write one of these")
            return text == "true"
        return default

    def delay(self, default: timedelta) -> timedelta:
        """ "90m", "12h", "3d" or "0"."""
        if not self.node or not (text := self.string("a delay")):
            return default
        match = _DELAY.fullmatch(text)
        if not match:
            self.problem(f"`{text}` is not a delay; write 0, or minutes, hours or days such as 30m, 12h or 3d")
            return default
        return timedelta() if match[1] else int(match[2]) * _UNITS[match[3]]

    def clock(self) -> str:
        text = self.string("a time")
        if text and not _CLOCK.fullmatch(text):
            self.problem(f'`{text}` is not a time of day; write it as "07:30"')
            return ""
        return text

    def jalali(self) -> date | None:
        """A Jalali date such as 1405-08-01 as the Gregorian day."""
        if not (text := self.string("a Jalali date")):
            return None
        match = _JALALI.fullmatch(fold_digits(text))
        if not match:
            self.problem(f'`{text}` is not a Jalali date; write it as "1405-08-01"')
            return None
        year, month, day = map(int, match.groups())
        try:
            gregorian: date = jdatetime.date(year, month, day).togregorian()
        except ValueError:
            self.problem(f"`{text}` does not exist: {_last_day(year, month)}")
            return None
        return gregorian

    # --- many values

    def items(self, minimum: int = 0) -> list[Value]:
        if not self.node:
            return []
        if not isinstance(self.node, Sequence):
            self._expect("a list")
            return []
        if len(self.node.nodes) < minimum:
            self.problem(f"the list has {len(self.node.nodes)} of at least {minimum}; write more")
        return [Value(self.source, node) for node in self.node.nodes]

    def strings(self, minimum: int = 0) -> tuple[str, ...]:
        return tuple(item.string() for item in self.items(minimum))

    def pairs(self, what: str = "keys with values") -> dict[str, tuple[Value, Value]]:
        """A mapping: its keys as strings → the key's and the value's nodes. A key that stands twice is refused."""
        found: dict[str, tuple[Value, Value]] = {}
        if not self.node:
            return found
        if not isinstance(self.node, Mapping):
            self._expect(what)
            return found
        for key_node, value_node in self.node.pairs:
            key = Value(self.source, key_node)
            name = key.string("a key")
            if name in found:
                key.problem(f"the key `{name}` stands in line {found[name][0].place.line} already; remove one of them")
            elif name:
                found[name] = (key, Value(self.source, value_node, key_node))
        return found

    def table(self, what: str = "keys with values", missing: str = "the key `{}` is missing; add it") -> Table:
        return Table(self, self.pairs(what), missing, quiet=not isinstance(self.node, Mapping))

    def text(self) -> Text:
        """A text in each language; empty without a node."""
        if not self.node:
            return {}
        with self.language_table() as table:
            return {language: table.need(language).string() for language in LANGUAGES}

    def lists(self, minimum: MappingOf[str, int]) -> dict[str, tuple[str, ...]]:
        """A list of strings in each language."""
        with self.language_table() as table:
            return {language: table.need(language).strings(minimum.get(language, 0)) for language in LANGUAGES}

    def language_table(self) -> Table:
        return self.table(
            "{fa: …, en: …}",
            "the language `{}` is missing; write it in each of: " + ", ".join(LANGUAGES),
        )


class Table:
    """A mapping with known keys. As a context: keys that nobody has asked for are problems at its end."""

    def __init__(self, value: Value, pairs: dict[str, tuple[Value, Value]], missing: str, *, quiet: bool) -> None:
        self.value = value
        self._pairs = pairs
        self._missing = missing
        self._quiet = quiet  # it was no mapping at all, which is said already
        self._known: list[str] = []

    def maybe(self, key: str) -> Value:
        self._known.append(key)
        return self._pairs[key][1] if key in self._pairs else Value(self.value.source, None)

    def need(self, key: str) -> Value:
        if key not in self._pairs and not self._quiet:
            self.value.problem(self._missing.format(key))
        return self.maybe(key)

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            for name, (key, _) in self._pairs.items():
                if name not in self._known:
                    key.problem(f"the key `{name}` is not known here; {suggestion(name, self._known)}")


def root(source: Source, *, required: bool = True) -> Value:
    """All of a YAML file."""
    text = source.text(required=required)
    return Value(source, None if text is None else source.compose(text))


def _last_day(year: int, month: int) -> str:
    """What is wrong with a date of the right shape."""
    if not 1 <= month <= 12:
        return "months are 01 to 12"
    days = 31 if month <= 6 else 30 if month <= 11 or jdatetime.date(year, 1, 1).isleap() else 29
    return f"{jdatetime.date.j_months_en[month - 1]} {year} has the days 01 to {days}"
