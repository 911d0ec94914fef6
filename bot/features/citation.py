"""Cites the reading, or a place in it, in the style that is asked for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.caller import Caller
from bot.errors import UserError
from bot.features import citation_styles as styles
from bot.features.citation_styles import Heard, Passage, Work, title_words
from bot.features.readings import Readings, find_place
from bot.library.library import Library
from bot.library.source import FIRST_HEADING
from bot.library.stems import Words, ordinary_word
from bot.library.words import fold
from bot.reading import Paragraph, Place, Reading, Section
from bot.reply import Action, Bullets, Code, Piece, Prose, Reply

# What the library calls those whom it does not know; see bot/library/source.py.
_UNNAMED = "somebody"
_MOST_HEARD = 12
_ENGLISH = Words("en")
_MOST_READ = 200
_OPENING = "“‘«\"'(["
_NOT_LETTERS = re.compile(r"[^a-z]")


@dataclass(frozen=True, slots=True)
class _Style:
    """A citation style: its name for ``style:``, how it is called, what else people call it (letters only)."""

    name: str
    label: str
    also: frozenset[str]
    write: Callable[[Work, Passage], tuple[Piece, ...]]


_STYLES = (
    _Style(
        "chicago", "Chicago notes", frozenset(("chicago", "chicagonotes", "chicagonote", "notes", "note")),
        styles.chicago_notes,
    ),
    _Style(
        "chicago-author-date", "Chicago author-date", frozenset(("chicagoauthordate", "authordate", "chicagoad")),
        styles.chicago_author_date,
    ),
    _Style("mla", "MLA", frozenset(("mla",)), styles.mla),
    _Style("apa", "APA", frozenset(("apa",)), styles.apa),
    _Style("bibtex", "BibTeX", frozenset(("bibtex", "bib", "biblatex", "tex", "latex")), styles.bibtex),
    _Style("csl-json", "CSL-JSON", frozenset(("csljson", "csl", "json")), styles.csl_json),
)  # fmt: skip

STYLE_NAMES = tuple(each.name for each in _STYLES)


class Citation:
    """Citations of the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def cite(self, caller: Caller, place: str = "", style: str = "chicago") -> Reply:
        """Cite the reading, or a place in it.

        Args:
            place: ¶7, 7.2-3, or a section by its number or heading. Empty: the whole reading.
            style: chicago, chicago-author-date, mla, apa, bibtex or csl-json.
        """
        reading = await self._readings.of(caller)
        if place.strip() and _called(place):
            place, style = "", place
        chosen = _called(style)
        if chosen is None:
            there = ", ".join(each.name for each in _STYLES[:-1])
            raise UserError(f"“{style[:40]}” is not a citation style here. There are {there} and {_STYLES[-1].name}.")
        passage, typed = await self._passage(reading, place)
        work = Work(reading, await self._proper(reading))
        pieces = chosen.write(work, passage)
        read = f"read {typed}".strip()
        others = (each for each in _STYLES if each is not chosen)
        return Reply(
            f"{chosen.label}: {passage.address}",
            (*pieces, *_remarks(reading, passage, pieces)),
            actions=(
                *(Action(each.label, " ".join(f"cite {typed} style:{each.name}".split())) for each in others),
                Action("Read", read),
            ),
        )

    async def _passage(self, reading: Reading, place: str) -> tuple[Passage, str]:
        """Return what is cited, and how a place is typed that means it."""
        if not place.strip():
            return Passage(reading.slug), ""
        found = find_place(reading, place)
        if isinstance(found, Section):
            return await self._section(reading, found), str(found.number)
        number = found if isinstance(found, int) else found.paragraph
        paragraph = await self._library.paragraph(reading.slug, number)
        chosen = paragraph.place if isinstance(found, int) else found
        if not 1 <= chosen.first <= chosen.last <= paragraph.place.last:
            raise UserError(f"¶ {number} has sentences 1 to {paragraph.place.last}.")
        passage = Passage(f"{reading.slug} ¶{found}", "", number, number, _heard(reading, [(paragraph, chosen)]))
        return passage, f"¶{found}" if isinstance(found, int) else str(found)

    async def _section(self, reading: Reading, section: Section) -> Passage:
        last = min(section.last, section.first + _MOST_READ - 1)
        paragraphs = await self._library.paragraphs(reading.slug, section.first, last)
        heard = _heard(reading, [(paragraph, paragraph.place) for paragraph in paragraphs])
        address = f"{reading.slug} § {section.number}"
        if section.heading == FIRST_HEADING and section.number == 1:  # the text has no such heading
            return Passage(address, "", section.first, section.last, heard)
        return Passage(address, section.heading, heard=heard)

    async def _proper(self, reading: Reading) -> frozenset[str]:
        """Return the words of the title that are names, as far as the text itself shows it.

        A word is one that the text never writes small but where a sentence begins, or that follows one as it does in
        the title ("Russian Revolution"); where the text does not show it, one that is not an ordinary English word.
        """
        title = f"{reading.title} {reading.subtitle}"
        capitals = [word for word in title_words(title) if not word[0].islower()]
        if not reading.language.startswith("en"):
            return frozenset(capitals)
        numbers = await self._library.sharing(reading.slug, title)
        paragraphs = [await self._library.paragraph(reading.slug, number) for number in numbers]
        proper: set[str] = set()
        for word in capitals:
            if any(f"{name} {word}" in title and _stands(f"{name} {word}", paragraphs) for name in proper):
                proper.add(word)
                continue
            small = _stands(word.lower(), paragraphs)
            named = _stands(word, paragraphs, within=True) or ordinary_word(_ENGLISH.stem(fold(word))) is None
            if named and not small:
                proper.add(word)
        return frozenset(proper)


