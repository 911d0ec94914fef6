"""The chat on a terminal that can do more than print: prompt_toolkit reads, rich writes."""

import asyncio
import logging
import os
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from rich.console import Console

from bot.app import App
from bot.caller import Caller
from bot.commands import well_formed
from bot.platforms.terminal.completion import CommandCompleter, choices
from bot.platforms.terminal.conversation import PROMPT, Conversation, is_leaving
from bot.platforms.terminal.render import show
from bot.platforms.terminal.room import Room
from bot.reply import Reply

HISTORY = "history"
LOG = "chat.log"
_ROWS_FOR_MENU = 6


class History(FileHistory):
    """What was typed here before; the file takes any line, also one with half a character in it."""

    def store_string(self, string: str) -> None:
        """Append a line to the file."""
        super().store_string(well_formed(string))


async def talk_on_screen(
    state: Path, app: App, caller: Caller, conversation: Conversation, room: Room, hello: Reply
) -> None:
    """Read lines with completion and history, and show the answers and what is due, until Ctrl-C or Ctrl-D."""
    # A traceback would tear the screen, so the log goes to a file.
    logging.basicConfig(filename=private_file(state / LOG), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    console = Console()
    session: PromptSession[str] = PromptSession(
        PROMPT,
        history=History(private_file(state / HISTORY)),
        auto_suggest=AutoSuggestFromHistory(),
        completer=CommandCompleter(app.commands, await choices(app, caller)),
        complete_while_typing=True,
        key_bindings=_keys(),
        reserve_space_for_menu=_ROWS_FOR_MENU,
    )
    show(console, hello, numbered=True)
    room.show_with(caller.group, lambda reply: show(console, reply))
    delivering = asyncio.ensure_future(app.delivery.run(room))
    try:
        # What is posted meanwhile appears above the line that is being typed.
        with patch_stdout(raw=True):
            await _talk(console, session, conversation)
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)


async def _talk(console: Console, session: PromptSession[str], conversation: Conversation) -> None:
    while True:
        try:
            line = await session.prompt_async()
        except (EOFError, KeyboardInterrupt):
            return
        if is_leaving(line):
            return
        if line.strip():
            show(console, await conversation.answer(line), numbered=True)


def private_file(path: Path) -> Path:
    """Make a file that only its owner can read, unless it is there."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    return path


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("c-d")
    def leave(event: KeyPressEvent) -> None:
        event.app.exit(exception=EOFError)

    return keys
