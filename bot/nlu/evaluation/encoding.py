"""Vectors while measuring: what is trained on in several rounds is encoded once, what is asked each time anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.nlu.vectors import Encode, Floats


def remembered(encode: Encode | None) -> Encode | None:
    """The same, which encodes a text only once."""
    if encode is None:
        return None
    known: dict[str, Floats] = {}

    def recall(texts: Sequence[str]) -> Floats:
        if new := list(dict.fromkeys(text for text in texts if text not in known)):
            known.update(zip(new, encode(new), strict=True))
        return np.stack([known[text] for text in texts])

    return recall
