"""Copies SQLite databases while they are in use, and tells whether a copy is whole and of which version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bot.store.state import StateError, migrations

# So long a copy waits for a writer that holds the whole database, which nobody here does for more than an instant.
_BUSY_SECONDS = 30.0
_FREE_SECONDS = 1.0
_PRIMARY_CODE = 0xFF  # an extended result code has the primary one in its last byte
IN_USE = "{path} is in use by another process, perhaps a chat. End it, and try again."
NOT_COPIED = "{path} could not be copied: {reason}."
_OF_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"


def copy_database(source: Path, target: Path) -> None:
    """Write a copy of a database as it is at one moment, while others write to it.

    Raises:
        StateError: It is damaged, or cannot be read.
        OSError: The copy cannot be written.
    """
    try:
        with closing(_read_only(source, "mode=ro")) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise OSError(str(error)) from error
        raise StateError(NOT_COPIED.format(path=source, reason=error)) from error


def damage_of(path: Path) -> str:
    """Return what is wrong with a database that nobody writes to; nothing if it is whole."""
    try:
        with closing(_read_only(path, "immutable=1")) as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else found


def version_of(path: Path) -> int:
    """Return the number of the last migration that a database had; nobody writes to it.

    Raises:
        StateError: It is no state database.
    """
    try:
        with closing(_read_only(path, "immutable=1")) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise StateError(f"{path} is not a state database: {error}.") from error


def is_as_migrated(path: Path, version: int) -> bool:
    """Whether a database has the tables that the migrations up to a version make, and nothing else."""
    with closing(sqlite3.connect(":memory:")) as made:
        for _, script in migrations()[:version]:
            made.executescript(script)
        wanted = made.execute(_OF_SCHEMA).fetchall()
    try:
        with closing(_read_only(path, "immutable=1")) as connection:
            return connection.execute(_OF_SCHEMA).fetchall() == wanted
    except sqlite3.Error:
        return False


def has_code(path: Path) -> bool:
    """Whether a database brings code of its own, triggers or views, which none of ours does."""
    try:
        with closing(_read_only(path, "immutable=1")) as connection:
            rows = connection.execute("SELECT 1 FROM sqlite_schema WHERE type IN ('trigger', 'view')").fetchall()
    except sqlite3.Error:
        return True
    return bool(rows)


@contextmanager
def held_still(path: Path) -> Iterator[None]:
    """Let nobody else use a database, and keep all of it in one file, so that it can be moved away.

    One that is damaged is left as it is; so is one that is not there.

    Raises:
        StateError: Another process uses it.
    """
    if not path.exists():
        yield
        return
    with closing(sqlite3.connect(path, timeout=_FREE_SECONDS, isolation_level=None)) as connection:
        try:
            # Takes in what is in the log beside it; a log that is deleted later, by its name, would be the next one's.
            connection.execute("PRAGMA journal_mode = DELETE").fetchall()
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StateError(IN_USE.format(path=path)) from error
        yield
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
