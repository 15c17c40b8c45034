"""A store that does not answer."""

from __future__ import annotations


class StoreUnavailable(Exception):
    """The store does not answer, or takes nothing any more. Whether a save has happened is not known: the same inbound
    again is answered rightly either way. `retry_in` seconds."""

    def __init__(self, why: str, retry_in: float = 2.0) -> None:
        super().__init__(why)
        self.retry_in = retry_in
