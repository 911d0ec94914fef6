"""What deploy/ says in words is so."""

import re

import discord

from bot.app import App
from bot.features.upkeep import LEFT_KEPT
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.permissions import ALL, FORUM, HISTORY, POLL, THREAD, WRITING, WRITING_IN_THREADS, named
from tests.deploy.conftest import ROOT

DISCORD = (ROOT / "deploy/DISCORD.md").read_text("utf-8")
SYSTEMD = (ROOT / "deploy/SYSTEMD.md").read_text("utf-8")
PRIVILEGED = {"message_content": "Message Content", "members": "Server Members", "presences": "Presence"}


def table(heading: str) -> list[str]:
    """Return the first column of the table under a heading."""
    section = DISCORD.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| ([^|-]+?) \|", section, re.MULTILINE)[1:]


async def test_no_privileged_intent_is_asked_for_and_each_is_named(app: App) -> None:
    async with KruzhokBot(app, shard_count=1) as bot:
        assert [name for name, is_on in bot.intents if is_on] == ["guilds"]
    assert table("No privileged intent") == list(PRIVILEGED.values())
    # Those that discord.py has beyond Discord's default ones are the privileged ones.
    beyond = {name for name, is_on in discord.Intents.all() if is_on and not getattr(discord.Intents.default(), name)}
    assert beyond == set(PRIVILEGED)


def test_the_permissions_that_are_listed_are_those_of_the_invitation() -> None:
    used = {name for names in (WRITING, WRITING_IN_THREADS, THREAD, FORUM, POLL, HISTORY) for name in names}
    assert discord.Permissions(**dict.fromkeys(used, True)) == ALL
    assert sorted(table("Permissions")) == sorted(named(name) for name in used)


def test_what_is_said_of_deletion_is_so() -> None:
    assert f"forgotten after {LEFT_KEPT.days} days" in re.sub(r"\s+", " ", DISCORD)


def test_every_file_that_is_named_is_there() -> None:
    for text in (DISCORD, SYSTEMD):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / "deploy" / link).exists(), link
    named_units = set(re.findall(r"\bkruzhok[\w-]*\.(?:service|timer)\b", SYSTEMD))
    assert named_units == {path.name for path in (ROOT / "deploy").glob("*.*") if path.suffix in (".service", ".timer")}
