"""phrases/*.yaml and nlu/: what the bot says, and what people say to it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.content.files import Source
from bot.content.values import LANGUAGES, Value
from bot.content.yaml_source import Scalar
from bot.core.catalogue import Example, Text
from bot.core.text import fold

_GAP = re.compile(r"\{([a-z_][a-z0-9_]*)\}")
_ENTITY = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")  # Rasa: [text](entity) or [text]{"entity": …}


def phrases(value: Value) -> dict[str, Text]:
    found = {}
    for name, (key, said) in value.pairs("texts by their keys").items():
        if first := value.source.findings.define("phrase", name, key.place):
            key.problem(f"the phrase `{name}` stands at {first} already; remove one of the two")
        found[name] = _phrase(said)
    return found


def _phrase(value: Value) -> Text:
    with value.language_table() as table:
        said = {language: table.need(language) for language in LANGUAGES}
    text = {language: one.string() for language, one in said.items()}
    everywhere = set().union(*(_GAP.findall(one) for one in text.values()))
    for language, one in text.items():
        lacking = everywhere.difference(_GAP.findall(one))
        if re.search(r"[{}]", _GAP.sub("", one)):
            said[language].problem("a gap is not closed or named wrongly; write gaps as {name}, small letters a-z")
        elif one and lacking:
            names = ", ".join(f"{{{name}}}" for name in sorted(lacking))
            said[language].problem(f"`{language}` lacks {names}, which another language has; use the same in each")
    return text


def words(value: Value) -> dict[str, Mapping[str, tuple[str, ...]]]:
    return {name: said.lists({}) for name, (_, said) in value.pairs("commands with their words").items()}


def examples(value: Value) -> tuple[Example, ...]:
    """The intents of a Rasa 3 training file; entity annotations are stripped to their text."""
    found: list[Example] = []
    with value.table() as table:
        version = table.need("version")
        if (written := version.string()) and not written.startswith("3."):
            version.problem(f'`{written}` is another format of Rasa; write version: "3.1"')
        for item in table.need("nlu").items(1):
            with item.table() as intent:
                name = intent.need("intent").id()
                found += [Example(name, text) for text in _sentences(intent.need("examples"), name, item)]
    return tuple(found)


def _sentences(block: Value, intent: str, item: Value) -> list[str]:
    if not block.string("a block `|` with lines `- …`"):
        return []
    if not isinstance(block.node, Scalar) or not block.node.block:
        block.problem("write the examples as a block: `examples: |`, then lines `- …`")
        return []
    sentences = []
    for number, line in enumerate(block.node.text.split("\n"), block.place.line + 1):  # the block begins below its "|"
        if not line.strip():
            continue
        source, text = block.source, _ENTITY.sub(r"\1", line.removeprefix("- ")).strip()
        if not line.startswith("- ") or not text:
            source.problem(number, "an example is a line `- sentence`; correct it")
        elif first := source.findings.define("example", fold(text), source.at(number), item.place):
            source.problem(number, f"another intent than `{intent}` has this example at {first}; keep one of the two")
        sentences.append(text)
    return sentences


def synonyms(value: Value) -> dict[str, tuple[str, ...]]:
    return {name: said.strings(1) for name, (_, said) in value.pairs("words with lists of other words").items()}


def sentences(source: Source) -> tuple[str, ...]:
    """One sentence a line; empty lines and lines beginning with # say nothing."""
    lines = [line.strip() for line in (source.text(required=False) or "").split("\n")]
    return tuple(line for line in lines if line and not line.startswith("#"))
