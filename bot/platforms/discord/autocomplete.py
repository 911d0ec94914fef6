"""Offers what an option can be while it is typed: words of the reading with their counts, sections, terms, kinds."""

import logging
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands

from bot.app import App
from bot.caller import Caller
from bot.features.citation import STYLE_NAMES
from bot.features.group_settings import SCOPES
from bot.features.group_values import Setting
from bot.features.posts import KINDS
from bot.features.setting_values import DEFAULT, SWITCHABLE
from bot.library.study import PROMPT_KINDS
from bot.platforms.discord import limits
from bot.platforms.discord.interaction import Interaction, caller, server
from bot.platforms.discord.markdown import one_line
from bot.recurrence.when import EXAMPLES
from bot.recurrence.zones import zone_names

log = logging.getLogger(__name__)

Choice = app_commands.Choice[str]
Complete = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice]]]

_MOST_READINGS = 32
_MOST_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Known:
    """A value that an option can have.

    Attributes:
        keys: What it can be begun with, folded.
        shown: How it stands in the menu.
    """

    value: str
    keys: tuple[str, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What can be asked of one reading, in the order to be offered."""

    words: tuple[Known, ...]
    sections: tuple[Known, ...]
    terms: tuple[Known, ...]


class Completions:
    """The vocabularies of the readings, each made once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._made: OrderedDict[str, Vocabulary] = OrderedDict()

    async def of(self, who: Caller) -> Vocabulary:
        """Return the vocabulary of the reading that a caller means."""
        reading = await self._app.readings.of(who)
        known = self._made.get(reading.slug)
        if known is None:
            known = self._made[reading.slug] = await _vocabulary(self._app, who)
            if len(self._made) > _MOST_READINGS:
                self._made.popitem(last=False)
        return known


async def _vocabulary(app: App, who: Caller) -> Vocabulary:
    reading = await app.readings.of(who)
    study = await app.library.study(reading.slug)
    counted = {_fold(word): (word, uses) for word, uses in await app.library.vocabulary(reading.slug)}
    for entry in study.glossary:
        if entry.mentions:
            counted.setdefault(_fold(entry.term), (entry.term, len(entry.mentions)))
    ordered = sorted(counted.items(), key=lambda item: -item[1][1])
    sections = (
        Known(
            str(each.number),
            (str(each.number), _fold(each.heading), *_fold(each.heading).split()),
            f"{each.number}. {each.heading} · ¶ {each.first}–{each.last}",
        )
        for each in reading.sections
    )
    terms = (
        Known(
            each.term,
            tuple(_fold(name) for name in (each.term, *each.names, *each.aliases)),
            _term(each.term, each.kind),
        )
        for each in study.glossary
    )
    return Vocabulary(
        words=tuple(Known(word, (key,), f"{word} · {uses}") for key, (word, uses) in ordered),
        sections=tuple(sections),
        terms=(*terms, *([Known("timeline", ("timeline",), "timeline")] if study.events else [])),
    )


def _term(term: str, kind: str) -> str:
    return f"{term} · {kind}"


def choices(known: Iterable[Known], typed: str, before: str = "") -> list[Choice]:
    """Return what fits to what was typed: first what begins so, then what has it within.

    Args:
        before: Words that were typed already and stay.
    """
    wanted = _fold(typed.strip())
    begin: list[tuple[Known, str]] = []
    within: list[tuple[Known, str]] = []
    for each in known:
        value = f"{before}{each.value}"
        if not value or limits.length(value) > limits.CHOICE:
            continue
        if any(key.startswith(wanted) for key in each.keys):
            begin.append((each, value))
            if len(begin) == limits.CHOICES:
                break
        elif len(within) < limits.CHOICES and any(wanted in key for key in each.keys):
            within.append((each, value))
    return [
        app_commands.Choice(name=limits.fit(one_line(f"{before}{each.shown}"), limits.CHOICE), value=value)
        for each, value in (begin + within)[: limits.CHOICES]
    ]


def _guarded(complete: Complete) -> Complete:
    """Offer nothing where something goes wrong; what is typed can be sent all the same."""

    async def offered(interaction: Interaction, current: str) -> list[Choice]:
        try:
            return await complete(interaction, current)
        except Exception:  # whoever types goes on typing, without suggestions
            log.exception("an autocomplete failed")
            return []

    return offered


async def _words(interaction: Interaction, current: str) -> list[Choice]:
    """Complete the last word; those before it stay."""
    vocabulary = await interaction.client.completions.of(caller(interaction))
    before, _, last = current.rpartition(" ")
    return choices(vocabulary.words, last, f"{' '.join(before.split())} " if before.split() else "")


async def _sections(interaction: Interaction, current: str) -> list[Choice]:
    return choices((await interaction.client.completions.of(caller(interaction))).sections, current)


async def _terms(interaction: Interaction, current: str) -> list[Choice]:
    return choices((await interaction.client.completions.of(caller(interaction))).terms, current)


async def _command_names(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(each.name for each in interaction.client.app.commands.all), current)


async def _kinds(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(PROMPT_KINDS), current)


async def _styles(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(STYLE_NAMES), current)


async def _whose(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(("me", "group")), current)


async def _scopes(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(SCOPES), current)


async def _whats(interaction: Interaction, current: str) -> list[Choice]:
    return choices(_listed(KINDS), current)


async def _times(interaction: Interaction, current: str) -> list[Choice]:
    """Offer examples; what is typed is offered as it stands, if it is a time already."""
    return choices(_listed(EXAMPLES), current)


async def _zones(interaction: Interaction, current: str) -> list[Choice]:
    """Offer zones, by their cities too."""
    return choices((Known(name, _zone_keys(name), name) for name in zone_names()), current.replace(" ", "_"))


def _zone_keys(name: str) -> tuple[str, ...]:
    return (_fold(name.rpartition("/")[2]), _fold(name))


async def _readings(interaction: Interaction, current: str) -> list[Choice]:
    app = interaction.client.app
    slugs = await app.library.slugs()
    known = [await app.library.reading(slug) for slug in slugs[:_MOST_OFFERED]]
    return choices((Known(each.slug, (_fold(each.slug), _fold(each.title)), each.title) for each in known), current)


async def _channels(interaction: Interaction, current: str) -> list[Choice]:
    guild = server(interaction)
    kinds = (discord.TextChannel, discord.ForumChannel)
    known = [each for each in guild.channels if isinstance(each, kinds)] if guild else []
    here = Known("here", ("here",), "here")
    return choices((here, *(Known(str(each.id), (_fold(each.name),), f"#{each.name}") for each in known)), current)


async def _roles(interaction: Interaction, current: str) -> list[Choice]:
    guild = server(interaction)
    known = [each for each in guild.roles if not each.is_default()] if guild else []
    none = Known("none", ("none",), "none")
    return choices((none, *(Known(str(each.id), (_fold(each.name),), f"@{each.name}") for each in known)), current)


def setting_values(setting: Setting) -> Complete:
    """Return what offers the values of a setting."""
    by_kind: dict[str, Complete] = {
        "zone": _zones,
        "reading": _readings,
        "channel": _channels,
        "mention": _roles,
        "role": _roles,
    }

    async def _choices(interaction: Interaction, current: str) -> list[Choice]:
        offered = setting.choices or (SWITCHABLE if setting.kind == "commands" else (setting.default,))
        return choices(_listed((*offered, DEFAULT)), current)

    return _guarded(by_kind.get(setting.kind, _choices))


async def _prompt_ids(interaction: Interaction, current: str) -> list[Choice]:
    app, who = interaction.client.app, caller(interaction)
    known = await app.prompts.everything(who)
    return choices((Known(each.id, (_fold(each.id), _fold(each.question)), each.question) for each in known), current)


async def schedules(interaction: Interaction, current: int | str) -> list[app_commands.Choice[int]]:
    """Offer the schedules of a circle by their numbers."""
    try:
        known = await interaction.client.app.scheduling.running(caller(interaction))
    except Exception:  # as in every autocomplete
        log.exception("an autocomplete failed")
        return []
    wanted = str(current).strip()
    return [
        app_commands.Choice(
            name=limits.fit(one_line(f"{each.number}. {each.what}, {each.rule}"), limits.CHOICE), value=each.number
        )
        for each in known
        if str(each.number).startswith(wanted)
    ][: limits.CHOICES]


async def _days(interaction: Interaction, current: str) -> list[Choice]:
    """Offer the next days of the schedule whose number is typed already."""
    number = getattr(interaction.namespace, "number", None)
    days = await interaction.client.app.scheduling.days(caller(interaction), number if isinstance(number, int) else 0)
    return choices(_listed(days), current)


def _listed(values: Iterable[str]) -> Iterable[Known]:
    return (Known(each, (_fold(each),), each) for each in values)


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("’", "'")


words, sections, terms = _guarded(_words), _guarded(_sections), _guarded(_terms)
scopes, whats, times, days = _guarded(_scopes), _guarded(_whats), _guarded(_times), _guarded(_days)
prompt_ids = _guarded(_prompt_ids)
command_names, kinds, styles, whose = _guarded(_command_names), _guarded(_kinds), _guarded(_styles), _guarded(_whose)
