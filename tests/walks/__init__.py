"""Simulated citizens who walk over all channels at random, and the account of what must hold wherever they go.

`walk(seed)` is one walk; it raises `Fallen` with a transcript to read. The tests take a few with fixed seeds,
`python -m bench walks` many.
"""

from tests.walks.walk import Fallen, Walked, walk

__all__ = ["Fallen", "Walked", "walk"]
