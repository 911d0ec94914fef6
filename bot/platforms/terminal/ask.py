"""Answers without a conversation: one line for a person, or lines of JSON for a script."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, BinaryIO

from bot.app import App, open_app
from bot.caller import Caller
from bot.commands import Failure, safely, well_formed
from bot.platforms.terminal.answer import as_json
from bot.platforms.terminal.plain import plain
from bot.platforms.terminal.room import NAME as PLATFORM
from bot.platforms.terminal.room import Room
from bot.reply import Reply
from bot.settings import Settings

GROUP, USER = "local", "you"
ANSWERED, USAGE, BUG, REFUSED = 0, 2, 70, 77  # the last two after BSD's sysexits.h
EXIT_CODES = {"usage": USAGE, "refused": REFUSED, "bug": BUG}

_KEYS = {"line": str, "group": str, "user": str, "moderator": bool}


def local_caller(is_moderator: bool, reading: str | None = None, group: str = GROUP, user: str = USER) -> Caller:
    """Return whoever sits at this terminal."""
    return Caller(
        user=f"{PLATFORM}:{well_formed(user)}",
        group=f"{PLATFORM}:{well_formed(group)}",
        is_moderator=is_moderator,
        reading=None if reading is None else well_formed(reading),
    )


async def ask(
    settings: Settings, line: str, caller: Caller, *, as_object: bool, pretty: bool, now: datetime | None = None
) -> int:
    """Answer one line on standard output, or say on standard error why not; returns the exit code."""
    async with open_app(settings, _clock(now)) as app:
        app.places.add(Room(settings.state))
        answer = await safely(app.commands.answer(caller, line))
    if as_object:
        print(as_json(answer), flush=True)
    elif isinstance(answer, Failure):
        print(plain(answer), file=sys.stderr)
    else:
        _print(answer, pretty)
    return EXIT_CODES[answer.kind] if isinstance(answer, Failure) else ANSWERED


async def ask_lines(
    settings: Settings, lines: BinaryIO, reading: str | None = None, now: datetime | None = None
) -> int:
    """Answer each line of JSON with a line of JSON, in order; returns the exit code."""
    async with open_app(settings, _clock(now)) as app:
        app.places.add(Room(settings.state))
        for line in lines:
            print(as_json(await _answer(app, line, reading)), flush=True)
    return ANSWERED


async def _answer(app: App, raw: bytes, reading: str | None) -> Reply | Failure:
    asked = _read(raw)
    if isinstance(asked, Failure):
        return asked
    caller = local_caller(
        is_moderator=asked.get("moderator", False),
        reading=reading,
        group=asked.get("group", GROUP),
        user=asked.get("user", USER),
    )
    return await safely(app.commands.answer(caller, asked["line"]))


def _read(raw: bytes) -> dict[str, Any] | Failure:
    try:
        asked = json.loads(raw)
    except (ValueError, RecursionError):
        return Failure("usage", 'This is not JSON. Write one object a line, like {"line": "/quote Cheka"}.')
    if not isinstance(asked, dict) or "line" not in asked:
        return Failure("usage", 'Write one object a line, with a "line", like {"line": "/quote Cheka"}.')
    for key, value in asked.items():
        if key not in _KEYS:
            return Failure("usage", f"There is no key {json.dumps(key)[:60]}. The keys are {', '.join(_KEYS)}.")
        if type(value) is not _KEYS[key]:
            return Failure("usage", f'"{key}" is {"true or false" if _KEYS[key] is bool else "text"}.')
    return asked


def _clock(now: datetime | None) -> Callable[[], datetime]:
    """Return a clock that stands still at ``now``, or else the true one."""
    return lambda: now or datetime.now(UTC)


def _print(answer: Reply, pretty: bool) -> None:
    if pretty:
        from rich.console import Console  # imported where it is seen: it takes as long as the answer

        from bot.platforms.terminal.render import show

        show(Console(), answer)
    else:
        print(plain(answer), flush=True)
