"""Where things lie in Redis.

A hash tag decides the slot, and a script may only touch one slot. Tags are 256 buckets of contacts rather than the
contacts themselves, so that a bucket's list of sessions with lines to move lies beside the sessions, and one save
writes both. 256 slots spread well over any number of nodes that a public organisation will have.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

BUCKETS = 256


@dataclass(frozen=True, slots=True)
class Place:
    """The keys of one contact. `tag` decides the slot."""

    contact: str
    tag: bytes
    state: bytes
    lock: bytes
    queue: bytes
    todo: bytes


class Places:
    def __init__(self, prefix: str = "pk") -> None:
        """`prefix` keeps installations apart that share a server."""
        self.tags = tuple(b"%b{%02x}" % (prefix.encode(), n) for n in range(BUCKETS))

    def tag(self, name: bytes) -> bytes:
        return self.tags[crc32(name) % BUCKETS]

    def of(self, contact: str, *, merging: bool = False) -> Place:
        """`merging`: the lock and the queue of those who merge contacts, who do not wait for turns."""
        name = contact.encode()
        tag = self.tag(name)
        lock, queue = (b"%b:ml:%b", b"%b:mq:%b") if merging else (b"%b:l:%b", b"%b:q:%b")
        return Place(contact, tag, b"%b:s:%b" % (tag, name), lock % (tag, name), queue % (tag, name), self.todo(tag))

    @staticmethod
    def todo(tag: bytes) -> bytes:
        return b"%b:todo" % tag
