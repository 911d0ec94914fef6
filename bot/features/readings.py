"""Finds the reading that a caller's group reads, and places in it."""

import re

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.caller import Caller
from bot.errors import UserError
from bot.features.group_values import GroupValues
from bot.library.library import Library
from bot.library.words import words
from bot.reading import Place, Reading, Section

_PARAGRAPH = re.compile(r"(?:¶|p\.?|para(?:graph)?)\s*(\d{1,7})(?:\.(\d{1,5})(?:[-–](\d{1,5}))?)?\Z", re.IGNORECASE)
_PLACE = re.compile(r"(\d{1,7})\.(\d{1,5})(?:[-–](\d{1,5}))?\Z")
_SECTION = re.compile(r"(?:§|s(?:ection)?\.?)?\s*(\d{1,5})\Z", re.IGNORECASE)
_LIKE_ENOUGH = 0.87
_MOST_NAMED = 12


class Readings:
    """Which reading a group reads: the one that was asked for by name, or that was chosen, or the library's first."""

    def __init__(self, library: Library, values: GroupValues) -> None:
        self._library = library
        self._values = values

    async def of(self, caller: Caller) -> Reading:
        """Return the reading that a caller means.

        Raises:
            UserError: There is none of the name that they gave.
        """
        if caller.reading:
            return await self._library.reading(caller.reading)
        slugs = await self._library.slugs()
        chosen = (await self._values.of(caller))["reading"]
        # One that was chosen and is no longer there must not silence the circle.
        return await self._library.reading(chosen if chosen in slugs else slugs[0])

    async def named(self, text: str) -> str:
        """Return the slug of the reading that somebody means, by its slug or words of its title.

        Raises:
            UserError: There is none, or more than one.
        """
        slugs = await self._library.slugs()
        wanted = text.strip().casefold()
        if wanted in slugs:
            return wanted
        asked = {word.text for word in words(text)}
        fitting = []
        for slug in slugs:
            reading = await self._library.reading(slug)
            if asked and asked <= {word.text for word in words(f"{reading.title} {reading.author}")}:
                fitting.append(slug)
        if len(fitting) == 1:
            return fitting[0]
        there = ", ".join((fitting or slugs)[:_MOST_NAMED])
        which = "More than one reading is" if fitting else "There is no reading"
        raise UserError(f"{which} “{text.strip()[:60]}”. Choose one by its slug: {there}.")


def find_section(reading: Reading, text: str) -> Section:
    """Return a section by its number or words of its heading.

    Raises:
        UserError: There is none, or more than one; names those there are.
    """
    asked = text.strip()
    number = _SECTION.match(asked)
    if number and 1 <= int(number[1]) <= len(reading.sections):
        return reading.sections[int(number[1]) - 1]
    wanted = {word.text for word in words(asked)}
    headings = [{word.text for word in words(section.heading)} for section in reading.sections]
    fitting = [section for section, own in zip(reading.sections, headings, strict=True) if wanted and wanted <= own]
    if not fitting and wanted and not number:
        fitting = _alike(reading, asked)
    if len(fitting) == 1:
        return fitting[0]
    there = "; ".join(f"{each.number} {each.heading}" for each in (fitting or reading.sections)[:12])
    which = "More than one section is" if fitting else "There is no section"
    raise UserError(f"{which} “{asked[:60]}”. Choose one by its number: {there}.")


def _alike(reading: Reading, asked: str) -> list[Section]:
    """Return the section that has a word like each of those asked for."""
    fitting = []
    for section in reading.sections:
        own = [word.text for word in words(section.heading)]
        if own and all(
            process.extractOne(word.text, own, scorer=JaroWinkler.similarity, score_cutoff=_LIKE_ENOUGH)
            for word in words(asked)
        ):
            fitting.append(section)
    return fitting


def find_place(reading: Reading, text: str) -> Section | Place | int:
    """Return what a place means: ``3`` a section, ``¶3`` or ``p3`` a paragraph's number, ``7.2-3`` sentences.

    Raises:
        UserError: There is no such section.
    """
    asked = text.strip().removeprefix(reading.slug).strip()
    match = _PARAGRAPH.match(asked) or _PLACE.match(asked)
    if match is None:
        return find_section(reading, asked)
    if match[2] is None:
        return int(match[1])
    return Place(int(match[1]), int(match[2]), int(match[3] or match[2]))
