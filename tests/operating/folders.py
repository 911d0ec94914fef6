"""State folders with something in every place, and what is in them."""

import asyncio
import json
import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from bot.operating.backup import back_up
from bot.operating.manifest import IDENTITY, KEYS, SETTINGS, STATE
from bot.operating.restore import restore
from bot.store.state import open_state

NOW = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 28, 11, 0, tzinfo=UTC)
SECRET = "syt_secret_token_0815"  # noqa: S105 - of nobody
IDENTITY_TOLD = {"user": "@kruzhok:example.org", "token": SECRET}
SETTINGS_TOLD = f'[discord]\ntoken = "{SECRET}"\n'


def make(folder: Path, item: str = "7.1", rows: int = 300, matrix: bool = True, settings: bool = True) -> Path:
    """Make a state folder, in which ``item`` tells it from others."""

    async def fill() -> None:
        async with AsyncExitStack() as stack:
            state = await open_state(stack, folder)
            async with state.write() as transaction:
                values = [(f"group {n % 7}", f"{item}.{n}", n) for n in range(rows)]
                await transaction.each("INSERT INTO given VALUES (?, 'r', 'quote', ?, ?)", values)

    asyncio.run(fill())
    if matrix:
        (folder / "matrix").mkdir(mode=0o700)
        (folder / IDENTITY).write_text(json.dumps(IDENTITY_TOLD | {"item": item}))
        with closing(sqlite3.connect(folder / KEYS)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE account (number INTEGER)")
            connection.execute("INSERT INTO account VALUES (0)")
    if settings:
        (folder / SETTINGS).write_text(SETTINGS_TOLD + f"# {item}\n")
    return folder


def told(folder: Path) -> dict[str, object]:
    """Return what a state folder holds: rows and texts, without what only running leaves."""
    found: dict[str, object] = {
        name: (folder / name).read_text() for name in (IDENTITY, SETTINGS) if (folder / name).exists()
    }
    for name, sql in ((STATE, "SELECT item FROM given ORDER BY item"), (KEYS, "SELECT number FROM account")):
        if (folder / name).exists():
            with closing(sqlite3.connect(folder / name)) as connection:
                found[name] = connection.execute(sql).fetchall()
    return found


def entries(folder: Path) -> set[str]:
    """Return the names of all that is in a folder, however deep."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def backup_of(folder: Path, target: Path) -> Path:
    """Make a backup."""
    return back_up(folder, target, NOW)


def put_back(folder: Path, file: Path) -> Path | None:
    """Restore a backup; returns where what was there before is."""
    with file.open("rb") as stream:
        return restore(folder, stream, file.name, LATER).aside
