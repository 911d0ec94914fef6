"""The chat: one person at their own machine, line by line; plain where nobody looks or the terminal can only print."""

import sys
from collections.abc import Iterator
from typing import BinaryIO

from bot.app import App, open_app
from bot.caller import Caller
from bot.platforms.terminal.ask import ANSWERED, local_caller
from bot.platforms.terminal.conversation import PROMPT, Conversation, is_leaving
from bot.platforms.terminal.plain import plain
from bot.platforms.terminal.room import Room
from bot.reading import Reading
from bot.reply import Action, Prose, Reply
from bot.settings import Settings

HOW_TO = "Tab completes, a number does what stands beside it, /help lists everything, Ctrl-D leaves."
_TELLING_KINDS = ("event", "organisation")


async def greeting(app: App, reading: Reading) -> Reply:
    """Return what the chat begins with: what is read here, and three lines to try."""
    study = await app.library.study(reading.slug)
    telling = [entry for entry in study.glossary if entry.kind in _TELLING_KINDS and " " not in entry.term]
    terms = [entry.term for entry in sorted(telling, key=lambda each: -len(each.mentions))]
    terms += [word for word, _ in await app.library.vocabulary(reading.slug, 50)]
    first, second = (*terms, "freedom", "power")[:2]
    by = f"By {reading.author}. {reading.paragraphs} paragraphs in {len(reading.sections)} sections."
    return Reply(
        f"{reading.title}: {reading.subtitle}" if reading.subtitle else reading.title,
        (Prose(by), Prose(HOW_TO)),
        actions=(
            Action("Look for words", f"quote {first}"),
            Action("Discuss", f"discuss {second}"),
            Action("Begin to read", "read 1"),
        ),
    )


async def chat(settings: Settings, *, pretty: bool, reading: str | None = None) -> int:
    """Talk until it ends; returns the exit code.

    Args:
        pretty: Whether somebody looks at a terminal that can do more than print.
        reading: The slug of the reading to ask; by default the library's first.

    Raises:
        UserError: There is no such reading.
    """
    async with open_app(settings) as app:
        caller = local_caller(is_moderator=True, reading=reading)
        hello = await greeting(app, await app.readings.of(caller))
        conversation = Conversation(app.commands, caller, hello.actions)
        room = Room(settings.state)
        app.places.add(room)
        if pretty:
            # Only here: importing them takes longer than everything else together.
            from bot.platforms.terminal.screen import talk_on_screen

            await talk_on_screen(settings.state, app, caller, conversation, room, hello)
        else:
            await talk_plainly(app, caller, conversation, room, hello)
    return ANSWERED


async def talk_plainly(app: App, caller: Caller, conversation: Conversation, room: Room, hello: Reply) -> None:
    """Answer the lines of standard input in plain text; greet and prompt only where somebody types them.

    Nothing else happens while a line is awaited, so what is due is posted before the next one.
    """
    seen = sys.stdin.isatty()
    room.show_with(caller.group, lambda reply: print(plain(reply), end="\n\n", flush=True))
    if seen:
        print(plain(hello), end="\n\n")
    await app.delivery.deliver_due(room)
    for line in typed_lines(sys.stdin.buffer, PROMPT if seen else ""):
        if is_leaving(line):
            return
        print(plain(await conversation.answer(line)), end="\n\n", flush=True)
        await app.delivery.deliver_due(room)


def typed_lines(lines: BinaryIO, prompt: str = "") -> Iterator[str]:
    """Give the lines of a pipe, whatever bytes are in them, empty ones left out."""
    while True:
        print(prompt, end="", flush=True)
        raw = lines.readline()
        if not raw:
            return
        line = raw.decode("utf-8", "replace").strip()
        if line:
            yield line
