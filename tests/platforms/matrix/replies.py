"""Replies made for tests: of every kind of piece, with whatever text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.reading import Address, Claim, Erratum, Place, Prompt, Quotation, Speaker, Voice
from bot.reply import (
    Action,
    Bullets,
    Claims,
    Code,
    Difference,
    Differences,
    Piece,
    PlannedTime,
    Prose,
    Question,
    Quote,
    Reply,
    Times,
)

AT = datetime(2026, 12, 8, 18, 30, tzinfo=ZoneInfo("Europe/Paris"))


def quotation(
    text: str,
    heading: str = "Heading",
    name: str = "Somebody",
    marks: tuple[tuple[int, int], ...] = (),
    errata: tuple[Erratum, ...] = (),
    whole: bool = True,
) -> Quotation:
    voice = Voice("Author", (Speaker(name, "a book"),))
    return Quotation(text, Address("slug", Place(1, 1, 1)), 1, heading, voice, marks, errata, whole)


def prompt(text: str = "Words.", question: str = "Why?", positions: tuple[str, ...] = ("Yes", "No")) -> Prompt:
    return Prompt("id", question, "evaluative", "core", 20, quotation(text), ("And then?",), positions)


def every_piece(text: str, short: str = "short") -> tuple[Piece, ...]:
    """Return a piece of every kind, with this text wherever there is some.

    Args:
        short: What stands in headings and names, of which none is long.
    """
    words = quotation(text, short, short, marks=((0, min(3, len(text))),))
    asked = Prompt(short, text, short, short, 20, words, (text,), (text, text))
    return (
        Prose(text),
        Quote(words, short[:10]),
        Claims((Claim(text, (Place(1, 1, 2),)),)),
        Bullets((text, text), short, ordered=True),
        Question(asked),
        Code(text, short),
        Differences((Difference("same", text), Difference("missing", text), Difference("added", text))),
        Times((PlannedTime(AT, text),), short),
    )


def everything(text: str, short: str | None = None) -> Reply:
    """Return an answer of every kind of piece, with actions, and this text everywhere; in titles and names too."""
    told = text if short is None else short
    actions = tuple(Action(label, told) for label in ("Another", "Context", "Cite", told))
    return Reply(told, every_piece(text, told), actions=(*actions, Action("Next page", f"{told} page:2", turns=True)))
