"""Quotes the reading: the best passage for some words, or one that the group has not had lately."""

from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random

from bot.caller import Caller
from bot.errors import UserError
from bot.features.group_values import PARAGRAPH, PASSAGE, SENTENCE, GroupValues
from bot.features.readings import Readings, find_section
from bot.library.english import DEPENDENT
from bot.library.library import Findings, Library
from bot.library.ranking import Found
from bot.library.words import words as searchable
from bot.reading import Paragraph, Place, Quotation, Reading
from bot.reply import Action, Piece, Prose, Quote, Reply
from bot.store.given import Given

# A sentence that is quoted without being asked for says something by itself, and fits on a phone.
_FEWEST_WORDS, _MOST_WORDS = 10, 55
_TRIES = 24
_TITLE = 60


class Quotes:
    """Quotes from the reading that a group reads."""

    def __init__(
        self,
        library: Library,
        readings: Readings,
        values: GroupValues,
        given: Given,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._library = library
        self._readings = readings
        self._values = values
        self._given = given
        self._now = now
        self._random = random

    async def quote(self, caller: Caller, words: str = "", section: str = "", after: str = "") -> Reply:
        """Quote the reading, word for word, with section, paragraph and voice.

        Args:
            words: What the passage should be about. Empty: one that the group has not had lately.
            section: Only from this section: its number or a word of its heading.
            after: The next best passage after this one, e.g. 7.2.
        """
        reading = await self._readings.of(caller)
        within = find_section(reading, section).number if section else None
        past = await find_sentences(self._library, reading, after) if after else None
        if not words.strip():
            return await self._any(caller, reading, within)
        findings = await self._library.search(reading.slug, words, within)
        if not findings.passages:
            return await nothing_found(self._library, reading, words, findings, within)
        chosen = _next(findings.passages, past) if past else findings.passages[0]
        if chosen is None:
            again = Action("Back to the best", _line("quote", words, within))
            return Reply(_titled(words), (Prose("That was the last passage that answers this."),), actions=(again,))
        (quotation,) = await quote_passages(self._library, reading, [chosen], findings)
        quotation = await self._at_length(caller, reading, quotation)
        pieces: tuple[Piece, ...] = (*corrected(findings), Quote(quotation))
        more = [Action("Another", _line("quote", words, within, after=str(chosen.place)))]
        if len(findings.passages[:2]) == 1:
            more = []
        return Reply(_titled(words), pieces, actions=(*more, *passage_actions(reading, quotation)))

    async def _at_length(self, caller: Caller, reading: Reading, quotation: Quotation) -> Quotation:
        """Quote as much as the group wants: the sentence with most of the words, the passage, or its paragraph."""
        length = (await self._values.of(caller))["length"]
        place = quotation.address.place
        if length == PASSAGE or (length == SENTENCE and place.first == place.last):
            return quotation
        paragraph = await self._library.paragraph(reading.slug, place.paragraph)
        start = paragraph.spans[place.first - 1][0]
        marks = tuple((start + first, start + last) for first, last in quotation.marks)
        if length == PARAGRAPH:
            return reading.quotation(paragraph, Place(place.paragraph, 1, len(paragraph.spans)), marks)
        best = max(range(place.first, place.last + 1), key=lambda number: _marked(paragraph, number, marks))
        return reading.quotation(paragraph, Place(place.paragraph, best, best), marks)

    async def _any(self, caller: Caller, reading: Reading, section: int | None) -> Reply:
        """Quote a sentence that stands alone, one that the group has not had for longest."""
        fresh = await self.fresh(caller, reading, section)
        item, _ = await self._given.give_first(caller.group, reading.slug, "quote", fresh, self._now())
        return await self.alone(reading, item, f"quote section:{section}" if section else "quote")

    async def fresh(self, caller: Caller, reading: Reading, section: int | None = None) -> list[str]:
        """Return places of sentences that stand alone and that the group has not had, or had longest ago."""
        choices = await self._choices(reading, section)
        had = await self._given.had(caller.group, reading.slug, "quote")
        return [choice for choice in choices if choice not in had] or sorted(choices, key=lambda each: had[each])[:1]

    async def alone(self, reading: Reading, item: str, line: str) -> Reply:
        """Return the quotation of a place that nobody asked for by words.

        Args:
            line: What gives another.
        """
        place = Place.parse(item)
        quotation = reading.quotation(await self._library.paragraph(reading.slug, place.paragraph), place)
        return Reply(
            reading.title, (Quote(quotation),), actions=(Action("Another", line), *passage_actions(reading, quotation))
        )

    async def _choices(self, reading: Reading, section: int | None) -> list[str]:
        """Return sentences from some paragraphs in an order of chance: those that stand alone, or else any."""
        within = reading.sections[section - 1] if section else None
        first, last = (within.first, within.last) if within else (1, reading.paragraphs)
        numbers = self._random.sample(range(first, last + 1), min(_TRIES, last - first + 1))
        paragraphs = (await self._library.paragraphs_at(reading.slug, numbers)).values()
        alone = [str(place) for paragraph in paragraphs for place in _standing_alone(paragraph)]
        choices = alone or [str(Place(each.number, n, n)) for each in paragraphs for n in range(1, len(each.spans) + 1)]
        self._random.shuffle(choices)
        return choices


async def find_sentences(library: Library, reading: Reading, text: str) -> Place:
    """Return the sentences that a text such as ``7.2-3`` names.

    Raises:
        UserError: It names none, or none that there are.
    """
    place = Place.parse(text)
    paragraph = await library.paragraph(reading.slug, place.paragraph)
    if not 1 <= place.first <= place.last <= len(paragraph.spans):
        raise UserError(f"¶ {place.paragraph} has sentences 1 to {len(paragraph.spans)}.")
    return place


def _marked(paragraph: Paragraph, number: int, marks: tuple[tuple[int, int], ...]) -> int:
    """Return how many marks lie in a sentence."""
    start, end = paragraph.spans[number - 1]
    return sum(start <= first and last <= end for first, last in marks)


def _standing_alone(paragraph: Paragraph) -> list[Place]:
    places = []
    for number, (start, end) in enumerate(paragraph.spans, 1):
        sentence = paragraph.text[start:end]
        first = next(iter(searchable(sentence, 1)), None)
        if first and first.text not in DEPENDENT and _FEWEST_WORDS <= len(sentence.split()) <= _MOST_WORDS:
            places.append(Place(paragraph.number, number, number))
    return places


def _next(passages: Sequence[Found], after: Place) -> Found | None:
    """Return the passage that follows ``after`` in the ranking; the best if ``after`` is not in it."""
    for number, found in enumerate(passages):
        if found.place.overlaps(after):
            return passages[number + 1] if number + 1 < len(passages) else None
    return passages[0]


async def quote_passages(
    library: Library, reading: Reading, passages: Sequence[Found], findings: Findings
) -> list[Quotation]:
    """Quote passages with the words marked that they were found by."""
    paragraphs = await library.paragraphs_at(reading.slug, (found.paragraph for found in passages))
    quotations = []
    for found in passages:
        paragraph, place = paragraphs[found.paragraph], found.place
        marks = await library.marks(reading.slug, paragraph, findings.question, place)
        quotations.append(reading.quotation(paragraph, place, marks))
    return quotations


def passage_actions(reading: Reading, quotation: Quotation) -> tuple[Action, ...]:
    """Return what can be done next with a quotation."""
    place = quotation.address.place
    return (
        Action("Context", f"read ¶{place.paragraph}"),
        *((Action("Discuss this", f"discuss ¶{place}"),) if reading.prompts else ()),
        Action("Open the section", f"read {quotation.section}"),
        Action("Cite", f"cite {place}"),
    )


def corrected(findings: Findings) -> tuple[Prose, ...]:
    """Say which words were taken for others."""
    if not findings.question.corrections:
        return ()
    shown = ", ".join(f"“{used}” for “{typed}”" for typed, used in findings.question.corrections)
    return (Prose(f"Showing results for {shown}."),)


async def nothing_found(
    library: Library, reading: Reading, words: str, findings: Findings, section: int | None = None
) -> Reply:
    """Say that the reading, or this section of it, does not answer; with where it does, or the nearest terms."""
    if section is not None and (elsewhere := (await library.search(reading.slug, words)).passages):
        there = reading.section_of(elsewhere[0].place.paragraph)
        said = (
            f"Section {section} does not answer “{_shortened(words)}”; section {there.number}, {there.heading}, does."
        )
        return Reply("Nothing found", (Prose(said),), actions=(Action("Quote it", _line("quote", words, None)),))
    tried = f"Nothing found for “{_shortened(words)}” in {reading.title}."
    near = findings.nearest
    hint = (Prose(f"Nearest in this reading: {', '.join(near)}."),) if near else ()
    return Reply(
        "Nothing found",
        (Prose(tried), *hint),
        suggestions=near,
        actions=tuple(Action(f"Quote {term}", f"quote {term}") for term in near[:3]),
    )


def _titled(words: str) -> str:
    return f"“{_shortened(words)}”"


def _shortened(words: str) -> str:
    plain = words if words.isprintable() else "".join(char if char.isprintable() else " " for char in words)
    plain = " ".join(plain.split())
    return plain if len(plain) <= _TITLE else f"{plain[:_TITLE]}…"


def _line(name: str, words: str, section: int | None, **named: str) -> str:
    parts = [name, " ".join(words.split())]
    parts += [f"section:{section}"] if section else []
    return " ".join(parts + [f"{key}:{value}" for key, value in named.items()])
