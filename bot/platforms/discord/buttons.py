"""Chooses the buttons under a reply; each carries what it does, so that nothing of them is kept in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import discord
from discord import ui

from bot.characters import one_line
from bot.platforms.discord import custom_id, limits
from bot.platforms.discord.custom_id import COMMAND, POLL, POST, THREAD, Press
from bot.platforms.discord.interaction import Interaction, server
from bot.platforms.discord.render import MOST_BUTTONS, Button
from bot.reply import Question, Reply

GO_ON, GO_BACK = "Next part", "Part before"
POST_HERE, START_A_THREAD, START_A_POLL = "Post here", "Start a thread", "Poll"


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of which answer is shown, and to whom.

    Attributes:
        line: The command line that is answered; nothing if it cannot be asked again.
    """

    line: str
    part: int
    of: int
    asker: int


async def buttons(
    interaction: Interaction, reply: Reply, pages: Pages, private: bool, in_thread: bool = False
) -> list[Button]:
    """Make the buttons under a reply: to turn its pages, what it offers, and what only Discord can do.

    Args:
        in_thread: Whether it opens a thread of its own.
    """
    own = [each for each in _own(interaction, reply, private) if not (in_thread and each[1].verb == THREAD)]
    offered = [*_turning(reply, pages), *own, *_actions(reply)]
    unique = {press.custom_id: (label, press) for label, press in reversed(offered)}
    chosen = list(reversed(unique.values()))[:MOST_BUTTONS]
    long = {press.text for _, press in chosen if press.is_kept}
    if long:
        app = interaction.client.app
        await app.button_lines.keep(long, app.now())
    return [button(label, press) for label, press in chosen]


def button(label: str, press: Press) -> Button:
    """Make a button; what is not a command stands out."""
    is_own = press.verb != COMMAND
    style = discord.ButtonStyle.primary if is_own else discord.ButtonStyle.secondary
    return ui.Button(label=limits.fit(one_line(label), limits.LABEL), style=style, custom_id=press.custom_id)


def _turning(reply: Reply, pages: Pages) -> Iterator[tuple[str, Press]]:
    if pages.line and len(pages.line) <= custom_id.LONGEST_LINE:
        if pages.part < pages.of:
            yield GO_ON, Press(COMMAND, pages.line, pages.asker, pages.part + 1)
        if pages.part > 1:
            yield GO_BACK, Press(COMMAND, pages.line, pages.asker, pages.part - 1)
    for action in reply.actions:
        if action.turns:
            yield action.label, Press(COMMAND, action.line, pages.asker)


def _actions(reply: Reply) -> Iterator[tuple[str, Press]]:
    for action in reply.actions:
        if not action.turns and len(action.line) <= custom_id.LONGEST_LINE:
            yield action.label, Press(COMMAND, action.line)


def _own(interaction: Interaction, reply: Reply, private: bool) -> Iterator[tuple[str, Press]]:
    """Give what is not a command."""
    if private and not reply.private:
        yield POST_HERE, Press(POST)
    if reply.private:
        return  # a preview for moderators: what can be done with a prompt is for when it is given
    for prompt in (piece.prompt for piece in reply.pieces if isinstance(piece, Question)):
        about = f"{prompt.passage.address.reading} {prompt.id}"
        if server(interaction) is not None:
            yield START_A_THREAD, Press(THREAD, about)
        if is_poll(prompt.question, prompt.positions):
            yield START_A_POLL, Press(POLL, about)


def is_poll(question: str, answers: Iterable[str]) -> bool:
    """Whether a question and its answers fit into a poll of Discord's as they are; they are not shortened."""
    listed = list(answers)
    return (
        2 <= len(listed) <= limits.POLL_ANSWERS
        and limits.length(question) <= limits.POLL_QUESTION
        and all(0 < limits.length(answer) <= limits.POLL_ANSWER for answer in listed)
    )
