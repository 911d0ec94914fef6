"""Files and folders that only we can read, changed so that a crash leaves the old or the new."""

import os
import shutil
from pathlib import Path


def write_private(file: Path, text: str) -> None:
    """Write a file that only we can read, durably: the old one or the new one is there, never a part."""
    draft = file.with_name(f"{file.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_beginning(folder: Path, keeping: str) -> Path:
    """Make the folder ``….new`` in which what takes a folder's place is put together, empty but for one file."""
    new = _beginning(folder)
    new.mkdir(mode=0o700, parents=True, exist_ok=True)
    new.chmod(0o700)
    for left in new.iterdir():
        if left.name != keeping:
            left.unlink()
    return new


def put_in_place(folder: Path, complete: str) -> None:
    """Have ``….new`` take the folder's place if it is complete, that is, has the file that is written last.

    Does nothing if there is none, and finishes what was begun earlier.
    """
    new = _beginning(folder)
    if (new / complete).exists():
        sync_folder(new)
        sync_folder(folder.parent)
        if folder.exists():
            shutil.rmtree(folder)
        new.rename(folder)
        sync_folder(folder.parent)


def _beginning(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.new")
