"""What is offered to moderators while they type: values of settings, schedules and their days, prompts."""

from collections.abc import Awaitable, Callable, Iterable, Iterator

import discord
from discord import app_commands

from bot.answers import mark
from bot.characters import one_line
from bot.features.group_settings import SCOPES
from bot.features.group_values import HERE, NONE, Setting
from bot.features.posts import KINDS
from bot.features.setting_values import DEFAULT, SWITCHABLE
from bot.platforms.discord import limits
from bot.platforms.discord.autocomplete import Choice, Complete, choices, guarded, listed, log
from bot.platforms.discord.interaction import Interaction, caller, look_up, said, server, values
from bot.platforms.discord.vocabulary import Known, fold
from bot.recurrence.when import EXAMPLES
from bot.recurrence.zones import zone_names

# Where posts can go, as menus name it; threads come after channels.
CHANNELS = (discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum)
_MOST_READINGS = 200

Offer = Callable[[Interaction], Awaitable[Iterable[Known]]]


def _offering(offer: Offer) -> Complete:
    """Offer what fits of some values, to moderators; others need not know of them."""

    async def complete(interaction: Interaction, current: str) -> list[Choice]:
        await look_up(interaction)
        return choices(await offer(interaction), current) if caller(interaction).is_moderator else []

    return guarded(complete)


def _always(known: Iterable[str]) -> Complete:
    every = tuple(listed(known))

    async def offer(interaction: Interaction) -> Iterable[Known]:
        return every

    return _offering(offer)


async def _zones(interaction: Interaction) -> Iterable[Known]:
    """Return zones, to be begun with their cities too."""
    return (
        Known(name, (fold(name.rpartition("/")[2]), fold(name), fold(name.replace("_", " "))), name)
        for name in zone_names()
    )


async def _readings(interaction: Interaction) -> Iterable[Known]:
    app = interaction.client.app
    known = [await app.library.reading(slug) for slug in (await app.library.slugs())[:_MOST_READINGS]]
    return [Known(each.slug, (fold(each.slug), fold(each.title)), each.title) for each in known]


def _channels(interaction: Interaction) -> Iterator[Known]:
    guild = server(interaction)
    for channel in guild.channels if guild else ():
        if channel.type in CHANNELS:
            yield Known(str(channel.id), (fold(channel.name), f"#{fold(channel.name)}"), f"#{channel.name}")
    for thread in guild.threads if guild else ():
        if not thread.is_private():
            yield Known(str(thread.id), (fold(thread.name), f"#{fold(thread.name)}"), f"#{thread.name} (thread)")


def _roles(interaction: Interaction) -> Iterator[Known]:
    guild = server(interaction)
    for role in reversed(guild.roles) if guild else ():
        if not role.is_default():
            yield Known(str(role.id), (fold(role.name), f"@{fold(role.name)}"), f"@{role.name.removeprefix('@')}")


def forum_of(interaction: Interaction) -> discord.ForumChannel | None:
    """Return the forum that a circle's posts go to, if they go to one."""
    guild = server(interaction)
    number = values(interaction).number("channel")
    channel = guild.get_channel(int(number)) if guild and number else interaction.channel
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    return channel if isinstance(channel, discord.ForumChannel) else None


def _tags(interaction: Interaction) -> Iterator[Known]:
    forum = forum_of(interaction)
    for tag in forum.available_tags if forum else ():
        yield Known(str(tag.id), (fold(tag.name),), tag.name)


def setting_values(setting: Setting) -> Complete:
    """Return what offers the values of a setting."""
    places: dict[str, Callable[[Interaction], Iterable[Known]]] = {
        "channel": _channels,
        "mention": _roles,
        "role": _roles,
        "tag": _tags,
    }
    words = (HERE, NONE) if setting.kind == "channel" and setting.default == NONE else (setting.default,)

    async def of_the_server(interaction: Interaction) -> Iterable[Known]:
        return (*places[setting.kind](interaction), *listed(words))

    match setting.kind:
        case "zone":
            return _offering(_zones)
        case "reading":
            return _offering(_readings)
        case "channel" | "mention" | "role" | "tag":
            return _offering(of_the_server)
        case "commands":
            return guarded(_commands)
        case _:
            return _always((*(setting.choices or (setting.default,)), DEFAULT))


async def _commands(interaction: Interaction, current: str) -> list[Choice]:
    """Offer one more command to be switched off; those that were named stay."""
    *before, last = current.replace(",", " ").split(" ")
    named = [each for each in before if each]
    offered = [each for each in SWITCHABLE if each not in named]
    begun = "".join(f"{each}, " for each in named)
    return choices(listed((*offered, *([] if named else [NONE]))), last, begun)


async def _times(interaction: Interaction, current: str) -> list[Choice]:
    """Offer what is typed, if there is a time of day in it, and examples that go on from it."""
    typed = " ".join(current.split())
    examples = choices(listed(EXAMPLES), typed)
    if not examples and typed and ":" not in typed:
        # A day that no example has: it still needs a time.
        examples = choices(listed(("19:00", "18:30", "20:00")), "", f"{typed} ")
    return examples


async def _prompt_ids(interaction: Interaction) -> Iterable[Known]:
    known = await interaction.client.app.prompts.everything(caller(interaction))
    return [Known(each.id, (fold(each.id), fold(each.question)), f"{each.id}: {each.question}") for each in known]


async def _days(interaction: Interaction) -> Iterable[Known]:
    """Return the next days of the schedule whose number is typed already."""
    number = getattr(interaction.namespace, "number", None)
    timetable = interaction.client.app.timetable
    return listed(await timetable.days(caller(interaction), number if isinstance(number, int) else 0))


async def schedules(interaction: Interaction, current: int | str) -> list[app_commands.Choice[int]]:
    """Offer the schedules of a circle by their numbers, with what they post and when."""
    try:
        await look_up(interaction)
        who = caller(interaction)
        known = await interaction.client.app.timetable.schedules(who) if who.is_moderator else ()
    except Exception as error:  # whoever types goes on typing, without suggestions
        mark(error, said(interaction))
        log.exception("an autocomplete failed")
        return []
    wanted = str(current).strip()
    shown = [(each.number, f"{each.number}. {each.what}, {each.rule}") for each in known]
    return [
        app_commands.Choice(name=limits.fit(one_line(name), limits.CHOICE), value=number)
        for number, name in shown
        if str(number).startswith(wanted)
    ][: limits.CHOICES]


scopes, whats, answers = _always(SCOPES), _always(KINDS), _always(("yes", "no"))
times, days, prompt_ids = guarded(_times), _offering(_days), _offering(_prompt_ids)
