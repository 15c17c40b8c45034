"""Strict YAML as plain nodes: every scalar is its text (`yes`, `0712` and `12:30` too), and every node has its line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field

import yaml
from yaml.reader import Reader

from bot.core.values import value

DEEPEST = 20  # levels inside each other; the content's own are eight at most
_HINT = 'indent with spaces, and put "quotes" around text that has ": " or " #" in it or begins with a sign'
_CONTROL = re.compile(f"{Reader.NON_PRINTABLE.pattern}|[\x85\u2028\u2029]")  # the last ones begin a line in YAML alone
LOADER: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml is ten times as fast


@value
class Scalar:
    line: int  # from 1, as in all nodes
    text: str
    block: bool = False  # written below a "|"


@value
class Sequence:
    line: int
    nodes: list[Node] = field(default_factory=list)


@value
class Mapping:
    line: int
    nodes: list[Node] = field(default_factory=list)  # keys and values in turn

    @property
    def pairs(self) -> Iterable[tuple[Node, Node]]:
        """As they are written: a key may stand twice."""
        return zip(self.nodes[::2], self.nodes[1::2], strict=True)


Node = Scalar | Sequence | Mapping


class NotYaml(Exception):
    """The text is no YAML, or YAML that content does not use."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


def compose(text: str) -> Node:
    """The one document of a text. Raises NotYaml.

    Anchors, aliases and tags are refused: in content they are text whose quotes were forgotten.
    """
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise NotYaml(line, f"an invisible control character (U+{ord(control.group()):04X}); delete it")
    try:
        documents = _build(iter(LOADER(text).get_event, None))
    except yaml.MarkedYAMLError as error:
        raise NotYaml(_line(error, text), f"not valid YAML: {error.problem or error.context}; {_HINT}") from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: "\\UFFFFFFFF" without libyaml
        raise NotYaml(1, f"not valid YAML: {type(error).__name__}; {_HINT}") from error
    if not documents:
        raise NotYaml(1, "the file is empty")
    if len(documents) > 1:
        raise NotYaml(documents[1].line, "a second document begins here; remove the line `---` above")
    return documents[0]


def _line(error: yaml.MarkedYAMLError, text: str) -> int:
    """Of what was left open if that is the mistake, else of where it was noticed; never behind the text's end."""
    opened = error.context and re.search("flow|quoted", error.context)
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    return min(mark.line, text.rstrip().count("\n")) + 1 if mark else 1


def _build(events: Iterable[yaml.Event]) -> list[Node]:
    """Nodes of events, without recursion: PyYAML's own composer overflows the stack of C on deep nesting."""
    documents: list[Node] = []
    levels = [documents]  # the lists that are open
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            levels[-1].append(Scalar(_checked(event), event.value, event.style == "|"))
        elif isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
        elif isinstance(event, yaml.NodeEvent):
            line = _checked(event)
            collection = Mapping(line) if isinstance(event, yaml.MappingStartEvent) else Sequence(line)
            levels[-1].append(collection)
            levels.append(collection.nodes)
            if len(levels) > DEEPEST:
                raise NotYaml(line, f"more than {DEEPEST} levels inside each other; {_HINT}")
    return documents


def _checked(event: yaml.NodeEvent) -> int:
    """The line of what has no anchor, alias and tag. Raises NotYaml."""
    line = event.start_mark.line + 1 if event.start_mark else 1
    if event.anchor or getattr(event, "tag", None):
        raise NotYaml(line, f"&, * and ! in front mean something in YAML that is not used here; {_HINT}")
    return line
