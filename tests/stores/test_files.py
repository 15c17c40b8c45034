"""`Files`: what is kept, under which name, and what is refused."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Attachment
from bot.core.ports import FileRefused
from bot.stores.file_types import EXTENSIONS, ODT, SHEET, WORD, detect
from bot.stores.files import MAX_NAME, DiskFiles, clean_name


def archive(parts: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return buffer.getvalue()


TYPES = b"<Types/>"
DOCX = archive({"[Content_Types].xml": TYPES, "word/document.xml": b"<w/>"})
XLSX = archive({"[Content_Types].xml": TYPES, "xl/workbook.xml": b"<x/>"})
TEXT = archive({"mimetype": ODT.encode(), "content.xml": b"<o/>"})
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
EXE = b"MZ\x90\x00\x03\x00\x00\x00"
ELF = b"\x7fELF\x02\x01\x01\x00"
HTML = b"<!DOCTYPE html><html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

GOOD = [
    ("plan.pdf", PDF, "application/pdf"),
    ("photo.JPG", JPEG, "image/jpeg"),
    ("a.png", PNG, "image/png"),
    ("a.webp", b"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"),
    ("a.gif", b"GIF89a\x01\x00", "image/gif"),
    ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "image/heic"),
    ("voice.oga", b"OggS\x00\x02" + bytes(22) + b"OpusHead", "audio/ogg"),
    ("a.mp3", b"ID3\x04\x00", "audio/mpeg"),
    ("b.mp3", b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
    ("a.m4a", b"\x00\x00\x00\x20ftypM4A \x00", "audio/mp4"),
    ("a.mp4", b"\x00\x00\x00\x20ftypisom\x00", "video/mp4"),
    ("a.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"),
    ("a.amr", b"#!AMR\n\x3c", "audio/amr"),
    ("letter.docx", DOCX, WORD),
    ("sheet.xlsx", XLSX, SHEET),
    ("letter.odt", TEXT, ODT),
    ("note.txt", "سلام، لامپ خاموش است.\n".encode(), "text/plain"),
    ("note.txt", b"\xef\xbb\xbfwith a mark", "text/plain"),
]
BAD = [
    ("empty.pdf", b"", "file.empty"),
    ("blank.txt", b" \r\n ", "file.empty"),
    ("large.pdf", PDF + bytes(5000), "file.too_large"),
    ("plan.pdf", EXE, "file.not_what_it_says"),
    ("plan.pdf", ELF, "file.not_what_it_says"),
    ("photo.jpg", PDF, "file.not_what_it_says"),
    ("song.mp3", JPEG, "file.not_what_it_says"),
    ("letter.docx", XLSX, "file.not_what_it_says"),
    ("page.txt", HTML, "file.not_what_it_says"),
    ("drawing.png", SVG, "file.not_what_it_says"),
    ("note.txt", "سلام".encode("cp1256"), "file.not_what_it_says"),
    ("note.txt", "سلام".encode("utf-16"), "file.not_what_it_says"),
    ("note.txt", b"a\x00b", "file.not_what_it_says"),
    ("setup.exe", EXE, "file.type_not_allowed"),
    ("photo.exe", JPEG, "file.type_not_allowed"),
    ("photo\u202egpj.exe", JPEG, "file.type_not_allowed"),
    ("page.html", HTML, "file.type_not_allowed"),
    ("drawing.svg", SVG, "file.type_not_allowed"),
    ("run.sh", b"#!/bin/sh\nrm -rf /\n", "file.type_not_allowed"),
    ("no-name", EXE, "file.type_not_allowed"),
    ("archive.zip", archive({"a.txt": b"a"}), "file.type_not_allowed"),
    ("nothing", archive({"a.txt": b"a"}), "file.type_not_allowed"),
    ("letter.docx", archive({"a.txt": b"a"}), "file.not_what_it_says"),
    ("macro.docx", archive({"[Content_Types].xml": TYPES, "word/document.xml": b"", "word/vbaProject.bin": b"x"}),
     "file.not_what_it_says"),
    ("bomb.docx", archive({"[Content_Types].xml": TYPES, "word/document.xml": bytes(900_000)}),
     "file.not_what_it_says"),
    ("bomb.odt", archive({"mimetype": bytes(900_000)}), "file.not_what_it_says"),
    ("torn.docx", DOCX[:60], "file.not_what_it_says"),
]  # fmt: skip


def tree(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def files(tmp_path: Path) -> DiskFiles:
    return DiskFiles(tmp_path / "files", max_bytes=4096)


@pytest.mark.parametrize(("name", "data", "media_type"), GOOD)
async def test_good_files_come_back(files: DiskFiles, name: str, data: bytes, media_type: str) -> None:
    attachment = await files.put(data, name, "c1")
    assert (attachment.media_type, attachment.size) == (media_type, len(data))
    assert await files.get(attachment.id) == (attachment, data)


@pytest.mark.parametrize(("name", "data", "reason"), BAD)
async def test_bad_files_are_refused_and_leave_nothing(
    files: DiskFiles, tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        await files.put(data, name, "c1")
    assert refused.value.reason == reason
    assert tree(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "data", "shown"),
    [
        ("../../etc/passwd.txt", b"a", "passwd.txt"),
        (r"C:\Users\me\plan.pdf", PDF, "plan.pdf"),
        ("نقشهٔ ملک\u200cها.pdf", PDF, "نقشهٔ ملک\u200cها.pdf"),
        ("\u202eplan\u2066\u200f.pdf", PDF, "plan.pdf"),
        ('a<b>:"c|?*.pdf', PDF, "abc.pdf"),
        ("two\r\nlines\x00.pdf", PDF, "twolines.pdf"),
        ("", PDF, "file.pdf"),
        (".pdf", PDF, "pdf.pdf"),
        ("scan.v2", PDF, "scan.v2.pdf"),
        ("IMG_1.jpg", PNG, "IMG_1.png"),
        ("photo.jpeg", JPEG, "photo.jpeg"),
        ("ن" * 300 + ".pdf", PDF, "ن" * 96 + ".pdf"),
    ],
)
async def test_names_are_made_harmless(files: DiskFiles, name: str, data: bytes, shown: str) -> None:
    assert (await files.put(data, name, "c1")).name == shown


@given(st.text(), st.sampled_from(sorted(EXTENSIONS)))
def test_any_name_becomes_a_harmless_one_and_stays_it(name: str, media_type: str) -> None:
    clean = clean_name(name, media_type)
    assert len(clean) <= MAX_NAME
    assert not set(clean) & set('/\\<>:"|?*\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\r\n')
    assert not clean.startswith(".")
    assert clean.rpartition(".")[2].lower() in EXTENSIONS[media_type]
    assert clean_name(clean, media_type) == clean


@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"PK\x03\x04" + tail))
def test_no_bytes_break_the_look_into_them(data: bytes) -> None:
    assert detect(data) in {None, *EXTENSIONS}


@pytest.mark.parametrize("id", ["", "..", "../../stores", "0" * 32, "0" * 31 + "/", "A" * 32, "\u0660" * 32])
async def test_an_id_that_was_never_given_finds_nothing(files: DiskFiles, id: str) -> None:
    assert await files.get(id) is None


async def test_a_file_lies_under_its_id_for_its_owner_alone_with_a_note_beside_it(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path, new_id=lambda: "ab" + "0" * 30)
    attachment = await files.put(PDF, "plan.pdf", "c1")
    assert attachment == Attachment("ab" + "0" * 30, "plan.pdf", "application/pdf", len(PDF))
    paths = tree(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in paths] == [
        f"ab/{attachment.id}.data",
        f"ab/{attachment.id}.json",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert json.loads(paths[1].read_text()) == {**attachment.to_json(), "contact": "c1"}


async def test_half_a_file_is_no_file(files: DiskFiles, tmp_path: Path) -> None:
    attachment = await files.put(PDF, "plan.pdf", "c1")
    _, note = tree(tmp_path)
    note.unlink()
    assert await files.get(attachment.id) is None
