"""What a file is, decided from its first bytes and, for archives, from what is inside.

Signatures: https://www.iana.org/assignments/media-types and the formats' own specifications (ISO 32000 for PDF,
W3C PNG, ITU T.81 JPEG, RFC 9649 WebP, ISO/IEC 23008-12 HEIF, RFC 7845 Ogg Opus, RFC 4867 AMR, ISO/IEC 29500 and 26300
for office documents).
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from mimetypes import MimeTypes

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"

# Allowed types: the extension that a stored name gets, and all that may claim the type.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "image/heic": ("heic", "heif"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a",),
    "video/mp4": ("mp4", "m4v"),
    "audio/wav": ("wav",),
    "audio/amr": ("amr",),
    WORD: ("docx",),
    SHEET: ("xlsx",),
    ODT: ("odt",),
    "text/plain": ("txt", "text"),
}
_CLAIMS = {extension: media_type for media_type, all_ in EXTENSIONS.items() for extension in all_}
_DANGEROUS = {"apk", "appimage", "cmd", "com", "docm", "hta", "jar", "lnk", "msi", "php", "ps1", "scr", "vbs", "xlsm"}
_FOREIGN = _DANGEROUS | {extension[1:] for kind in MimeTypes(filenames=()).types_map for extension in kind}

MAX_UNPACKED = 200 * 1024 * 1024  # bytes
MAX_RATIO = 200  # of unpacked to packed; text in a document reaches 30
MAX_PARTS = 5_000

_HEIF = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_MP4 = frozenset({b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV", b"dash"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP = ("<!doctype", "<html", "<script", "<svg", "<?xml", "<?php", "<body", "<iframe", "#!")


def claimed(extension: str) -> str | None:
    """The type that a file name's extension claims; "" for one that is not allowed, None for no known one."""
    extension = extension.lower()
    return _CLAIMS.get(extension, "" if extension in _FOREIGN else None)


def kind_of(media_type: str) -> str:
    """Phones name a picture .jpg whatever it is: all pictures are of one kind, and so is all sound and film."""
    family = media_type.partition("/")[0]
    return {"image": "picture", "audio": "recording", "video": "recording"}.get(family, media_type)


def detect(data: bytes) -> str | None:
    """The media type of an allowed file, None for everything else."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    return _picture(data) or _recording(data) or ("text/plain" if _is_text(data) else None)


def _picture(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/heic" if data[4:8] == b"ftyp" and data[8:12] in _HEIF else None


def _recording(data: bytes) -> str | None:
    if data.startswith(b"OggS"):
        return "audio/ogg" if any(codec in data[:128] for codec in (b"OpusHead", b"\x01vorbis", b"Speex")) else None
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "audio/wav"
    if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "audio/amr"
    if data[4:8] == b"ftyp":
        return "audio/mp4" if data[8:12] in (b"M4A ", b"M4B ") else "video/mp4" if data[8:12] in _MP4 else None
    return "audio/mpeg" if data.startswith(b"ID3") or _is_mpeg_frame(data[:4]) else None


def _is_mpeg_frame(head: bytes) -> bool:
    """A frame header of MPEG audio, layer III, with a real bit rate and sampling rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    version, bit_rate, sampling = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    return version != 1 and bit_rate not in (0, 15) and sampling != 3


def _is_text(data: bytes) -> bool:
    """UTF-8 prose: no control characters, no markup and no script."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if _CONTROL.search(text):
        return False
    head = "".join(c for c in text[:1024] if unicodedata.category(c) != "Cf").lstrip().lower()
    return not head.startswith(_MARKUP) and "<script" not in head


def _office(data: bytes) -> str | None:
    """Word, Excel or OpenDocument text without macros, and small enough to be opened by somebody."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or unpacked > min(MAX_UNPACKED, MAX_RATIO * len(data)):
                return None
            if any("vbaproject" in name.lower() or name.startswith("Basic/") for name in names):
                return None
            if "[Content_Types].xml" in names:
                return WORD if "word/document.xml" in names else SHEET if "xl/workbook.xml" in names else None
            return ODT if parts[0].filename == "mimetype" and archive.read(parts[0]) == ODT.encode() else None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, IndexError, ValueError):
        return None
