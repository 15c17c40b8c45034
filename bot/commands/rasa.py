"""`pishkhan rasa …`: the project that Rasa is trained from, and the actions that it calls."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

from bot.app.actions import parts, token
from bot.app.counter import assemble
from bot.commands.errors import Ended
from bot.rasa import export as project
from bot.rasa.webhook import EXTRA
from bot.settings import Settings

__all__ = ["actions", "export", "token"]


def export(settings: Settings, folder: Path, *, force: bool) -> str:
    """Write the project; a line about it. Raises Ended when the folder is not ours to write into."""
    dialogs = assemble(settings).engine.dialogs
    try:
        written = project.write(dialogs, folder, force=force)
    except (project.Foreign, OSError) as error:
        raise Ended(str(error)) from None
    return f"{len(written)} files in {folder}; README.md there says how to go on"


def actions(settings: Settings, host: str, port: int) -> None:
    """Serve until Ctrl-C."""
    if find_spec("rasa_sdk") is None:
        raise Ended(EXTRA)
    from bot.rasa.server import serve

    counter = assemble(settings)
    try:
        asyncio.run(serve(parts(counter), token(settings), host, port, counter.opened()))
    except OSError as error:
        raise Ended(f"could not start: {error}") from None
