"""``backup`` and ``restore`` as they are typed."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import UserError
from bot.operating.backup import NotWritten, back_up, back_up_to, remove_older
from bot.operating.place import state_of
from bot.operating.restore import Restored
from bot.operating.restore import restore as put_back
from bot.store.state import StateError

Work = Callable[[argparse.Namespace, Mapping[str, str]], int]

DONE, CANNOT_WRITE, CANNOT_USE = 0, 73, 78  # after BSD's sysexits.h
STANDARD = "-"
ON_A_SCREEN = "A backup is no text for a screen. Name a file, or send it on: ./kruzhok backup - > FILE"
NO_FOLDER_TO_KEEP = "--keep is for a folder, in which backups get names with their times; {path} is none."
CANNOT_READ = "{path} cannot be read: {reason}. Name a backup that this user can read."
WHERE_TO = (
    "Say where the backup is to be: ./kruzhok backup kruzhok.tar, or a folder, in which it gets a name with its time."
)
WHICH = "Say which backup is to be put back: ./kruzhok restore kruzhok.tar"
ABOUT_KEYS = (
    "On Matrix, keys of a copy must not be used again: at its next start Kruzhok becomes a new device of the same "
    "account, signed by the same key, and answers nothing that was written before now."
)


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to ``backup``."""
    parser.description = (
        "Copy the state, the Matrix device and the settings in the state folder into one file, while the bot runs. It "
        "holds the bot's keys: keep it where only you can read it. Exit code 73 if it cannot be written, 78 if the "
        "state cannot be read."
    )
    about = "a file that is not there yet; a folder, in which it gets a name with its time; or - for standard output"
    parser.add_argument("file", nargs="?", metavar="FILE", help=about)
    about = "in a folder, delete older ones with such names, but for the newest N"
    parser.add_argument("--keep", type=_at_least_one, metavar="N", help=about)


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to ``restore``."""
    parser.description = (
        "Put a backup back; the bot must not run. It is checked whole first, and what was there before is kept in a "
        "folder beside. No post is made twice by it. Exit code 2 if the backup cannot be used, 78 while a bot runs."
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="the backup; or - for standard input")


async def backup(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Make a backup; returns the exit code."""
    return _told_of_state(_backup, arguments, environment)


async def restore(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Restore a backup; returns the exit code."""
    return _told_of_state(_restore, arguments, environment)


def _told_of_state(work: Work, arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Do it; say it in a sentence if the state is in use, or cannot be read."""
    try:
        return work(arguments, environment)
    except StateError as error:
        print(error, file=sys.stderr)
        return CANNOT_USE


def _backup(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # so that Ctrl-C ends it at once, and leaves nothing
    if not arguments.file:
        raise UserError(WHERE_TO)
    state, now, target = state_of(environment), datetime.now(UTC), Path(arguments.file)
    try:
        if arguments.keep and (arguments.file == STANDARD or not target.is_dir()):
            raise UserError(NO_FOLDER_TO_KEEP.format(path=target))
        if arguments.file == STANDARD:
            if sys.stdout.isatty():
                raise UserError(ON_A_SCREEN)
            _to_standard_output(state, now)
            return DONE
        path = back_up(state, target, now)
        print(path)
        if arguments.keep:
            for older in remove_older(target, arguments.keep):
                print(f"removed: {older}")
    except NotWritten as error:
        print(error, file=sys.stderr)
        return CANNOT_WRITE
    return DONE


def _restore(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not arguments.file:
        raise UserError(WHICH)
    state, now = state_of(environment), datetime.now(UTC)
    if arguments.file == STANDARD:
        done = put_back(state, sys.stdin.buffer, "Standard input", now)
    else:
        path = Path(arguments.file)
        try:
            stream = path.open("rb")
        except OSError as error:
            raise UserError(CANNOT_READ.format(path=path, reason=error.strerror)) from None
        with stream:
            done = put_back(state, stream, str(path), now)
    print(_told(done, state))
    return DONE


def _to_standard_output(state: Path, now: datetime) -> None:
    try:
        back_up_to(sys.stdout.buffer, state, now)
    except NotWritten:
        # What is still in the buffer must not raise it again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _told(done: Restored, state: Path) -> str:
    made = done.manifest
    lines = [f"Restored to {state}: a copy of {made.made_at:%Y-%m-%d %H:%M} UTC, made by Kruzhok {made.kruzhok}."]
    if done.aside:
        lines.append(f"What was there before is in {done.aside}. Delete it when all is well.")
    if made.has_matrix:
        lines.append(ABOUT_KEYS)
    return "\n".join([*lines, "Start the bot: ./kruzhok run"])


def _at_least_one(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:6])):
        raise argparse.ArgumentTypeError(f"“{text}” is no number of backups; at least 1 is kept.")
    return int(text[:6])