def _stands(words: str, paragraphs: Sequence[Paragraph], within: bool = False) -> bool:
    """Whether the text has some words exactly so; ``within``: where no sentence begins with them."""
    pattern = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
    if not within:
        return any(pattern.search(paragraph.text) for paragraph in paragraphs)
    sentences = (
        paragraph.text[start:end].lstrip(_OPENING) for paragraph in paragraphs for start, end in paragraph.spans
    )
    return any(pattern.search(sentence, 1) for sentence in sentences)


def _called(text: str) -> _Style | None:
    name = _NOT_LETTERS.sub("", text.casefold()).removesuffix("edition").removesuffix("ed").removesuffix("th")
    return next((style for style in _STYLES if name in style.also), None)


def _heard(reading: Reading, places: Sequence[tuple[Paragraph, Place]]) -> tuple[Heard, ...]:
    """Return who is quoted at some places, each once for every paragraph."""
    heard: dict[Heard, None] = {}
    for paragraph, place in places:
        for speaker in reading.quotation(paragraph, place).voice.quoted:
            known = None if speaker.name.startswith(f"{_UNNAMED} ") else speaker
            heard[Heard(known, paragraph.number)] = None
    return tuple(heard)[:_MOST_HEARD]


def _remarks(reading: Reading, passage: Passage, pieces: Sequence[Piece]) -> tuple[Prose, ...]:
    """Say what stands behind the citation, for those who have to complete it; code is left to itself."""
    if any(isinstance(piece, Code) for piece in pieces):
        return ()
    remarks = []
    if any(re.search(r"\bparas?\. |\bpars?\. ", item) for p in pieces if isinstance(p, Bullets) for item in p.items):
        remarks.append("Paragraphs are counted through the whole text.")
    if reading.year and reading.year_is_inferred:
        remarks.append("The year is inferred.")
    source = " ".join(part for part in (reading.source, reading.rights) if part)
    return tuple(Prose(text) for text in (" ".join(remarks), f"Source: {source}" if source else "") if text)
