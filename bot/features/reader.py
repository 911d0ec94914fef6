"""Reads the text as it stands: its contents, its sections, its paragraphs."""

from bot.caller import Caller
from bot.errors import UserError
from bot.features.readings import Readings, find_place
from bot.library.library import Library
from bot.reading import Place, Reading, Section
from bot.reply import Action, Bullets, Prose, Quote, Reply

# A page is what a phone shows in a few screens.
_PAGE_WORDS = 350
_WORDS_A_MINUTE = 200


class Reader:
    """The text of the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def contents(self, caller: Caller) -> Reply:
        """List the sections with their paragraphs and reading time."""
        reading = await self._readings.of(caller)
        items = tuple(
            f"{section.number}. {section.heading}: {_range(section)}, {minutes_to_read(section.words)}"
            for section in reading.sections
        )
        whole = minutes_to_read(sum(section.words for section in reading.sections))
        return Reply(
            reading.title,
            (Prose(f"{reading.author}. {reading.paragraphs} paragraphs, {whole}."), Bullets(items)),
            actions=tuple(Action(f"Read {each.number}", f"read {each.number}") for each in reading.sections[:5]),
        )

    async def read(self, caller: Caller, place: str = "1", page: int = 1) -> Reply:
        """Read a section or a paragraph as it stands.

        Args:
            place: 3 is section 3, ¶3 or p3 paragraph 3, a heading's words its section.
            page: Which page of it.
        """
        reading = await self._readings.of(caller)
        found = find_place(reading, place)
        if isinstance(found, Section):
            return await self._section(reading, found, page)
        if page != 1:
            raise UserError("A paragraph is one page.")
        number = found if isinstance(found, int) else found.paragraph
        return await self._paragraph(reading, number, found if isinstance(found, Place) else None)

    async def _paragraph(self, reading: Reading, number: int, place: Place | None) -> Reply:
        paragraph = await self._library.paragraph(reading.slug, number)
        chosen = paragraph.place
        if place:
            if not 1 <= place.first <= place.last <= chosen.last:
                raise UserError(f"¶ {number} has sentences 1 to {chosen.last}.")
            chosen = place
        section = reading.section_of(number)
        around = [Action("Paragraph before", f"read ¶{number - 1}")] if number > 1 else []
        around += [Action("Next paragraph", f"read ¶{number + 1}")] if number < reading.paragraphs else []
        return Reply(
            f"{section.number}. {section.heading}",
            (Quote(reading.quotation(paragraph, chosen)),),
            actions=(
                *around,
                Action("Open the section", f"read {section.number}"),
                *((Action("Discuss this", f"discuss ¶{number}"),) if reading.prompts else ()),
                Action("Cite", f"cite ¶{number}"),
            ),
        )

    async def _section(self, reading: Reading, section: Section, page: int) -> Reply:
        pages: list[list[int]] = [[]]
        words = 0
        paragraphs = await self._library.paragraphs(reading.slug, section.first, section.last)
        for paragraph in paragraphs:
            length = len(paragraph.text.split())
            if pages[-1] and words + length > _PAGE_WORDS:
                pages.append([])
                words = 0
            pages[-1].append(paragraph.number)
            words += length
        if not 1 <= page <= len(pages):
            raise UserError(f"Section {section.number} has {len(pages)} page{'s' * (len(pages) > 1)}.")
        shown = [each for each in paragraphs if each.number in pages[page - 1]]
        line = f"read {section.number} page:"
        turn = [Action("Next page", f"{line}{page + 1}", turns=True)] if page < len(pages) else []
        turn += [Action("Page before", f"{line}{page - 1}", turns=True)] if page > 1 else []
        if page == len(pages) and section.number < len(reading.sections):
            turn.append(Action("Next section", f"read {section.number + 1}"))
        number = f", page {page} of {len(pages)}" if len(pages) > 1 else ""
        return Reply(
            f"{section.number}. {section.heading}{number}",
            tuple(Quote(reading.quotation(each, each.place)) for each in shown),
            actions=(*turn, Action("Summary", f"summary {section.number}"), *_discuss(reading, section)),
        )


def _discuss(reading: Reading, section: Section) -> tuple[Action, ...]:
    return (Action("Discuss", f"discuss section:{section.number}"),) if reading.prompts else ()


def _range(section: Section) -> str:
    return f"¶ {section.first}" if section.first == section.last else f"¶ {section.first}–{section.last}"


def minutes_to_read(words: int) -> str:
    """Return how long reading takes, in words."""
    minutes = max(1, round(words / _WORDS_A_MINUTE))
    return f"about {minutes} minute{'s' * (minutes > 1)}"
