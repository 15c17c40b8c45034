"""Writing into the content's YAML: lines are put where they belong, and every other byte of the file stays as it is.

A round trip through a YAML library would not do: none keeps the indentation, the wrapping and the quotes of every
style that people write. So a library only tells where things stand, and the new lines are put in there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import unicodedata
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from itertools import chain
from pathlib import Path

import yaml

from bot.content import faq
from bot.content.files import Folder
from bot.content.findings import Findings, Place
from bot.content.loader import load
from bot.content.values import root, suggestion
from bot.content.yaml_source import LOADER
from bot.core.catalogue import Catalogue, Example, FaqEntry, Text
from bot.core.text import INVISIBLE, fold

INTENTS = "nlu/intents.yaml"
_NOT_ANNOTATED = str.maketrans("[]", "()")  # brackets mark values in examples
_RETYPED = frozenset(("y", "n"))  # by readers of YAML 1.1 other than the one that is asked below


class NotWritten(Exception):
    """Nothing was written; the message says why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """New text for one file. Nothing is written until `Editor.save`."""

    file: str  # relative to the content folder, with "/"
    before: bytes
    after: bytes
    meant: Callable[[Catalogue], Catalogue]  # what the content is to be, from what it was

    def __bool__(self) -> bool:
        return self.before != self.after

    def diff(self) -> str:
        """What changes, as a unified diff; empty when nothing does."""
        old, new = (text.decode("utf-8").splitlines() for text in (self.before, self.after))
        return "\n".join(unified_diff(old, new, self.file, self.file, lineterm=""))


