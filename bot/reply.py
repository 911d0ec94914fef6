"""What the bot says, in plain pieces that each platform lays out in its own way. Strings are plain text."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.reading import Claim, Prompt, Quotation


@dataclass(frozen=True, slots=True)
class Prose:
    """A few sentences of the bot's own."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation, to be shown with its section, ¶ and voice; ``label`` stands before it in a list."""

    quotation: Quotation
    label: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """Statements about the reading, each with its places."""

    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short items under an optional heading."""

    items: tuple[str, ...]
    heading: str = ""
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A discussion prompt: passage, question, follow-ups."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be copied as it stands, such as BibTeX."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of compared words: ``same``, ``missing`` (only in the text) or ``added`` (only in what was asked)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Differences:
    """Asked words beside the text's own."""

    parts: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class PlannedTime:
    """When something will be posted.

    Attributes:
        at: Aware, in the group's time zone.
        note: A sentence where clocks change, or nothing.
    """

    at: datetime
    note: str = ""

    def __str__(self) -> str:
        return f"{day_and_time(self.at)} ({self.note})" if self.note else day_and_time(self.at)


def day_and_time(local: datetime) -> str:
    """Return a time as people read it: ``Tuesday 8 December 2026 18:30``."""
    return f"{local:%A} {local.day} {local:%B %Y %H:%M}"


@dataclass(frozen=True, slots=True)
class Times:
    """The next times of a schedule, in order."""

    times: tuple[PlannedTime, ...]
    heading: str = ""


Piece = Prose | Quote | Claims | Bullets | Question | Code | Differences | Times


@dataclass(frozen=True, slots=True)
class Action:
    """A label and the command line that it stands for, without a prefix.

    Attributes:
        turns: Whether it turns a page of the same answer, which a platform may then show in the other's place.
    """

    label: str
    line: str
    turns: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. ``suggestions`` are words to try instead, where nothing was found."""

    title: str
    pieces: tuple[Piece, ...] = ()
    private: bool = False
    actions: tuple[Action, ...] = ()
    suggestions: tuple[str, ...] = field(default=())

    @property
    def quotations(self) -> tuple[Quotation, ...]:
        """Everything that is quoted in it, in order, prompts' passages excepted."""
        return tuple(piece.quotation for piece in self.pieces if isinstance(piece, Quote))
