"""How a command ends when it cannot do what was asked: a sentence on standard error, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Ended(Exception):
    """The command ends here; the lines tell why."""

    def __init__(self, *lines: str, code: int = 1) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code


def end(lines: tuple[str, ...], code: int) -> NoReturn:
    for line in lines:
        sys.stderr.write(f"pishkhan: {line}\n")
    raise SystemExit(code)


@contextmanager
def worded() -> Iterator[None]:
    """Foreseen errors become one line per problem; settings end with 2, the rest with 1."""
    try:
        yield
    except Ended as error:
        end(error.lines, error.code)
    except Exception as error:
        from bot.content import ContentErrors  # not above: `--help` would wait for them
        from bot.nlu.semantic import NoEncoder
        from bot.settings import Misconfigured

        if isinstance(error, Misconfigured):
            end(error.problems, 2)
        if isinstance(error, NoEncoder):
            end((f"SEMANTIC_MODEL: {error}",), 2)
        if isinstance(error, ContentErrors):
            end((*map(str, error.problems), "the content is not sound; see above"), 1)
        raise
