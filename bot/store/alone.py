"""Keeps a state folder for one running bot, or for one restoring of a backup, at a time."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.store.state import HALF_RESTORED, UNFINISHED, StateError

FILE = "running.lock"
NOT_WRITTEN = "{path} cannot be written. KRUZHOK_STATE must name a folder that can be, with room on its disk."
IN_USE = "A bot runs on {folder} already. End it first; or name another folder with KRUZHOK_STATE."
# Whoever only looks whether somebody has it holds it for an instant.
_ATTEMPTS, _SECONDS_BETWEEN = 5, 0.1


@contextmanager
def alone(folder: Path, unfinished: bool = False) -> Iterator[None]:
    """Hold a state folder, which is made if it is not there; the end of the process lets it go too.

    Args:
        unfinished: Take it also where a restoring was not finished.

    Raises:
        StateError: Somebody else has it, a restoring of it was not finished, or it cannot be written.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise StateError(NOT_WRITTEN.format(path=path)) from error
    try:
        if not _taken(handle):
            raise StateError(IN_USE.format(folder=folder))
        if not unfinished and (folder / UNFINISHED).exists():
            raise StateError(HALF_RESTORED.format(folder=folder))
        yield
    finally:
        os.close(handle)


def is_held(folder: Path) -> bool:
    """Whether a bot runs on a state folder; nothing is made or changed to find out."""
    try:
        handle = os.open(folder / FILE, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def _taken(handle: int) -> bool:
    for left in reversed(range(_ATTEMPTS)):
        if _take(handle):
            return True
        if left:
            time.sleep(_SECONDS_BETWEEN)
    return False


def _take(handle: int) -> bool:
    """Take the lock on a file unless somebody has it; closing the file lets it go."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
