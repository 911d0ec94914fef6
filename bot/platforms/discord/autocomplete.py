"""Offers what an option can be while it is typed: words of the reading with their counts, sections, terms, kinds."""

import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from discord import app_commands

from bot.answers import mark
from bot.characters import one_line
from bot.features.citation import STYLE_NAMES
from bot.library.study import PROMPT_KINDS
from bot.platforms.discord import limits
from bot.platforms.discord.interaction import Interaction, caller, said
from bot.platforms.discord.vocabulary import Known, fold

log = logging.getLogger(__name__)

Choice = app_commands.Choice[str]
Complete = Callable[[Interaction, str], Coroutine[Any, Any, list[Choice]]]


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
    vocabulary = await interaction.client.vocabularies.of(caller(interaction))
    before, _, last = current.rpartition(" ")
    return choices(vocabulary.words, last, f"{' '.join(before.split())} " if before.split() else "")


async def _sections(interaction: Interaction, current: str) -> list[Choice]:
    return choices((await interaction.client.vocabularies.of(caller(interaction))).sections, current)


async def _terms(interaction: Interaction, current: str) -> list[Choice]:
    return choices((await interaction.client.vocabularies.of(caller(interaction))).terms, current)


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


words, sections, terms = guarded(_words), guarded(_sections), guarded(_terms)
command_names, kinds, styles, whose = guarded(_command_names), guarded(_kinds), guarded(_styles), guarded(_whose)
