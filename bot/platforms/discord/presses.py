"""What pressing a button does: a command, posting a private answer, a thread, a poll; or to say that it is outdated."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self, cast

import discord
from discord import ui

from bot.errors import UserError
from bot.platforms.discord import custom_id
from bot.platforms.discord.buttons import is_poll
from bot.platforms.discord.custom_id import Press
from bot.platforms.discord.flood import TOO_MANY
from bot.platforms.discord.interaction import Interaction, caller, look_up, values
from bot.platforms.discord.permissions import POLL, require, writing
from bot.platforms.discord.render import Button
from bot.platforms.discord.respond import answering, in_time, send, show, tell, turn
from bot.platforms.discord.threads import open_thread
from bot.reading import Prompt
from bot.reply import Question, Reply

OUTDATED = "This button is from another version of Kruzhok. Ask again: /help lists the commands."
NOT_KEPT = "What this button stood for is no longer kept. Ask again: /help lists the commands."
NO_POLL = "The positions of this prompt have changed, and make no poll any more. Ask again: /discuss gives a prompt."
_POLL_LASTS = timedelta(days=7)


class Pressed(ui.DynamicItem[Button], template=r"(?!)"):
    """A button that was pressed, as its custom id describes it; each kind has a pattern and an answer of its own."""

    verb = custom_id.COMMAND

    def __init__(self, item: Button, match: re.Match[str]) -> None:
        super().__init__(item)
        self._match = match

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Make it of its custom id."""
        return cls(cast(Button, item), match)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer, unless the member presses too much."""
        if not interaction.client.flood.allows(interaction.user.id):
            await tell(interaction, TOO_MANY)
            return
        async with answering(interaction):
            await look_up(interaction)
            await self.answer(interaction)

    async def answer(self, interaction: Interaction) -> None:
        """Do what the button says.

        Raises:
            UserError: It cannot be done.
        """
        raise UserError(OUTDATED)

    async def press(self, interaction: Interaction) -> Press:
        """Return what was pressed, its text looked up if need be.

        Raises:
            UserError: The text is no longer kept.
        """
        text: str | None = self._match["text"]
        if self._match["how"] == "#":
            text = await interaction.client.app.button_lines.line(self._match["text"])
        if text is None:
            raise UserError(NOT_KEPT)
        asker = self._match["asker"]
        return Press(self.verb, text, int(asker) if asker else None, int(self._match["part"] or 1))


class CommandButton(Pressed, template=custom_id.template(custom_id.COMMAND)):
    """Stands for a command line; one that turns pages does so in its place for whoever asked for them."""

    async def answer(self, interaction: Interaction) -> None:
        press = await self.press(interaction)
        private = is_private(interaction)
        in_place = press.asker == interaction.user.id
        private = private or (press.asker is not None and not in_place) or values(interaction).is_on("private")
        work = interaction.client.app.commands.answer(caller(interaction), press.text)
        reply = await in_time(interaction, work, private, in_place)
        if in_place:
            await turn(interaction, reply, private, press.text, press.part)
        else:
            await show(interaction, reply, private or reply.private, press.text, press.part)


class PostButton(Pressed, template=custom_id.template(custom_id.POST)):
    """Posts a private answer where everybody in the channel sees it."""

    verb = custom_id.POST

    async def answer(self, interaction: Interaction) -> None:
        require(interaction, member=writing(interaction))
        shown = ui.LayoutView.from_message(_message(interaction), timeout=None)
        for row in [each for each in shown.walk_children() if isinstance(each, ui.ActionRow)]:
            for button in [each for each in row.children if getattr(each, "custom_id", None) == self.custom_id]:
                row.remove_item(button)
            if not row.children and isinstance(row.parent, ui.Container):
                row.parent.remove_item(row)
        shown.stop()
        await send(interaction, shown, private=False)


class ThreadButton(Pressed, template=custom_id.template(custom_id.THREAD)):
    """Opens a thread on a prompt."""

    verb = custom_id.THREAD

    async def answer(self, interaction: Interaction) -> None:
        prompt = await _prompt(interaction, await self.press(interaction))
        message = None if is_private(interaction) else interaction.message
        await open_thread(interaction, prompt, message)


class PollButton(Pressed, template=custom_id.template(custom_id.POLL)):
    """Asks the members which position of a prompt they take."""

    verb = custom_id.POLL

    async def answer(self, interaction: Interaction) -> None:
        prompt = await _prompt(interaction, await self.press(interaction))
        require(interaction, bot=POLL, member=(*writing(interaction), *POLL))
        if not is_poll(prompt.question, prompt.positions):
            raise UserError(NO_POLL)
        poll = discord.Poll(prompt.question, duration=_POLL_LASTS)
        for position in prompt.positions:
            poll.add_answer(text=position)
        await interaction.response.send_message(poll=poll)


class WholeButton(Pressed, template=custom_id.template(custom_id.WHOLE)):
    """Shows a prompt whole to the one who wants to see more than fits into a scheduled post."""

    verb = custom_id.WHOLE

    async def answer(self, interaction: Interaction) -> None:
        prompt = await _prompt(interaction, await self.press(interaction))
        title = f"{prompt.passage.section}. {prompt.passage.heading}"
        await show(interaction, Reply(title, (Question(prompt),), private=True), private=True)


class OutdatedButton(Pressed, template=custom_id.OUTDATED):
    """Anything that this version does not know; it says so, instead of leaving Discord to say "interaction failed"."""


PRESSED = (CommandButton, PostButton, ThreadButton, PollButton, WholeButton, OutdatedButton)


def _message(interaction: Interaction) -> discord.Message:
    """Return the message whose button was pressed; Discord always sends it."""
    return cast(discord.Message, interaction.message)


def is_private(interaction: Interaction) -> bool:
    """Whether the message whose button was pressed is seen by one member only."""
    return _message(interaction).flags.ephemeral


async def _prompt(interaction: Interaction, press: Press) -> Prompt:
    """Return the prompt of a button: of this circle, or of the one whose post it is on."""
    slug, number, *elsewhere = press.text.split(" ")
    who = caller(interaction, slug)
    return await interaction.client.app.discussion.prompt(
        replace(who, group=elsewhere[0]) if elsewhere else who, number
    )
