"""What can be asked of a reading while it is typed: its words with their counts, its sections, the glossary's terms."""

import unicodedata
from collections import OrderedDict
from dataclasses import dataclass

from bot.app import App
from bot.caller import Caller

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


class Vocabularies:
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


def fold(text: str) -> str:
    """Return text as it is compared with what is typed: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("’", "'")