class Editor:
    def __init__(self, folder: Path, same: Callable[[str], str] = fold) -> None:
        """Texts that `same` makes equal are not written twice into one entry or intent. Raises ContentErrors when
        the content is not sound as it is."""
        self.folder = folder
        self.catalogue = load(folder)
        self._same = same

    # --- what to write --------------------------------------------------------------------------

    def variants(self, entry: str, texts: Mapping[str, Sequence[str]]) -> Edit:
        """More ways to ask for an entry, by language. Raises NotWritten."""
        file, before, found = self._entry(entry)
        asked = self.catalogue.faq[entry]
        known = [*asked.question.values(), *chain.from_iterable(asked.variants.values())]
        variants = _mapping(_mapping(found).get("variants"))
        text = before.decode("utf-8-sig")
        added: dict[str, tuple[str, ...]] = {}
        for language in sorted(texts, key=lambda each: -variants[each].start_mark.index if each in variants else 0):
            if not isinstance(node := variants.get(language), yaml.SequenceNode):
                raise NotWritten(f"{file}: `{entry}` has no list of variants in `{language}`")
            added[language] = self._new(texts[language], known)
            known += added[language]
            text = _appended(text, node, added[language])

        def meant(catalogue: Catalogue) -> Catalogue:
            old = catalogue.faq[entry]
            more = {language: (*said, *added.get(language, ())) for language, said in old.variants.items()}
            return replace(catalogue, faq={**catalogue.faq, entry: replace(old, variants=more)})

        return Edit(file, before, _encoded(text, before), meant)

    def entry(self, entry: FaqEntry, file: str) -> Edit:
        """A new entry at the end of a file of faq/. Raises NotWritten."""
        before = self._read(file)
        text = before.decode("utf-8-sig")
        root = _compose(text)
        if not isinstance(root, yaml.SequenceNode) or root.flow_style:
            raise NotWritten(f"{file} is no list with a line `- …` for each entry")
        if entry.id in self.catalogue.faq:
            raise NotWritten(f"there is an entry `{entry.id}` already")
        question = {language: _one_line(said) for language, said in entry.question.items()}
        asked = [*question.values()]
        variants: dict[str, tuple[str, ...]] = {}
        for language, said in entry.variants.items():
            variants[language] = self._new(said, asked)
            asked += variants[language]
        answer = {language: _one_line(said) for language, said in entry.answer.items()}
        entry = replace(entry, question=question, variants=variants, answer=answer)
        indent = " " * root.start_mark.column
        lines = ["", *(indent + line for line in _written(entry))]
        text = _inserted(text, len(text.rstrip()), lines)
        return Edit(file, before, _encoded(text, before), lambda c: replace(c, faq={**c.faq, entry.id: entry}))

    def examples(self, intent: str, texts: Sequence[str]) -> Edit:
        """More example sentences of an intent. Raises NotWritten."""
        before = self._read(INTENTS)
        text = before.decode("utf-8-sig")
        intents = {
            name.value: item["examples"]
            for node in _items(_mapping(_compose(text)).get("nlu"))
            if (name := (item := _mapping(node)).get("intent")) and "examples" in item
        }
        if intent not in intents:
            raise NotWritten(f"there is no intent `{intent}`; {suggestion(intent, intents)}")
        node = intents[intent]
        if not isinstance(node, yaml.ScalarNode) or node.style != "|" or not node.value.strip():
            raise NotWritten(f"{INTENTS}: the examples of `{intent}` are no block `|` of lines `- …`")
        known = [example.text for example in self.catalogue.examples if example.intent == intent]
        added = self._new([text.translate(_NOT_ANNOTATED) for text in texts], known)
        first = text.index("\n", node.start_mark.index) + 1
        body = text[first : node.end_mark.index].lstrip("\r\n")
        indent = body[: len(body) - len(body.lstrip(" "))]
        end = len(text[: node.end_mark.index].rstrip())
        text = _inserted(text, end, [f"{indent}- {said}" for said in added])

        def meant(catalogue: Catalogue) -> Catalogue:
            place = max(n for n, example in enumerate(catalogue.examples, 1) if example.intent == intent)
            more = tuple(Example(intent, said) for said in added)
            return replace(catalogue, examples=(*catalogue.examples[:place], *more, *catalogue.examples[place:]))

        return Edit(INTENTS, before, _encoded(text, before), meant)

    def file_of(self, entry: str) -> str:
        """The file that an entry stands in. Raises NotWritten."""
        return self._entry(entry)[0]

    # --- writing it -----------------------------------------------------------------------------

    def check(self, edit: Edit) -> Catalogue:
        """The content as it will be. Raises ContentErrors when it cannot be used, NotWritten when it would say
        anything else than was meant."""
        with tempfile.TemporaryDirectory(prefix="pishkhan-") as place:
            copy = Path(place) / "content"
            shutil.copytree(self.folder, copy)
            (copy / edit.file).write_bytes(edit.after)
            will_be = load(copy)
        if will_be != edit.meant(self.catalogue):
            raise NotWritten(f"{edit.file} would not be read as it is meant, or was changed meanwhile; try again")
        return will_be

    def save(self, edit: Edit) -> Catalogue:
        """Put the new text in place of the old in one step, and give the content after it. Raises as `check` does,
        and NotWritten when the file was changed meanwhile."""
        will_be = self.check(edit)
        path = (self.folder / edit.file).resolve()  # where a link leads
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
            ours = Path(new.name)
            try:
                new.write(edit.after)
                new.flush()
                os.fsync(new.fileno())
                theirs = path.stat()
                ours.chmod(stat.S_IMODE(theirs.st_mode))
                with contextlib.suppress(PermissionError):
                    os.chown(ours, theirs.st_uid, theirs.st_gid)  # else what root accepts, the server may not read
                if path.read_bytes() != edit.before:
                    raise NotWritten(f"{edit.file} was changed meanwhile; try again")
                ours.replace(path)
            except BaseException:
                ours.unlink(missing_ok=True)
                raise
        return will_be

    # --- finding --------------------------------------------------------------------------------

    def _entry(self, entry: str) -> tuple[str, bytes, yaml.Node]:
        """The file that an entry stands in, the file's bytes, and the entry's node."""
        for path in sorted((self.folder / "faq").glob("[!.]*.yaml")):
            file = f"faq/{path.name}"
            before = self._read(file)
            if entry.encode() in before:
                for node in _items(_compose(before.decode("utf-8-sig"))):
                    if (id := _mapping(node).get("id")) and id.value == entry:
                        return file, before, node
        raise NotWritten(f"there is no entry `{entry}`; {suggestion(entry, self.catalogue.faq)}")

    def _read(self, file: str) -> bytes:
        try:
            return (self.folder / file).read_bytes()
        except FileNotFoundError:
            raise NotWritten(f"there is no file {file}") from None

    def _new(self, texts: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
        """The texts on one line each, without those that are known."""
        seen = {self._same(text) for text in known}
        new: list[str] = []
        for text in map(_one_line, texts):
            if text and (same := self._same(text)) not in seen:
                seen.add(same)
                new.append(text)
        return tuple(new)


def _encoded(text: str, before: bytes) -> bytes:
    """With the byte order mark that the file began with."""
    return text.encode("utf-8-sig" if before.startswith(BOM_UTF8) else "utf-8")


def _one_line(text: str) -> str:
    """Without what is not seen: control characters and marks of direction."""
    return "".join(c for c in INVISIBLE.sub("", " ".join(text.split())) if unicodedata.category(c) != "Cc")


# --- places in a text ---------------------------------------------------------------------------


def _compose(text: str) -> yaml.Node:
    """Nodes with their places in the text."""
    try:
        root = yaml.compose(text, Loader=LOADER)
    except yaml.YAMLError as error:
        raise NotWritten(f"not valid YAML: {' '.join(str(error).split())}") from None
    if root is None:
        raise NotWritten("the file is empty")
    return root


def _mapping(node: yaml.Node | None) -> dict[str, yaml.Node]:
    """A mapping's values by their keys; empty where there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else []


def _appended(text: str, node: yaml.SequenceNode, items: Sequence[str]) -> str:
    """More items in a list, written as its others are."""
    if not items:
        return text
    if not node.flow_style:
        end = len(text[: node.value[-1].end_mark.index].rstrip())
        return _inserted(text, end, [f"{' ' * node.start_mark.column}- {scalar(item)}" for item in items])
    written = ", ".join(scalar(item, flow=True) for item in items)
    if not node.value:
        place = node.start_mark.index + 1
        return text[:place] + written + text[place:]
    place = node.value[-1].end_mark.index
    return f"{text[:place]}, {written}{text[place:]}"


def _inserted(text: str, end: int, lines: Sequence[str]) -> str:
    """Lines below the one that `end` is in."""
    if not lines:
        return text
    line_end = "\r\n" if "\r\n" in text else "\n"
    place = text.find("\n", end) + 1
    if not place:
        return text + line_end + line_end.join(lines)
    return text[:place] + "".join(line + line_end for line in lines) + text[place:]


def asked_at(folder: Path) -> dict[str, Place]:
    """Where each way of asking stands, by its folded text."""
    findings = Findings()
    for source in Folder(folder, findings).each("faq", ".yaml"):
        faq.entries(root(source))
    return {text: place for (kind, text), place in findings.defined.items() if kind == "question"}


# --- values in YAML -----------------------------------------------------------------------------


def scalar(text: str, *, flow: bool = False) -> str:
    """A text of one line as a YAML scalar that every reader takes for this very text: plain where that is so, else in
    double quotes. `flow`: between brackets."""
    shapes = ("[{}]", "{{k: {}}}") if flow else ("- {}", "k: {}")
    if all(_reads(shape.format(text), text) for shape in shapes):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _reads(source: str, text: str) -> bool:
    """Whether this list or mapping of one value has the text in it, for readers that guess types too."""
    if text.lower() in _RETYPED or text[:1].isdigit() or text[:1] in "+-.":
        return False
    try:
        data = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError):
        return False
    return data in ([text], {"k": text})


def _written(entry: FaqEntry) -> Iterable[str]:
    """The lines of an entry."""
    yield f"- id: {entry.id}"
    if entry.service:
        yield f"  service: {entry.service}"
    yield from _texts("question", entry.question)
    yield "  variants:"
    for language, said in entry.variants.items():
        yield f"    {language}:"
        yield from (f"      - {scalar(text)}" for text in said)
    yield from _texts("answer", entry.answer)
    if entry.related:
        yield f"  related: [{', '.join(entry.related)}]"


def _texts(key: str, texts: Text) -> Iterable[str]:
    yield f"  {key}:"
    yield from (f"    {language}: {scalar(text)}" for language, text in texts.items())
