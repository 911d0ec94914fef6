"""The one way to answer an interaction: in time, once, to whom it concerns, whatever happens."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord

from bot.commands import BUG
from bot.errors import UserError
from bot.platforms.discord import limits
from bot.platforms.discord.buttons import Pages, buttons
from bot.platforms.discord.interaction import Interaction, said, typed_line, values
from bot.platforms.discord.render import Part, View, notice, parts, view
from bot.reply import Reply

log = logging.getLogger(__name__)

# Discord waits 3 seconds for the first answer. Whatever may take longer than this is announced.
PATIENCE = 1.0
TAKEN_BACK = "One moment …"
NOT_ALLOWED = (
    "Discord does not let Kruzhok do this here: a permission is missing. Whoever manages the server can give it."
)
MORE = "There is more than fits here: /read and /discuss show the reading and its prompts in parts."
# Answers that came too late, or twice: nobody is there any more to be told.
_UNKNOWN_INTERACTION, _ALREADY_ANSWERED = 10062, 40060

Answer = Coroutine[Any, Any, Reply]


async def respond(interaction: Interaction, answer: Answer, private: bool | None = None) -> None:
    """Answer a command.

    Args:
        answer: The feature's reply, not yet awaited.
        private: Whether only the member who asked may see it; None for what the circle's moderators chose.
    """
    if private is None:
        private = values(interaction).is_on("private")
    async with answering(interaction):
        reply = await in_time(interaction, answer, private)
        await show(interaction, reply, private or reply.private, _line(interaction))


@asynccontextmanager
async def answering(interaction: Interaction) -> AsyncIterator[None]:
    """Answer something: what people may read is told to the one who asked, a bug is logged whole."""
    with interaction.client.in_flight.one():
        try:
            with interaction.client.app.answers.one(_name(interaction), said(interaction)):
                yield
        except UserError as error:
            await tell(interaction, str(error))
        except discord.Forbidden as error:
            log.warning("Discord did not allow it: %s", error)
            await tell(interaction, NOT_ALLOWED)
        except discord.HTTPException as error:
            if error.code in (_UNKNOWN_INTERACTION, _ALREADY_ANSWERED):
                log.warning("an answer was not taken: %s", error)
            else:
                log.exception("an answer could not be sent")
                await tell(interaction, BUG)
        except Exception:  # a bug: never "interaction failed", and never its text
            log.exception("an answer failed")
            await tell(interaction, BUG)


async def in_time(interaction: Interaction, answer: Answer, private: bool, in_place: bool = False) -> Reply:
    """Wait for a reply; announce it, to whoever will see it, if it takes more than a second.

    Args:
        in_place: Whether it will take the place of the message whose button was pressed.
    """
    work = asyncio.ensure_future(answer)
    try:
        done, _ = await asyncio.wait({work}, timeout=PATIENCE)
        if not done:
            await (interaction.response.defer() if in_place else defer(interaction, private))
        return await work
    finally:
        work.cancel()


async def defer(interaction: Interaction, private: bool) -> None:
    """Announce an answer, if nothing was said yet."""
    if not interaction.response.is_done():
        interaction.extras["private"] = private
        await interaction.response.defer(ephemeral=private, thinking=True)


async def show(interaction: Interaction, reply: Reply, private: bool, line: str = "", part: int = 1) -> None:
    """Show a reply as a message of its own; a long one in parts, or if there is no line in several messages.

    These are no more than an app may send where it is not installed; the last then says that there is more.

    Args:
        line: The command line that it answers, by which the other parts of a long reply are asked for.
        part: Which of them this is.
    """
    divided = parts(reply, interaction.client.mentions)
    shown = [_at(divided, part)] if line else divided
    is_cut = len(shown) > limits.FOLLOW_UPS_OUTSIDE
    if is_cut:
        shown = shown[: limits.FOLLOW_UPS_OUTSIDE - 1]
    pages = Pages(line, part, len(divided), interaction.user.id)
    for number, texts in enumerate(shown):
        made = view(texts, await buttons(interaction, reply, pages, private))
        if number == 0:
            await send(interaction, made, private)
        else:
            await interaction.followup.send(view=made, ephemeral=private)
    if is_cut:
        await interaction.followup.send(view=notice(MORE, interaction.client.mentions), ephemeral=private)


async def turn(interaction: Interaction, reply: Reply, private: bool, line: str, part: int = 1) -> None:
    """Show a reply in the place of the message whose button was pressed."""
    divided = parts(reply, interaction.client.mentions)
    pages = Pages(line, part, len(divided), interaction.user.id)
    made = view(_at(divided, part), await buttons(interaction, reply, pages, private))
    if interaction.response.is_done():
        await interaction.edit_original_response(view=made)
    else:
        await interaction.response.edit_message(view=made)


def _at(divided: Sequence[Part], part: int) -> Part:
    return divided[min(part, len(divided)) - 1]


async def send(interaction: Interaction, made: View, private: bool) -> None:
    """Send a message as the answer; if one was announced to others than it is for, take that back first."""
    if not interaction.response.is_done():
        await interaction.response.send_message(view=made, ephemeral=private)
    elif "private" not in interaction.extras:
        await interaction.followup.send(view=made, ephemeral=private)
    elif interaction.extras.pop("private") == private:
        await interaction.edit_original_response(view=made)
    else:
        # The first thing that is said after an announcement takes its visibility, even if that was deleted.
        await interaction.edit_original_response(view=notice(TAKEN_BACK, {}))
        await interaction.followup.send(view=made, ephemeral=private)
        await interaction.delete_original_response()


async def tell(interaction: Interaction, sentence: str) -> None:
    """Tell whoever asked, and nobody else, one sentence; if even that fails, it is logged."""
    try:
        await send(interaction, notice(sentence, interaction.client.mentions), private=True)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("nobody could be told what was wrong: %s", error)


def _name(interaction: Interaction) -> str:
    """Return what an answer counts as: the command; what a button or a form stands for says so later, if it is one."""
    command = interaction.command
    return command.qualified_name if command else interaction.type.name


def _line(interaction: Interaction) -> str:
    """Return the slash command that was given, as it would be typed; nothing for a menu."""
    command = interaction.command
    if not isinstance(command, discord.app_commands.Command):
        return ""
    known = {each.name: each for each in interaction.client.app.commands.all}
    return typed_line(interaction, known[command.qualified_name]) if command.qualified_name in known else ""
