"""What a reading is made of: frozen values that everything else passes around."""

import re
from dataclasses import dataclass, field
from typing import Self

from bot.errors import UserError

_PLACE = re.compile(r"(\d{1,7})(?:\.(\d{1,5})(?:[-–](\d{1,5}))?)?\Z")


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A range of sentences within one paragraph of a reading, written ``7.2-3``; all counted from 1."""

    paragraph: int
    first: int
    last: int

    def __str__(self) -> str:
        tail = f"-{self.last}" if self.last != self.first else ""
        return f"{self.paragraph}.{self.first}{tail}"

    def overlaps(self, other: "Place") -> bool:
        """Whether the two have a sentence in common."""
        return self.paragraph == other.paragraph and self.first <= other.last and other.first <= self.last

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``7.2`` or ``7.2-3``.

        Raises:
            UserError: It is neither.
        """
        match = _PLACE.match(text.strip().removeprefix("¶").strip())
        if match is None or match[2] is None:
            raise UserError(f"“{text}” is not a place in a reading. Write it like 7.2 or 7.2-3.")
        first = int(match[2])
        return cls(int(match[1]), first, int(match[3] or first))


@dataclass(frozen=True, slots=True)
class Address:
    """Where words stand in a reading, e.g. ``price-serge ¶7.2-3``; stable as long as the source is."""

    reading: str
    place: Place

    def __str__(self) -> str:
        return f"{self.reading} ¶{self.place}"


@dataclass(frozen=True, slots=True)
class Erratum:
    """A misprint of the text as it was received, at offsets into its paragraph."""

    start: int
    end: int
    corrected: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Somebody who is quoted within a reading, and where the text says the words are from."""

    name: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.source})" if self.source else self.name


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words in quotation marks, at offsets into their paragraph; nobody speaks in titles and scare quotes."""

    start: int
    end: int
    speaker: Speaker | None


@dataclass(frozen=True, slots=True)
class Voice:
    """Everyone who speaks in some words: the author, and whoever the author quotes there."""

    author: str
    quoted: tuple[Speaker, ...] = ()

    def __str__(self) -> str:
        if not self.quoted:
            return self.author
        *others, last = [str(speaker) for speaker in self.quoted]
        names = f"{', '.join(others)} and {last}" if others else last
        return f"{self.author}, quoting {names}"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph as it stands.

    Attributes:
        number: Counted from 1 through the whole reading.
        section: The number of its section, from 1.
        spans: Where each sentence starts and ends, as offsets into ``text``.
    """

    number: int
    section: int
    text: str
    spans: tuple[tuple[int, int], ...]
    quoted: tuple[Quoted, ...] = ()
    errata: tuple[Erratum, ...] = ()

    @property
    def place(self) -> Place:
        """The whole paragraph as a place."""
        return Place(self.number, 1, len(self.spans))


@dataclass(frozen=True, slots=True)
class Quotation:
    """Verbatim words with their address and their voice.

    Attributes:
        text: Exactly as in the source; nothing is added or marked.
        section: The section's number.
        heading: The section's heading.
        marks: Offsets into ``text`` of the words that were asked for.
        errata: Misprints, at offsets into ``text``.
        whole: False where ``text`` is a part of the sentences at its address.
    """

    text: str
    address: Address
    section: int
    heading: str
    voice: Voice
    marks: tuple[tuple[int, int], ...] = ()
    errata: tuple[Erratum, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """A headed part of a reading: paragraphs ``first`` to ``last``."""

    number: int
    heading: str
    first: int
    last: int
    words: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in the library, without its paragraphs."""

    slug: str
    title: str
    author: str
    language: str = "en"
    subtitle: str = ""
    year: int | None = None
    year_is_inferred: bool = False
    source: str = ""
    rights: str = ""
    about_author: str = ""
    sections: tuple[Section, ...] = ()
    sentences: int = 0
    prompts: int = 0

    @property
    def paragraphs(self) -> int:
        """How many paragraphs there are."""
        return self.sections[-1].last if self.sections else 0

    def section_of(self, paragraph: int) -> Section:
        """Return the section that a paragraph lies in."""
        return next(section for section in self.sections if section.first <= paragraph <= section.last)

    def quotation(
        self, paragraph: Paragraph, place: Place, marks: tuple[tuple[int, int], ...] = (), words: str | None = None
    ) -> Quotation:
        """Quote ``place`` of ``paragraph``, or only ``words`` of it.

        Args:
            marks: Offsets into the paragraph.
            words: A part of the sentences, to be quoted instead of all of them.

        Raises:
            ValueError: The words do not stand there.
        """
        start, end = paragraph.spans[place.first - 1][0], paragraph.spans[place.last - 1][1]
        if words is not None:
            found = paragraph.text.index(words, start, end)
            whole = (found, found + len(words)) == (start, end)
            start, end = found, found + len(words)
        else:
            whole = True
        speakers = [q.speaker for q in paragraph.quoted if q.speaker and q.start < end and start < q.end]
        return Quotation(
            text=paragraph.text[start:end],
            address=Address(self.slug, place),
            section=paragraph.section,
            heading=self.section_of(paragraph.number).heading,
            voice=Voice(self.author, tuple(dict.fromkeys(speakers))),
            marks=tuple((s - start, e - start) for s, e in marks if start <= s and e <= end),
            errata=tuple(
                Erratum(e.start - start, e.end - start, e.corrected)
                for e in paragraph.errata
                if start <= e.start and e.end <= end
            ),
            whole=whole,
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of study material, with the places in the reading that support it."""

    text: str
    anchors: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One discussion question with the passage that it starts from."""

    id: str
    question: str
    kind: str
    place: str
    minutes: int
    passage: Quotation
    follow_ups: tuple[str, ...] = ()
    positions: tuple[str, ...] = ()
    themes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """A person, organisation, event, idea, work or place, and what the reading says of it.

    Attributes:
        names: The ways in which the text names it.
        aliases: Other ways in which readers may.
        mentions: The numbers of the paragraphs that name it.
    """

    term: str
    kind: str
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    says: tuple[Claim, ...]
    mentions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A dated event in a reading; ``date`` is as precise as the text is, e.g. ``1936`` or ``mid-1930s``."""

    date: str
    claim: Claim
