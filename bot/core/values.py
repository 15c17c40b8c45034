"""`replace` of frozen, slotted dataclasses at two fifths of the standard library's cost.

A turn replaces its session and parts of it some ten times, a tenth of all that it costs (measured on 2026-11-26: a
session of 19 fields takes 19 µs by `dataclasses.replace`, 7 µs this way). The constructor is passed by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace
else:
    from dataclasses import fields
    from functools import cache
    from operator import attrgetter

    @cache
    def _slots(kind):
        names = [field.name for field in fields(kind)]
        setters = {name: getattr(kind, name).__set__ for name in names}
        return attrgetter(*names), setters, tuple(setters.values())

    def replace(value, /, **changes):
        """Another value of the same class, of two fields or more, with these fields changed. Raises KeyError for a
        field that it does not have."""
        kind = type(value)
        values, setters, all_setters = _slots(kind)
        other = object.__new__(kind)
        for put, one in zip(all_setters, values(value), strict=True):
            put(other, one)
        for name, one in changes.items():
            setters[name](other, one)
        return other


__all__ = ["replace"]
