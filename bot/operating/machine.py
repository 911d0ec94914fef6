"""Looks at the machine: Python, SQLite, folders, disk, time-zone data, files with secrets."""

import os
import platform
import shutil
import sqlite3
import stat
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from bot.operating.findings import Finding, ok, problem, warning
from bot.recurrence.zones import TZDATA_VERSION
from bot.settings import KNOWN

OLDEST_PYTHON = (3, 11)
# STRICT tables came with it.
OLDEST_SQLITE = (3, 37, 0)
# The state grows by some hundred bytes a post, and a backup or a migration takes as much again for a while.
LITTLE_ROOM, NO_ROOM = 500_000_000, 50_000_000
# Clocks without a battery begin at 1970 or at their firmware's date, which is before this was written.
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
# Governments change their rules several times a year.
TZDATA_LASTS_YEARS = 2
_ANOTHER = "name another in KRUZHOK_STATE."
MODES_ARE_SAID = os.name == "posix"


def python() -> Finding:
    """Look at Python's version."""
    found = platform.python_version()
    if sys.version_info < OLDEST_PYTHON:
        return problem("python", f"Python is {found}.", "Install Python 3.11 or newer.")
    return ok("python", f"Python is {found}.")


def sqlite() -> Finding:
    """Look at SQLite's version, and whether it has full-text search."""
    found = sqlite3.sqlite_version
    cure = "Use a Python with a newer SQLite, such as your distribution's or python.org's."
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        return problem("sqlite", f"SQLite is {found}, which is too old.", cure)
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE looked USING fts5(words)")
    except sqlite3.Error:
        return problem("sqlite", f"SQLite is {found}, without full-text search (FTS5).", cure)
    return ok("sqlite", f"SQLite is {found}, with full-text search.")


def folder(state: Path) -> Finding:
    """Look whether the state folder is there, can be written, and is our own."""
    name = "state folder"
    if not _is_folder(state):
        if os.path.lexists(state):
            return problem(name, f"{state} is no folder.", "Name another in KRUZHOK_STATE.")
        above = _first_there(state)
        if not (_is_folder(above) and os.access(above, os.W_OK | os.X_OK)):
            said = f"{state} is not there, and this user cannot make it in {above}."
            return problem(name, said, f"Make it, and let the bot's user write there; or {_ANOTHER}")
        return ok(name, f"{state} is not there yet; it is made at the first start.")
    if not os.access(state, os.W_OK | os.X_OK):
        cure = f"Let the bot's user write there: chown -R USER {state}"
        return problem(name, f"{state} cannot be written by this user.", cure)
    private = [state / each for each in ("state.sqlite", "settings.toml", "matrix")]
    open_to_others = [path for path in private if _others_can(path)]
    if open_to_others:
        listed = " ".join(str(path) for path in open_to_others)
        cure = f"chmod -R go= {listed}"
        return warning(name, f"Others than the bot's user can read {' and '.join(map(str, open_to_others))}.", cure)
    return ok(name, f"{state} can be written, and what is private in it is read by its owner alone.")


def room(state: Path) -> int:
    """Return how many bytes are free where the state is, or will be."""
    return shutil.disk_usage(_first_there(state)).free


def _first_there(state: Path) -> Path:
    """Return the folder, or that of those in which it is to be that is there, as far as this user can see."""
    return next((each for each in (state, *state.parents) if os.access(each, os.F_OK)), Path("/"))


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, as far as this user can see: where we may not look, Path alone raises an error."""
    return os.access(path, os.F_OK) and path.is_dir()


def is_closed(state: Path) -> bool:
    """Whether this user may not look into the folder."""
    try:
        next(state.iterdir(), None)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def disk(state: Path, free: int) -> Finding:
    """Look whether there is room where the state is."""
    said = f"{size(free)} are free where {state} is."
    cure = "Make room: delete what is not needed, such as old logs and backups."
    if free < NO_ROOM:
        return problem("disk", said, cure)
    if free < LITTLE_ROOM:
        return warning("disk", said, cure)
    return ok("disk", said)


def clock(now: datetime, newest: datetime | None) -> Finding:
    """Look whether the machine's clock can be right.

    Args:
        newest: The latest time that something was written with.
    """
    said = f"The clock shows {now:%Y-%m-%d %H:%M} UTC"
    cure = "Set the clock, and let it be kept right (timedatectl set-ntp true)."
    if now < WRITTEN:
        return problem("clock", f"{said}, which is before this Kruzhok was written.", cure)
    if newest and (newest - now).total_seconds() > 60:
        return problem("clock", f"{said}, but something was written at {newest:%Y-%m-%d %H:%M} UTC.", cure)
    return ok("clock", f"{said}.")


def time_zones(now: datetime, outdated: int) -> Finding:
    """Look how old the time-zone data is, and whether schedules were computed by it."""
    name, said = "time zones", f"The time-zone data is {TZDATA_VERSION}"
    with suppress(ValueError):
        if now.year - int(TZDATA_VERSION[:4]) > TZDATA_LASTS_YEARS:
            return warning(name, f"{said}, which is old.", "Upgrade Kruzhok: new data comes with it.")
    if outdated:
        number = f"{outdated} schedule{'s were' if outdated > 1 else ' was'}"
        return ok(name, f"{said}; {number} computed by other data, and is put right at the next start.")
    return ok(name, f"{said}.")


def secrets(environment: Mapping[str, str], file: Path | None) -> Iterator[Finding]:
    """Look whether files with secrets are their owner's alone."""
    named = [path for path in _secret_files(environment, file) if path.is_file()]
    for path in named:
        if _others_can(path):
            yield warning("secrets", f"Others than its owner can read {path}.", f"chmod 600 {path}")
    if named and not any(_others_can(path) for path in named):
        yield ok("secrets", f"Files with secrets are read by their owner alone: {', '.join(map(str, named))}.")


def _secret_files(environment: Mapping[str, str], file: Path | None) -> Iterator[Path]:
    """Give the files that settings name for secrets, whether they are there or not."""
    told: dict[str, object] = {}
    if file is not None:
        with suppress(OSError, ValueError, RecursionError):
            told = tomllib.loads(file.read_text("utf-8"))
    for one in KNOWN:
        if one.kind != "secret":
            continue
        said = environment.get(f"{one.variable}_FILE", "").strip()
        if said:
            yield Path(said).expanduser().absolute()
        table, _, key = one.place.partition(".")
        values = told.get(table)
        path = values.get(f"{key}_file") if isinstance(values, dict) else None
        if isinstance(path, str) and file is not None:
            yield (file.parent / Path(path).expanduser()).absolute()


def _others_can(path: Path) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    # Where it is root's, the group is what lets the bot read it.
    unwanted = stat.S_IRWXO | (stat.S_IRWXG if MODES_ARE_SAID and status.st_uid == os.geteuid() else 0)
    return MODES_ARE_SAID and bool(status.st_mode & unwanted)


def size(number: int) -> str:
    """Return a number of bytes as people say it."""
    if number >= 1e9:
        return f"{number / 1e9:.1f} GB"
    return f"{number / 1e6:.0f} MB" if number >= 1e6 or not number else f"{max(number, 1000) / 1e3:.0f} kB"
