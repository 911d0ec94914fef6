"""Offers what an option can be while it is typed: words of the reading with their counts, sections, terms, kinds."""

import logging
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from discord import app_commands

from bot.answers import mark
from bot.app import App
from bot.caller import Caller
from bot.characters import one_line
from bot.features.citation import STYLE_NAMES
from bot.library.study import PROMPT_KINDS
from bot.platforms.discord import limits
from bot.platforms.discord.interaction import Interaction, caller, said

log = logging.getLogger(__name__)

Choice = app_commands.Choice[str]
Complete = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice]]]

_MOST_READINGS = 32


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
    counted = {fold(word): (word, uses) for word, uses in await app.library.vocabulary(reading.slug)}
    for entry in study.glossary:
        if entry.mentions:
            counted.setdefault(fold(entry.term), (entry.term, len(entry.mentions)))
    ordered = sorted(counted.items(), key=lambda item: -item[1][1])
    sections = (
        Known(
            str(each.number),
            (str(each.number), fold(each.heading), *fold(each.heading).split()),
            f"{each.number}. {each.heading} · ¶ {each.first}–{each.last}",
        )
        for each in reading.sections
    )
    terms = (
        Known(
            each.term,
            tuple(fold(name) for name in (each.term, *each.names, *each.aliases)),
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
    wanted = fold(typed.strip())
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


def guarded(complete: Complete) -> Complete:
    """Offer nothing where something goes wrong; what is typed can be sent all the same."""

    async def offered(interaction: Interaction, current: str) -> list[Choice]:
        try:
            return await complete(interaction, current)
        except Exception as error:  # whoever types goes on typing, without suggestions
            mark(error, said(interaction))
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
    return choices(listed(each.name for each in interaction.client.app.commands.all), current)


async def _kinds(interaction: Interaction, current: str) -> list[Choice]:
    return choices(listed(PROMPT_KINDS), current)


async def _styles(interaction: Interaction, current: str) -> list[Choice]:
    return choices(listed(STYLE_NAMES), current)


async def _whose(interaction: Interaction, current: str) -> list[Choice]:
    return choices(listed(("me", "group")), current)


def listed(values: Iterable[str]) -> Iterable[Known]:
    """Return values that are shown as they are."""
    return (Known(each, (fold(each),), each) for each in values)


def fold(text: str) -> str:
    """Return text as it is compared with what is typed: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("’", "'")


words, sections, terms = guarded(_words), guarded(_sections), guarded(_terms)
command_names, kinds, styles, whose = guarded(_command_names), guarded(_kinds), guarded(_styles), guarded(_whose)
