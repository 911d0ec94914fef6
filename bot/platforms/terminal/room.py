"""The terminal as a place for scheduled posts: a file that keeps each, and a screen that shows it."""

import asyncio
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.caller import Caller
from bot.errors import DeliveryFailed, Refused
from bot.platforms.terminal.plain import plain
from bot.posting import Kind, Named, Post, Receipt, Target
from bot.reply import Reply

NAME = "terminal"
FILE = "posts.jsonl"
CANNOT_WRITE = "The state folder cannot be written. Make it writable, or name another: KRUZHOK_STATE"
ONE_PLACE = "In the terminal there is one place: posts appear in the chat, and are kept in the state folder."


class Room:
    """Where posts of the terminal's groups go: one line of JSON each, and shown where somebody looks.

    Args:
        folder: The state folder.
    """

    name = NAME
    posts_a_second = 100.0

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._shown: dict[str, Callable[[Reply], None]] = {}

    def show_with(self, group: str, show: Callable[[Reply], None]) -> None:
        """Show from now on what is posted in a group."""
        self._shown[group] = show

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Keep a post, durably, and show it."""
        line = json.dumps({"key": key, "group": target.group, "text": plain(post.reply)})
        try:
            await asyncio.to_thread(_append, self._path, line)
        except OSError as error:
            raise DeliveryFailed(f"{self._path.name} cannot be written: {error.strerror}") from error
        if target.group in self._shown:
            self._shown[target.group](post.reply)
        return Receipt(target.channel, key)

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Look for a post by its key among all that were kept."""
        kept = await asyncio.to_thread(_keys, self._path)
        return Receipt(target.channel, key) if key in kept else None

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Do nothing: there are no threads."""
        return ""

    async def results(self, receipt: Receipt) -> str:
        """Return nothing: there are no polls."""
        return ""

    async def missing(self, target: Target) -> list[str]:
        """Return why the file cannot be written, if so."""
        given = await self.report(target)
        return [] if all(can for _, can in given) else [CANNOT_WRITE]

    async def report(self, target: Target) -> list[tuple[str, bool]]:
        """Return whether the file can be written."""
        can = os.access(self._path if self._path.exists() else self._path.parent, os.W_OK)
        return [("The state folder can be written", can)]

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Refuse: there is nothing to choose from."""
        raise Refused(ONE_PLACE)

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Return what the one place is called."""
        return "the terminal" if kind == "channel" else number


def _append(path: Path, line: str) -> None:
    path.touch(0o600)
    with path.open("a", encoding="utf-8") as file:
        # A line that a crash cut off must not take this one with it.
        file.write(f"{line}\n" if file.tell() == 0 or _ends_whole(path) else f"\n{line}\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _keys(path: Path) -> set[str]:
    """Return the keys of all posts; a line that a crash cut off is none."""
    if not path.exists():
        return set()
    found = set()
    for line in path.read_text("utf-8", "replace").splitlines():
        try:
            found.add(str(json.loads(line)["key"]))
        except (ValueError, TypeError, KeyError):
            continue
    return found
