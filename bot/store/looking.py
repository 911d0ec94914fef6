"""Opens the state database to look at it, and changes nothing: not a byte of it, nor of what is beside it."""

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import aiosqlite

from bot.store.alone import is_held
from bot.store.state import FILE, State, StateError, migrations

_BUSY_SECONDS = 5
_ATTEMPTS = 3
NOT_READ = "{path} cannot be read: {reason}."
DAMAGED = "{path} is damaged: {what}."


async def look_at_state(stack: AsyncExitStack, folder: Path) -> State:
    """Open the state in ``folder``, whatever its version is; what is read of it is of one moment or a later one.

    Raises:
        StateError: It is not there, or cannot be read.
    """
    try:
        path, how = await asyncio.to_thread(_readable, stack, folder)
        uri = f"{path.as_uri()}?{how}"
        opened = aiosqlite.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
        connection = await stack.enter_async_context(opened)
        async with connection.execute("PRAGMA query_only = ON"):
            pass
        await connection.execute_fetchall("SELECT count(*) FROM sqlite_schema")
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise StateError(NOT_READ.format(path=folder / FILE, reason=reason)) from error
    return State(connection, connection)


async def damage_in(state: State) -> str:
    """Return what is wrong with an opened database; nothing if it is whole."""
    try:
        found = str((await state.all("PRAGMA integrity_check(1)"))[0][0])
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found


async def versions_in(state: State) -> tuple[int, int]:
    """Return the version of an opened database, and the newest that this program knows."""
    return int((await state.all("PRAGMA user_version"))[0][0]), len(migrations())


def _readable(stack: AsyncExitStack, folder: Path) -> tuple[Path, str]:
    """Return where the database can be read, and how.

    A running bot has made what readers share, and they read beside it. Where none runs, opening the database as usual
    would make files or take in what a killed one has left: it is read as it stands, or a copy of it with what was left.
    """
    path = (folder / FILE).absolute()
    path.stat()
    log = path.with_name(f"{FILE}-wal")
    if is_held(folder):
        return path, "mode=ro"
    if not log.exists() or not log.stat().st_size:
        return path, "immutable=1"
    target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kruzhok-looking-")))
    for _ in range(_ATTEMPTS):  # a chat may be writing
        before = _states(path, log)
        for each in (path, log):
            shutil.copyfile(each, target / each.name)
        if _states(path, log) == before:
            break
    return target / FILE, "mode=rw"


def _states(*paths: Path) -> list[tuple[int, int]]:
    return [(status.st_size, status.st_mtime_ns) for status in (path.stat() for path in paths)]
