"""Discord has the commands that can be typed: the same names, help and arguments, and it says the same."""

import re
from typing import Any

import pytest
from discord import AppCommandOptionType, app_commands

from bot.caller import Caller
from bot.platforms.discord.documented import PRIVATE
from bot.platforms.terminal.plain import plain
from tests.parity import QUESTIONS, words
from tests.platforms.discord.circle import Circle, buttons, text

READER = Caller("reader", "test:1")

# What only Discord offers.
ONLY_HERE = {"private": PRIVATE}
# What only Matrix has.
ELSEWHERE = {"config prefix"}
ALWAYS_PRIVATE = {"privacy show", "privacy export", "privacy delete"}


async def test_discord_has_the_commands_that_can_be_typed(circle: Circle) -> None:
    here = {
        each.qualified_name: each for each in circle.bot.tree.walk_commands() if isinstance(each, app_commands.Command)
    }
    typed = {each.name: each for each in circle.app.commands.all}
    problems = [f"only here: {name}" for name in here.keys() - typed.keys()]
    problems += [f"not here: {name}" for name in typed.keys() - here.keys() - ELSEWHERE]
    for name in here.keys() & typed.keys():
        found = {
            each.name: (str(each.description), each.required, each.type is AppCommandOptionType.integer)
            for each in here[name].parameters
            if each.name not in ONLY_HERE
        }
        wanted = {each.name: (each.about, each.required, each.number) for each in typed[name].arguments}
        if found != wanted or list(found) != list(wanted):
            problems.append(f"{name}: {found} is not {wanted}")
        if here[name].description != typed[name].about:
            problems.append(f"{name}: “{here[name].description}” is not “{typed[name].about}”")
        always = name in ALWAYS_PRIVATE or typed[name].for_moderators
        if ("private" in {each.name for each in here[name].parameters}) == always:
            problems.append(f"{name}: private")
    assert problems == []


@pytest.mark.parametrize("line", QUESTIONS)
async def test_discord_says_what_the_terminal_says(circle: Circle, line: str) -> None:
    command, arguments = circle.app.commands.parse(line)
    options: dict[str, Any] = dict(arguments)
    message = await circle.ask(command.name, **options)
    assert "Next part" not in buttons(message)
    on_discord = re.sub(r"</([\w ]+):\d+>|```\w*|\\|\*\*", lambda match: match[1] or "", text(message))
    in_terminal = plain(await circle.app.commands.answer(READER, line)).split("\n\nTry: ")[0]
    assert words(on_discord) == words(in_terminal)
