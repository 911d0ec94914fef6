"""Says who or what the people, organisations, events and ideas of the text are, by the text itself."""

import calendar
import re

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler

from bot.caller import Caller
from bot.features.quotes import nothing_found
from bot.features.readings import Readings
from bot.library.library import Library
from bot.library.study import ENTRY_KINDS, Study
from bot.library.words import words
from bot.reading import GlossaryEntry
from bot.reply import Action, Bullets, Claims, Prose, Reply

_YEAR = re.compile(r"(?:1[0-9]|20)\d\d\Z")
_PLURALS = {"person": "People", "organisation": "Organisations", "event": "Events", "idea": "Ideas", "work": "Works"}
_PLURALS |= {"place": "Places"}
_NEAR = 0.75


class Glossary:
    """The glossary and the timeline of the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def glossary(self, caller: Caller, term: str = "") -> Reply:
        """Say who or what someone or something in the text is, and where it is mentioned.

        Args:
            term: A person, organisation, event, idea, work, place or year. Empty: all there are.
        """
        reading = await self._readings.of(caller)
        study = await self._library.study(reading.slug)
        if not term.strip():
            return _all(reading.title, study)
        if _YEAR.match(term.strip()) or words(term) == words("timeline"):
            return _year(term.strip(), study)
        found = _find(study, term)
        if len(found) == 1:
            return _entry(found[0])
        if found:
            return Reply(
                "Which one?",
                (Bullets(tuple(f"{entry.term} ({entry.kind})" for entry in found)),),
                suggestions=tuple(entry.term for entry in found),
                actions=tuple(Action(entry.term, f"glossary {entry.term}") for entry in found[:5]),
            )
        findings = await self._library.search(reading.slug, term)
        near = _near(study, term)
        if findings.passages:
            return Reply(
                "Not in the glossary",
                (Prose(f"“{_plain(term)}” has no entry of its own, but the text answers to it."),),
                suggestions=near,
                actions=(Action("Quote it", f"quote {' '.join(term.split())}"), Action("All entries", "glossary")),
            )
        return await nothing_found(self._library, reading, term, findings)


def _plain(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:60]


def _key(text: str) -> str:
    return " ".join(word.text for word in words(text))


def _find(study: Study, term: str) -> list[GlossaryEntry]:
    """Return the entries of this name, or else those whose name has all its words, or else the one spelt most alike."""
    wanted = _key(term)
    if not wanted:
        return []
    names = {
        entry.term: [_key(name) for name in (entry.term, *entry.names, *entry.aliases)] for entry in study.glossary
    }
    by_term = {entry.term: entry for entry in study.glossary}
    exact = [by_term[each] for each, own in names.items() if wanted == own[0]]
    exact = exact or [by_term[each] for each, own in names.items() if wanted in own]
    if exact:
        return exact
    having = [by_term[each] for each, own in names.items() if any(set(wanted.split()) <= set(n.split()) for n in own)]
    if having:
        return having[:10]
    spelt = [(name, each) for each, own in names.items() for name in own]
    allowed = 1 if len(wanted) < 6 else 2
    match = process.extractOne(wanted, [name for name, _ in spelt], scorer=OSA.distance, score_cutoff=allowed)
    if match is None or len(wanted) < 4:
        return []
    return [by_term[spelt[match[2]][1]]]


def _near(study: Study, term: str) -> tuple[str, ...]:
    matches = process.extract(
        _key(term), [_key(e.term) for e in study.glossary], scorer=JaroWinkler.similarity, score_cutoff=_NEAR, limit=5
    )
    return tuple(study.glossary[number].term for _, _, number in matches)


def _entry(entry: GlossaryEntry) -> Reply:
    where = ", ".join(f"¶ {number}" for number in entry.mentions)
    others = [name for name in (*entry.names, *entry.aliases) if name != entry.term]
    also = (Prose(f"Also: {', '.join(others)}."),) if others else ()
    return Reply(
        f"{entry.term} ({entry.kind})",
        (Claims(entry.says), *also, Prose(f"Mentioned in {where}." if where else "Not mentioned by this name.")),
        actions=(
            Action("Quote", f"quote {entry.term}"),
            Action("Every passage", f"search {entry.term}"),
            Action("Discuss", f"discuss {entry.term}"),
        ),
    )


def _all(title: str, study: Study) -> Reply:
    if not study.glossary:
        return Reply(title, (Prose("Nobody has written a glossary for this reading yet."),))
    pieces = tuple(
        Bullets((", ".join(sorted(entry.term for entry in study.glossary if entry.kind == kind)),), _PLURALS[kind])
        for kind in ENTRY_KINDS
        if any(entry.kind == kind for entry in study.glossary)
    )
    return Reply(f"Glossary: {title}", pieces, actions=(Action("Timeline", "glossary timeline"),))


def _year(year: str, study: Study) -> Reply:
    """Return the dated events of a year, or all of them; a span or decade counts for each of its years."""
    wanted = int(year) if year.isdigit() else None
    events = [event for event in study.events if wanted is None or wanted in _years(event.date)]
    title = f"In {year}" if wanted else "Timeline"
    if not events:
        there = ", ".join(dict.fromkeys(_date(event.date) for event in study.events))
        return Reply(title, (Prose(f"The text dates nothing to {year}. It has dates for: {there}."),))
    pieces = tuple(piece for event in events for piece in (Prose(_date(event.date)), Claims((event.claim,))))
    return Reply(title, pieces, actions=(Action("Every passage", f"search {year}"),) if wanted else ())


def _date(date: str) -> str:
    """Write a date as people do: ``1917-10`` is October 1917, ``1920/1921`` is 1920–1921."""
    if match := re.fullmatch(r"(\d{4})-(\d{2})", date):
        return f"{calendar.month_name[int(match[2])]} {match[1]}"
    return date.replace("/", "–")


def _years(date: str) -> range:
    numbers = [int(number) for number in re.findall(r"\d{4}", date)]
    if not numbers:
        return range(0)
    return range(numbers[0], (numbers[0] + 9 if date.endswith("0s") else numbers[-1]) + 1)
