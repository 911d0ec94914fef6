"""Reads study material: summaries, prompts, glossary, timeline and concepts, each claim with its anchors."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import UserError
from bot.library.source import DataError, entry_lines, read_toml
from bot.reading import Claim, Event, GlossaryEntry, Paragraph, Place, Prompt, Reading

FILES = ("summaries", "prompts", "glossary", "timeline", "concepts")
PROMPT_KINDS = ("interpretive", "evaluative", "connecting", "applying", "factual")
PROMPT_PLACES = ("opening", "core", "closing")
ENTRY_KINDS = ("person", "organisation", "event", "idea", "work", "place")
_MOST_PASSAGE_WORDS = 60

_TEXT, _NUMBER, _TEXTS, _CLAIMS = "a text", "a whole number", "a list of texts", "a list of claims"
# By file and key of an entry, what it is made of; a name with ? may be left out.
_SHAPES = {
    ("summaries", "section"): {"number": _NUMBER, "claim": _CLAIMS},
    ("prompts", "prompt"): {
        "id": _TEXT, "question": _TEXT, "kind": _TEXT, "place": _TEXT, "minutes": _NUMBER, "at": _TEXT,
        "passage": _TEXT, "follow_ups": _TEXTS, "positions?": _TEXTS, "themes?": _TEXTS,
    },
    ("glossary", "entry"): {"term": _TEXT, "kind": _TEXT, "names": _TEXTS, "aliases?": _TEXTS, "says": _CLAIMS},
    ("timeline", "event"): {"date": _TEXT, "text": _TEXT, "anchors": _TEXTS},
    ("concepts", "concept"): {"anchors": _TEXTS, "asks": _TEXTS},
    ("concepts", "synonyms"): {"words": _TEXTS},
}  # fmt: skip

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Concept:
    """What some sentences say, in the words in which readers ask for it; the best sentence comes first."""

    anchors: tuple[Place, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """Everything that was authored for a reading beside its text; ``summaries`` are by section number."""

    summaries: Mapping[int, tuple[Claim, ...]] = field(default_factory=dict)
    prompts: tuple[Prompt, ...] = ()
    glossary: tuple[GlossaryEntry, ...] = ()
    events: tuple[Event, ...] = ()
    concepts: tuple[Concept, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()


def read_study(folder: Path) -> dict[str, Raw]:
    """Read the study files of a reading as they are, by name.

    Raises:
        DataError: Some of them are not TOML.
    """
    raw: dict[str, Raw] = {}
    problems: list[str] = []
    for name in FILES:
        try:
            raw[name] = read_toml(folder / f"{name}.toml")
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return raw


def make_study(raw: Mapping[str, Raw], reading: Reading, paragraphs: Sequence[Paragraph]) -> Study:
    """Make values of study files that :func:`check_study` found nothing against."""
    return Study(
        summaries={
            section["number"]: tuple(_claim(each) for each in section["claim"])
            for section in raw["summaries"].get("section", ())
        },
        prompts=tuple(_prompt(each, reading, paragraphs) for each in raw["prompts"].get("prompt", ())),
        glossary=tuple(_entry(each, paragraphs) for each in raw["glossary"].get("entry", ())),
        events=tuple(Event(each["date"], _claim(each)) for each in raw["timeline"].get("event", ())),
        concepts=tuple(
            Concept(_places(each["anchors"]), tuple(each["asks"])) for each in raw["concepts"].get("concept", ())
        ),
        synonyms=tuple(tuple(each["words"]) for each in raw["concepts"].get("synonyms", ())),
    )


def _places(anchors: Iterable[str]) -> tuple[Place, ...]:
    return tuple(Place.parse(each) for each in anchors)


def _claim(raw: Raw) -> Claim:
    return Claim(raw["text"], _places(raw["anchors"]))


def _prompt(raw: Raw, reading: Reading, paragraphs: Sequence[Paragraph]) -> Prompt:
    place = Place.parse(raw["at"])
    return Prompt(
        id=raw["id"],
        question=raw["question"],
        kind=raw["kind"],
        place=raw["place"],
        minutes=raw["minutes"],
        passage=reading.quotation(paragraphs[place.paragraph - 1], place, words=raw["passage"]),
        follow_ups=tuple(raw["follow_ups"]),
        positions=tuple(raw.get("positions", ())),
        themes=tuple(raw.get("themes", ())),
    )


def _entry(raw: Raw, paragraphs: Sequence[Paragraph]) -> GlossaryEntry:
    names = tuple(raw["names"])
    return GlossaryEntry(
        term=raw["term"],
        kind=raw["kind"],
        names=names,
        aliases=tuple(raw.get("aliases", ())),
        says=tuple(_claim(each) for each in raw["says"]),
        # Looking for the name in any place first is ten times as fast as looking for whole words everywhere.
        mentions=tuple(
            p.number for p in paragraphs if any(name in p.text and names_in(p.text, (name,)) for name in names)
        ),
    )


def names_in(text: str, names: Iterable[str]) -> list[tuple[int, int]]:
    """Return where any of ``names`` stands in ``text`` as whole words, longest first where they overlap."""
    wanted = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return [match.span() for match in re.finditer(rf"(?<![^\W_])(?:{wanted})(?![^\W_])", text)] if wanted else []


class _Checker:
    """Collects what is wrong in the study files of one reading, with file and line."""

    def __init__(self, folder: Path, paragraphs: Sequence[Paragraph]) -> None:
        self.folder = folder
        self.paragraphs = paragraphs
        self.problems: list[str] = []
        self._begins = 1

    def say(self, file: str, near: str, what: str) -> None:
        """Note a problem on the line of the present entry that has ``near`` in it, or on its first line."""
        lines = (self.folder / f"{file}.toml").read_text("utf-8-sig").splitlines()
        within = enumerate(lines[self._begins - 1 :], self._begins)
        line = next((n for n, text in within if near and near in text), self._begins)
        self.problems.append(f"{self.folder.name}/{file}.toml:{line}: {what}")

    def place(self, file: str, near: str, anchor: str) -> Place | None:
        try:
            place = Place.parse(anchor)
        except UserError as error:
            self.say(file, near, str(error))
            return None
        there = 1 <= place.paragraph <= len(self.paragraphs)
        if there and 1 <= place.first <= place.last <= len(self.paragraphs[place.paragraph - 1].spans):
            return place
        self.say(file, near, f"there is no ¶ {anchor} in the text")
        return None

    def words_at(self, place: Place) -> str:
        paragraph = self.paragraphs[place.paragraph - 1]
        return paragraph.text[paragraph.spans[place.first - 1][0] : paragraph.spans[place.last - 1][1]]

    def claim(self, file: str, raw: Raw) -> None:
        near = raw["text"]
        if not raw["text"] or not raw["anchors"]:
            self.say(file, near, "a claim has a text and at least one anchor")
        places = [place for anchor in raw["anchors"] if (place := self.place(file, near, anchor))]
        for words in re.findall(r"“([^”]+)”", raw["text"]):
            if not any(words in self.words_at(place) for place in places):
                self.say(file, near, f"“{words}” is not verbatim at its anchors")

    def every(self, file: str, key: str, raw: Mapping[str, Raw], check: Callable[[Raw], None]) -> None:
        """Check every entry ``[[key]]`` of a file: first what it is made of, then what it says."""
        listed = raw[file].get(key, ())
        if not isinstance(listed, (list, tuple)):
            self.say(file, key, f"write each entry under [[{key}]]")
            return
        begins = entry_lines(self.folder / f"{file}.toml", key, len(listed))
        for entry, self._begins in zip(listed, begins, strict=True):
            wrong = list(_misshapen(entry, _SHAPES[file, key]))
            for what in wrong:
                self.say(file, "", f"in this entry {what}")
            if not wrong:
                check(entry)
        self._begins = 1


def _misshapen(entry: object, shape: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "there is no name = value"
        return
    for name, kind in shape.items():
        value = entry.get(name.removesuffix("?"))
        if value is None and name.endswith("?"):
            continue
        if not _is(value, kind):
            yield f"“{name.removesuffix('?')}” must be {kind}"


def _is(value: object, kind: str) -> bool:
    if kind == _NUMBER:
        return type(value) is int
    if kind == _TEXT:
        return isinstance(value, str) and bool(value.strip())
    if not isinstance(value, list):
        return False
    if kind == _TEXTS:
        return all(_is(each, _TEXT) for each in value)
    return bool(value) and all(not list(_misshapen(each, {"text": _TEXT, "anchors": _TEXTS})) for each in value)


def check_study(folder: Path, raw: Mapping[str, Raw], reading: Reading, paragraphs: Sequence[Paragraph]) -> list[str]:
    """Return all that is wrong with a reading's study files, as ``folder/file.toml:line: sentence``."""
    checker = _Checker(folder, paragraphs)
    seen: set[tuple[str, object]] = set()

    def once(file: str, name: str, value: object) -> None:
        if (file, value) in seen:
            checker.say(file, f"{name} = ", f"“{value}” is there twice")
        seen.add((file, value))

    def summary(section: Raw) -> None:
        once("summaries", "number", section["number"])
        if not 1 <= section["number"] <= len(reading.sections):
            checker.say("summaries", f"number = {section['number']}", f"there is no section {section['number']}")
        for claim in section["claim"]:
            checker.claim("summaries", claim)

    def prompt(each: Raw) -> None:
        once("prompts", "id", each["id"])
        near = f'id = "{each["id"]}"'
        for key, allowed in (("kind", PROMPT_KINDS), ("place", PROMPT_PLACES)):
            if each[key] not in allowed:
                checker.say("prompts", near, f"{key} is one of {', '.join(allowed)}, not “{each[key]}”")
        place = checker.place("prompts", near, each["at"])
        if place and each["passage"] not in checker.words_at(place):
            checker.say("prompts", near, f"its passage is not verbatim at ¶ {each['at']}")
        if len(each["passage"].split()) > _MOST_PASSAGE_WORDS:
            checker.say("prompts", near, f"its passage has more than {_MOST_PASSAGE_WORDS} words")
        if not each["question"].endswith("?") or not each["follow_ups"]:
            checker.say("prompts", near, "a prompt has a question that ends in ?, and follow_ups")
        if len(each.get("positions", ())) not in (0, 2):
            checker.say("prompts", near, "positions are two or none")

    def entry(each: Raw) -> None:
        once("glossary", "term", each["term"])
        near = f'term = "{each["term"]}"'
        if each["kind"] not in ENTRY_KINDS:
            checker.say("glossary", near, f"kind is one of {', '.join(ENTRY_KINDS)}, not “{each['kind']}”")
        for name in each["names"]:
            if not any(names_in(paragraph.text, (name,)) for paragraph in paragraphs):
                checker.say("glossary", near, f"the text never says “{name}”")
        for claim in each["says"]:
            checker.claim("glossary", claim)

    def event(each: Raw) -> None:
        checker.claim("timeline", each)

    def concept(each: Raw) -> None:
        if not each["asks"] or not each["anchors"]:
            checker.say("concepts", "", "a concept has at least one anchor and one way to ask for it")
        for anchor in each["anchors"]:
            checker.place("concepts", f'"{anchor}"', anchor)

    def synonyms(each: Raw) -> None:
        if len(each["words"]) < 2:
            checker.say("concepts", "", "synonyms are at least two words")

    checker.every("summaries", "section", raw, summary)
    checker.every("prompts", "prompt", raw, prompt)
    checker.every("glossary", "entry", raw, entry)
    checker.every("timeline", "event", raw, event)
    checker.every("concepts", "concept", raw, concept)
    checker.every("concepts", "synonyms", raw, synonyms)
    return checker.problems
