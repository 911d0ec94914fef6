"""Copies the state, the Matrix device's keys and the settings into one file, while the bot runs."""

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot import __version__
from bot.errors import UserError
from bot.operating import archive
from bot.operating.manifest import DATABASES, IDENTITY, STATE, TEXTS, BackupError, Manifest, Member
from bot.store.copies import copy_database, damage_of, version_of
from bot.store.state import HALF_RESTORED, UNFINISHED

NAME = "kruzhok-{:%Y%m%dT%H%M%SZ}.tar"
OURS = re.compile(r"kruzhok-\d{8}T\d{6}Z\.tar")
_WORKING, _ABANDONED_SECONDS = ".kruzhok-backup-", 3600
_ATTEMPTS = 3
NOTHING = "There is nothing to back up: {path} is not there. KRUZHOK_STATE names the state folder."
THERE = "{path} is there already, and is not overwritten. Choose another name, or name a folder."
NO_FOLDER = "There is no folder {folder}. Make it first."
DAMAGED = "The backup was not made: {path} is damaged. Older backups are kept; ./kruzhok restore puts one back."
UNSETTLED = "The backup was not made: the Matrix device changed meanwhile. Try again."
NOT_WRITTEN = "The backup was not made, and nothing of it is left: {reason}. Name another place, with room for it."


class NotWritten(BackupError):
    """There was no room for a backup, or it could not be written; nothing of it is left."""


Step = Callable[[str], None]


def pass_on(name: str) -> None:
    """Go on."""


def back_up(state: Path, target: Path, now: datetime, step: Step = pass_on) -> Path:
    """Write a backup, which only its owner can read: whole, or not at all; returns where it is.

    Args:
        target: A file that is not there yet; or a folder, in which it gets a name with the time.
        step: Told the name of each step; tests end the process there, or change something.

    Raises:
        UserError: It cannot be made so.
        NotWritten: There is no room.
        StateError: A database cannot be read.
    """
    path = target / NAME.format(now) if target.is_dir() else target
    if not path.parent.is_dir():
        raise UserError(NO_FOLDER.format(folder=path.parent))
    if path.exists():
        raise UserError(THERE.format(path=path))
    with _told(), _copied(state, now, step) as (manifest, files):
        _clear(path.parent)
        handle, name = tempfile.mkstemp(prefix=_WORKING, suffix=".tar", dir=path.parent)  # its mode is 0600
        try:
            with os.fdopen(handle, "wb") as out:
                archive.write(out, manifest, files)
                out.flush()
                os.fsync(out.fileno())
            step("written")
            _give_name(Path(name), path)
        finally:
            Path(name).unlink(missing_ok=True)
    return path


def back_up_to(out: BinaryIO, state: Path, now: datetime) -> None:
    """Write a backup to a stream, such as standard output.

    Raises:
        UserError: It cannot be made.
        NotWritten: The stream takes no more of it.
        StateError: A database cannot be read.
    """
    with _told(), _copied(state, now, pass_on) as (manifest, files):
        archive.write(out, manifest, files)
        out.flush()


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Delete all but the newest backups in a folder, of those that we have named; returns which."""
    named = sorted(path for path in folder.iterdir() if OURS.fullmatch(path.name) and path.is_file())
    older = named[: max(0, len(named) - keep)]
    for path in older:
        path.unlink(missing_ok=True)
    return older


@contextmanager
def _copied(state: Path, now: datetime, step: Step) -> Iterator[tuple[Manifest, Mapping[str, Path]]]:
    """Copy everything as it is, into a folder that is gone afterwards."""
    if not (state / STATE).exists():
        raise UserError(NOTHING.format(path=state / STATE))
    if (state / UNFINISHED).exists():
        raise UserError(HALF_RESTORED.format(folder=state))
    _clear(state)
    with tempfile.TemporaryDirectory(prefix=_WORKING, dir=state) as name:  # its mode is 0700
        files = _consistent(state, Path(name), step)
        for each in DATABASES:
            if each in files and damage_of(files[each]):
                raise BackupError(DAMAGED.format(path=state / each))
        members = tuple(Member(each, path.stat().st_size, archive.digest_of(path)) for each, path in files.items())
        made_at = now.replace(microsecond=0)
        yield Manifest(__version__, version_of(files[STATE]), made_at, members), files


def _consistent(state: Path, folder: Path, step: Step) -> dict[str, Path]:
    """Copy each file so that they fit together; returns where the copies are, by the members' names.

    The Matrix device's keys are copied after the state, in which it stands up to where messages were received. So they
    are never older than that: keys that came in between would be lost. What comes twice is no harm.
    """
    for attempt in range(_ATTEMPTS):
        into = folder / str(attempt)
        (into / "matrix").mkdir(parents=True)
        files: dict[str, Path] = {}
        for name in (*TEXTS, *DATABASES):
            if not (state / name).exists():
                continue
            files[name] = into / name
            if name in DATABASES:
                copy_database(state / name, files[name])
            else:
                files[name].write_bytes((state / name).read_bytes())
            step(f"{name} copied")
        if _content(state / IDENTITY) == _content(into / IDENTITY):
            return files
        shutil.rmtree(into)
    raise BackupError(UNSETTLED)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _give_name(made: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name by now."""
    try:
        path.hardlink_to(made)
    except FileExistsError:
        raise UserError(THERE.format(path=path)) from None
    except OSError:  # a file system without hard links
        if path.exists():
            raise UserError(THERE.format(path=path)) from None
        made.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a loss of power, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _clear(folder: Path) -> None:
    """Delete copies that a crash has left; those of a backup that is being made are younger."""
    for left in folder.glob(f"{_WORKING}*"):
        with suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                remove(left)


def remove(path: Path) -> None:
    """Delete a file, or a folder with all that is in it, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence why something cannot be written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotWritten(NOT_WRITTEN.format(reason=error.strerror or error)) from error
