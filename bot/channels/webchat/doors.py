"""Links by which a conversation goes on elsewhere, as pictures for the camera of another device."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bot.core.messages import Arg, Phrase, Term


def doors(said: Arg) -> Iterator[dict[str, str]]:
    """The links of this kind in a reply, each with its QR code (ISO/IEC 18004) as a data URI."""
    if isinstance(said, Term):
        if said.kind == "door":
            yield {"url": said.value, "qr": _picture(said.value)}
    elif isinstance(said, Phrase):
        for arg in said.args.values():
            yield from doors(arg)
    elif isinstance(said, tuple):
        for arg in said:
            yield from doors(arg)


@lru_cache(maxsize=64)
def _picture(url: str) -> str:
    import segno  # when the first link is shown: few conversations have one

    return str(segno.make(url, error="m", micro=False).svg_data_uri(border=4, light="#fff", dark="#10201c"))
