"""Puts a backup back: checked whole before anything is replaced, and what was there is kept aside."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bot.operating.archive import Archive
from bot.operating.backup import Step, pass_on, remove, sync_folder
from bot.operating.machine import size
from bot.operating.manifest import KEYS, STATE, BackupError, Manifest, Member
from bot.store.alone import alone
from bot.store.copies import damage_of, has_code, held_still, is_as_migrated, version_of
from bot.store.state import UNFINISHED, migrations

ASIDE = "before-restoring-{:%Y%m%dT%H%M%SZ}"
MATRIX, RESTORED = "matrix", "restored.json"
_STAGED = ".kruzhok-restoring-"
# What SQLite keeps beside a database.
_BESIDE = ("-wal", "-shm", "-journal")
_SPARE = 16 * 1024 * 1024
NEWER = (
    "{file} is of a newer Kruzhok: its state has version {schema}, and this one knows versions up to {newest}. "
    "Upgrade this one first."
)
NOT_WHOLE = "{file} is not used: the {name} in it is {what}."
NO_ROOM = "There is no room for {file}: it takes {needed}, and {free} are free in {folder}. Nothing was changed."
NOT_DONE = "{file} was not restored, and nothing was changed: {reason}."
HALF_DONE = "{file} was restored only in part: {reason}. Run the same command again when that is put right."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where that is which was there before, if anything was."""

    manifest: Manifest
    aside: Path | None


@dataclass(frozen=True, slots=True)
class _Journal:
    """What is being replaced: enough to undo it after a crash.

    Attributes:
        aside: The folder's name in which is what was there before.
        names: All that is moved away or put there, in the state folder.
        had: Those of them that were there before.
    """

    aside: str
    names: tuple[str, ...]
    had: tuple[str, ...]


def restore(state: Path, stream: BinaryIO, file: str, now: datetime, step: Step = pass_on) -> Restored:
    """Put a backup in the place of what is in a state folder.

    A crash on the way leaves either what was there, or a note by which the next call undoes what was begun, and by
    which no bot starts meanwhile.

    Args:
        stream: The backup, from its beginning.
        file: What it is called, for messages.
        step: Told the name of each step; tests end the process there.

    Raises:
        BackupError: It cannot be used; nothing was changed.
        StateError: A bot runs on the folder, or it is in use otherwise.
    """
    with alone(state, unfinished=True), _told(state, file):
        _undo(state)
        with _staged(state) as staged:
            manifest = _unpacked(stream, file, staged)
            step("unpacked")
            _check(manifest, staged, file)
            if manifest.has_matrix:
                _note_restoring(staged / MATRIX / RESTORED, manifest, now)
            step("checked")
            return Restored(manifest, _exchange(state, staged, manifest, file, now, step))


@contextmanager
def _staged(state: Path) -> Iterator[Path]:
    """Make a folder to unpack to, which is gone afterwards; what crashes left of others too."""
    for left in state.glob(f"{_STAGED}*"):
        remove(left)
    with tempfile.TemporaryDirectory(prefix=_STAGED, dir=state) as name:  # its mode is 0700
        yield Path(name)


@contextmanager
def _told(state: Path, file: str) -> Iterator[None]:
    """Say in a sentence why something could not be written, and how far it came."""
    try:
        yield
    except OSError as error:
        told = HALF_DONE if (state / UNFINISHED).exists() else NOT_DONE
        raise BackupError(told.format(file=file, reason=error.strerror or error)) from error


def _unpacked(stream: BinaryIO, file: str, folder: Path) -> Manifest:
    """Unpack a backup of which there is no doubt that this Kruzhok can use it, and that there is room."""
    archive = Archive(stream, file)
    manifest, newest = archive.manifest, len(migrations())
    if manifest.schema > newest:
        raise BackupError(NEWER.format(file=file, schema=manifest.schema, newest=newest))
    free = shutil.disk_usage(folder).free
    if manifest.size + _SPARE > free:
        needed = size(manifest.size + _SPARE)
        raise BackupError(NO_ROOM.format(file=file, needed=needed, free=size(free), folder=folder.parent))
    if manifest.has_matrix:
        (folder / MATRIX).mkdir(mode=0o700)

    def where(member: Member) -> Path:
        return folder / member.name

    archive.unpack(where)
    return manifest


def _check(manifest: Manifest, folder: Path, file: str) -> None:
    """See that the databases are whole, and what they are said to be."""
    for member in manifest.members:
        if not member.is_database:
            continue
        path = folder / member.name
        damage = damage_of(path)
        if damage:
            raise BackupError(NOT_WHOLE.format(file=file, name=member.name, what=f"damaged ({damage[:200]})"))
        is_ours = not has_code(path)
        if member.name == STATE:
            version = version_of(path)
            is_ours = version == manifest.schema and is_as_migrated(path, version)
        if not is_ours:
            raise BackupError(NOT_WHOLE.format(file=file, name=member.name, what="not one that Kruzhok has made"))


def _note_restoring(path: Path, manifest: Manifest, now: datetime) -> None:
    """Tell the Matrix part of the bot that its keys are older than what they were used for.

    The homeserver and other devices have seen keys that this copy does not know, and would be given some twice. So the
    bot becomes a new device, of the same user and signed by the same seeds, before it sends anything.
    """
    told = {"restored_at": now.isoformat(timespec="seconds"), "copy_made_at": manifest.made_at.isoformat()}
    _write(path, told)


def _exchange(state: Path, staged: Path, manifest: Manifest, file: str, now: datetime, step: Step) -> Path | None:
    """Move what is there aside and what was unpacked in its place; returns where the former is now."""
    tops = tuple(dict.fromkeys(member.name.partition("/")[0] for member in manifest.members))
    names = (*tops, *(f"{STATE}{suffix}" for suffix in _BESIDE))
    with ExitStack() as stack:
        for name in (STATE, KEYS) if manifest.has_matrix else (STATE,):
            stack.enter_context(held_still(state / name))
        had = tuple(name for name in names if (state / name).exists())
        journal = _Journal(_free_name(state, now), names, had)
        _write(state / UNFINISHED, {"aside": journal.aside, "names": names, "had": had})
        step("noted")
        aside = state / journal.aside
        aside.mkdir(mode=0o700)
        for name in had:
            (state / name).rename(aside / name)
            step(f"{name} aside")
    for name in tops:
        (staged / name).rename(state / name)
        step(f"{name} in place")
    sync_folder(aside)
    sync_folder(state)
    step("all in place")
    (state / UNFINISHED).unlink()
    sync_folder(state)
    if not had:
        aside.rmdir()
    return aside if had else None


def _undo(state: Path) -> None:
    """Put back what a restoring that was not finished has moved away."""
    try:
        told = json.loads((state / UNFINISHED).read_text("utf-8"))
    except FileNotFoundError:
        return
    journal = _Journal(told["aside"], tuple(told["names"]), tuple(told["had"]))
    aside = state / journal.aside
    for name in journal.names:
        if (aside / name).exists():
            remove(state / name)
            (aside / name).rename(state / name)
        elif name not in journal.had:
            remove(state / name)
    with suppress(FileNotFoundError):
        aside.rmdir()
    sync_folder(state)
    (state / UNFINISHED).unlink()


def _free_name(state: Path, now: datetime) -> str:
    name = ASIDE.format(now)
    number = 1
    while (state / name).exists():
        number += 1
        name = f"{ASIDE.format(now)}-{number}"
    return name


def _write(path: Path, told: Mapping[str, object]) -> None:
    """Write a small file, whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=_STAGED, dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(told, file)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
    sync_folder(path.parent)
