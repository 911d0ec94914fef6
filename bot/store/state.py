"""Opens the state database: one writer, migrations by number, nothing acknowledged is lost."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosqlite

FILE = "state.sqlite"
# A restoring of a backup writes it before it moves anything, and deletes it at its end.
UNFINISHED = "restoring.json"
_MIGRATIONS = Path(__file__).parent / "migrations"
_NUMBER = re.compile(r"(\d{4})_\w+\.sql\Z")
_BUSY_SECONDS = 5
_NOT_OPENED = "{path} cannot be opened. KRUZHOK_STATE must name a folder that can be written, with room on its disk."
_DAMAGED = "{path} is damaged. Restore a backup, or move the file away to begin anew."
HALF_RESTORED = "A backup was restored to {folder}, and not to the end. Run ./kruzhok restore with the same file again."
_PRIMARY_CODE = 0xFF  # an extended result code has the primary one in its last byte


def milliseconds(time: datetime) -> int:
    """Return an aware time as the database keeps it: milliseconds since 1970, UTC."""
    return round(time.timestamp() * 1000)


def moment(milliseconds: int) -> datetime:
    """Return a kept time, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class StateError(Exception):
    """The state database cannot be used; the message says why and what to do."""


class Transaction:
    """An open transaction: what it reads includes what it wrote."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, *values: object) -> list[Any]:
        """Return every row of a query."""
        return list(await self._connection.execute_fetchall(sql, values))

    async def run(self, sql: str, *values: object) -> int:
        """Change rows; returns how many."""
        async with self._connection.execute(sql, values) as cursor:
            return cursor.rowcount

    async def each(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Change rows, once for each of these values."""
        async with self._connection.executemany(sql, rows):
            pass


class State:
    """The state database. Writing takes turns; reading does not wait, and sees what is committed."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()

    async def all(self, sql: str, *values: object) -> list[Any]:
        """Return every row of a query."""
        return list(await self._reader.execute_fetchall(sql, values))

    async def rows(self, sql: str, *values: object) -> list[dict[str, object]]:
        """Return every row of a query by its columns' names."""
        async with self._reader.execute(sql, values) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Transaction]:
        """Hold the writer within one transaction: all of it happens, durably, or nothing."""
        async with self._writing:
            try:
                await _run(self._writer, "BEGIN IMMEDIATE")
                yield Transaction(self._writer)
                await _run(self._writer, "COMMIT")
            except BaseException:
                await _roll_back(self._writer)
                raise


async def _run(connection: aiosqlite.Connection, sql: str) -> None:
    """Run a statement, and keep nothing of it: a cursor that is left open keeps the database's files open."""
    async with connection.execute(sql):
        pass


async def _roll_back(connection: aiosqlite.Connection) -> None:
    """Undo the transaction, if one is open: whoever is cancelled cannot know whether it had begun or ended."""
    with suppress(sqlite3.OperationalError):
        await _run(connection, "ROLLBACK")


def migrations(folder: Path = _MIGRATIONS) -> list[tuple[int, str]]:
    """Return (number, script) of every migration in order.

    Raises:
        StateError: The numbers are not 1, 2, 3, …
    """
    found = sorted((int(match[1]), path) for path in folder.glob("*.sql") if (match := _NUMBER.match(path.name)))
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise StateError(f"The migrations in {folder.name} are not numbered 1, 2, 3, ….")
    return [(number, path.read_text("utf-8")) for number, path in found]


async def migrate(connection: aiosqlite.Connection, scripts: Sequence[tuple[int, str]]) -> None:
    """Bring the database to the newest version; each script and the record that it ran are one transaction.

    Raises:
        StateError: The database is newer than this program.
    """
    newest = scripts[-1][0] if scripts else 0
    version = -1
    while version < newest:
        await _run(connection, "BEGIN IMMEDIATE")  # a lock: of several processes that start, one migrates
        try:
            version = next(iter(await connection.execute_fetchall("PRAGMA user_version")))[0]
            if version > newest:
                raise StateError(
                    f"The state database has version {version}, and this Kruzhok knows versions up to {newest}. "
                    "Start the newer Kruzhok again, or restore a backup from before the upgrade."
                )
            if version < newest:
                for statement in _statements(scripts[version][1]):
                    await _run(connection, statement)
                version += 1
                await _run(connection, f"PRAGMA user_version = {version}")
            await _run(connection, "COMMIT")
        except BaseException:
            await _roll_back(connection)
            raise


def _statements(script: str) -> list[str]:
    """Split a script where SQLite sees complete statements; ``executescript`` would commit before it."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return [each for each in [*statements, pending] if each.strip()]


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


async def open_state(stack: AsyncExitStack, folder: Path) -> State:
    """Open the state database in ``folder``, making or migrating it.

    Raises:
        StateError: It is damaged, newer than this program, half restored, or cannot be written.
    """
    path = folder / FILE
    try:
        if await asyncio.to_thread((folder / UNFINISHED).exists):
            raise StateError(HALF_RESTORED.format(folder=folder))
        await asyncio.to_thread(_make_private, path)
        writer = await _connect(stack, path)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            await _run(writer, f"PRAGMA {pragma}")
        damage = next(iter(await writer.execute_fetchall("PRAGMA integrity_check(1)")))[0]
        if damage != "ok":
            raise StateError(_DAMAGED.format(path=path))
        await migrate(writer, migrations())
        reader = await _connect(stack, path)
        await _run(reader, "PRAGMA query_only = ON")
    except (OSError, sqlite3.Error) as error:
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StateError(_DAMAGED.format(path=path)) from error
        raise StateError(_NOT_OPENED.format(path=path)) from error
    return State(writer, reader)


async def _connect(stack: AsyncExitStack, path: Path) -> aiosqlite.Connection:
    opened = aiosqlite.connect(path, isolation_level=None, timeout=_BUSY_SECONDS)
    return await stack.enter_async_context(opened)
