"""Reads all that was authored for a reading, and says everything that is wrong with it, with file and line."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from bot.library import english
from bot.library.source import DataError, Source, entry_lines, read_source, read_toml
from bot.library.stems import Words, ordinary_word
from bot.library.study import FILES, PROMPT_KINDS, PROMPT_PLACES, check_study, read_study
from bot.library.words import years
from bot.reading import Place

Raw = Mapping[str, Any]

MOST_SUMMARY_WORDS = 200
FEWEST_ENTRIES, FEWEST_PROMPTS = 60, 48
MOST_QUESTION_WORDS, MOST_POSITION = 40, 55
FEWEST_OF_A_KIND, FEWEST_AT_A_PLACE, FEWEST_OF_A_SECTION, FEWEST_OF_A_THEME = 3, 5, 3, 2
MOST_FACTUAL = 5
LARGEST_THEME = 0.3
TOO_ALIKE = 85
MINUTES = range(5, 46)
AUTHORED = ("reading", "voices", "errata", *FILES)

_QUOTATION = re.compile(r"“([^“”]*)”")
_NAME = re.compile(r"(?<![^\W_])[A-ZÀ-Þ][^\W\d_]*")
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_BEGINS_SENTENCE = re.compile(r"(?:^|[.!?:;]\s+|[“‘(]\s*)\Z")
_ACCENTED_WORD = re.compile(r"[^\W\d_]+")
_DECADES = dict(zip("123456789", "tens twenties thirties forties fifties sixties seventies eighties nineties".split(),
                    strict=True))  # fmt: skip
_VERBS = frozenset(
    "am is are was were do does did has have had can could may might must shall should will would "
    "isn’t aren’t wasn’t weren’t don’t doesn’t didn’t hasn’t haven’t can’t couldn’t shouldn’t won’t wouldn’t".split()
)


def reviewed_words(path: Path) -> frozenset[str]:
    """Read the list of names and years that need not stand in a reading; what follows # is the reason."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


def problems_of(folder: Path, reviewed: frozenset[str]) -> list[str]:
    """Return everything that is wrong with a reading, as ``folder/file:line: sentence``."""
    problems: list[str] = []
    source, raw = None, None
    try:
        source = read_source(folder)
    except DataError as error:
        problems += error.problems
    try:
        raw = read_study(folder)
    except DataError as error:
        problems += error.problems
    if source is None or raw is None:
        return problems
    problems = check_study(folder, raw, source.reading, source.paragraphs)
    return problems or _Walk(folder, source, raw, reviewed).problems()


class _Walk:
    """Walks the files of a reading that can be built."""

    def __init__(self, folder: Path, source: Source, raw: Mapping[str, Raw], reviewed: frozenset[str]) -> None:
        self.folder = folder
        self.source = source
        self.raw = {**raw, "voices": read_toml(folder / "voices.toml"), "errata": read_toml(folder / "errata.toml")}
        self.text = "\n".join(paragraph.text for paragraph in source.paragraphs)
        self.names = self._names(reviewed)
        self.years = {*_YEAR.findall(self.text), *years(self.text), *_decades(self.text), *reviewed}

    def problems(self) -> list[str]:
        """Return everything, in the order of the files."""
        checks = (self.files, self.voices, self.summaries, self.prompts, self.spread, self.glossary, self.timeline)
        return [problem for check in checks for problem in (*check(),)] + [*self.foreign()]

    def _names(self, reviewed: frozenset[str]) -> set[str]:
        about = self.source.reading
        corrected = " ".join(each["corrected"] for each in self.raw["errata"].get("erratum", ()))
        headings = " ".join(section.heading for section in about.sections)
        everything = f"{self.text} {corrected} {headings} {about.title} {about.subtitle} {about.author}"
        return {match.group() for match in _ACCENTED_WORD.finditer(everything)} | reviewed

    def entries(self, file: str, key: str) -> Iterator[tuple[Raw, int]]:
        """Yield each entry of a file with the line on which it begins."""
        listed = self.raw[file].get(key, ())
        yield from zip(listed, entry_lines(self.folder / f"{file}.toml", key, len(listed)), strict=True)

    def at(self, file: str, begins: int, near: str, what: str) -> str:
        """Say what is wrong on the line, from ``begins``, that has ``near`` in it."""
        lines = (self.folder / f"{file}.toml").read_text("utf-8").splitlines()
        line = next((n for n, text in enumerate(lines[begins - 1 :], begins) if near in text), begins)
        return f"{self.folder.name}/{file}.toml:{line}: {what}"

    def files(self) -> Iterator[str]:
        known = {"source.txt", *(f"{name}.toml" for name in AUTHORED)}
        for path in sorted(self.folder.iterdir()):
            if path.name not in known:
                yield f"{self.folder.name}/{path.name}:1: nothing reads this file"
        for name in sorted(known):
            if not (self.folder / name).exists():
                yield f"{self.folder.name}/{name}:1: a shipped reading has this file"

    def voices(self) -> Iterator[str]:
        marked = Counter(
            (paragraph.number, *match.span(1))
            for paragraph in self.source.paragraphs
            for match in _QUOTATION.finditer(paragraph.text)
        )
        voiced = Counter((p.number, q.start, q.end) for p in self.source.paragraphs for q in p.quoted)
        listed = len(self.raw["voices"].get("voice", ()))
        for number, start, end in sorted((marked - voiced).keys()):
            words = self.source.paragraphs[number - 1].text[start:end]
            yield f"{self.folder.name}/voices.toml:1: nobody’s voice is given for “{words}” in ¶ {number}"
        for entry, begins in self.entries("voices", "voice"):
            place = Place.parse(entry["at"])
            text = self.source.paragraphs[place.paragraph - 1].text
            if f"“{entry['words']}”" not in text:
                yield self.at("voices", begins, "words = ", f"“{entry['words']}” are not all the words of a quotation")
            if entry.get("kind") not in ("speech", "title", "scare"):
                yield self.at("voices", begins, "kind = ", "kind is speech, title or scare")
            if (entry.get("kind") == "speech") != bool(entry.get("speaker")):
                yield self.at("voices", begins, "kind = ", "speech has a speaker, and nothing else does")
        if listed != sum(voiced.values()):
            yield f"{self.folder.name}/voices.toml:1: a quotation is there twice"

    def summaries(self) -> Iterator[str]:
        anchored: set[int] = set()
        for section, begins in self.entries("summaries", "section"):
            own = self.source.reading.sections[section["number"] - 1]
            places = [Place.parse(anchor) for claim in section["claim"] for anchor in claim["anchors"]]
            anchored |= {place.paragraph for place in places}
            count = sum(len(claim["text"].split()) for claim in section["claim"])
            if count > MOST_SUMMARY_WORDS:
                most = f"{MOST_SUMMARY_WORDS} are allowed"
                yield self.at("summaries", begins, "number = ", f"the summary has {count} words, {most}")
            for place in places:
                if not own.first <= place.paragraph <= own.last:
                    yield self.at("summaries", begins, f'"{place}', f"¶ {place} is not in section {own.number}")
        for section_number in set(range(1, len(self.source.reading.sections) + 1)) - {
            section["number"] for section, _ in self.entries("summaries", "section")
        }:
            yield f"{self.folder.name}/summaries.toml:1: section {section_number} has no summary"
        for number in sorted({p.number for p in self.source.paragraphs} - anchored):
            yield f"{self.folder.name}/summaries.toml:1: no claim is anchored in ¶ {number}"

    def prompts(self) -> Iterator[str]:
        for each, begins in self.entries("prompts", "prompt"):
            question = each["question"]
            if len(question.split()) > MOST_QUESTION_WORDS:
                what = f"the question has more than {MOST_QUESTION_WORDS} words"
                yield self.at("prompts", begins, "question = ", what)
            if question.count("?") != 1:
                yield self.at("prompts", begins, "question = ", "the question asks more than once")
            asked = re.split(r"(?<=[.!?”)])\s+(?=[A-Z])", question)[-1]
            if asked.split()[0].lower() in _VERBS and not re.search(r"\bor\b", asked):
                yield self.at("prompts", begins, "question = ", "a question that begins with a verb offers an “or”")
            if each["minutes"] not in MINUTES:
                yield self.at("prompts", begins, "minutes = ", f"{each['minutes']} minutes")
            for position in each.get("positions", ()):
                if len(position) > MOST_POSITION:
                    yield self.at("prompts", begins, position, f"a position has more than {MOST_POSITION} characters")
            for further in each["follow_ups"]:
                if not further.endswith("?") or further.count("?") > 1:
                    yield self.at("prompts", begins, further, "a follow-up is one question")
            if each["passage"] != each["passage"].strip() or not each.get("themes"):
                yield self.at("prompts", begins, "themes = ", "a prompt has a theme, and no space around its passage")
        for (one, _), (other, begins) in combinations(self.entries("prompts", "prompt"), 2):
            if fuzz.token_set_ratio(one["question"], other["question"]) > TOO_ALIKE:
                yield self.at("prompts", begins, "question = ", f"this asks the same as “{one['id']}”")

    def spread(self) -> Iterator[str]:
        prompts = self.raw["prompts"].get("prompt", ())
        kinds = Counter(each["kind"] for each in prompts)
        sections = Counter(self.source.reading.section_of(Place.parse(each["at"]).paragraph).number for each in prompts)
        themes = Counter(theme for each in prompts for theme in each.get("themes", ()))
        numbers = range(1, len(self.source.reading.sections) + 1)
        wanting = [
            (len(prompts) < FEWEST_PROMPTS, f"{len(prompts)} prompts are fewer than {FEWEST_PROMPTS}"),
            (kinds.most_common(1)[0][0] != "interpretive", "interpretive prompts are the most"),
            (kinds["factual"] > MOST_FACTUAL, f"factual prompts are at most {MOST_FACTUAL}"),
            *((kinds[kind] < FEWEST_OF_A_KIND, f"too few are {kind}") for kind in PROMPT_KINDS),
            *(
                (sum(each["place"] == place for each in prompts) < FEWEST_AT_A_PLACE, f"too few are {place}")
                for place in PROMPT_PLACES
            ),
            *((sections[number] < FEWEST_OF_A_SECTION, f"too few are of section {number}") for number in numbers),
            *((count < FEWEST_OF_A_THEME, f"the theme {theme} is there but once") for theme, count in themes.items()),
            *(
                (count > LARGEST_THEME * len(prompts), f"the theme {theme} dominates")
                for theme, count in themes.items()
            ),
        ]
        yield from (f"{self.folder.name}/prompts.toml:1: {what}" for is_wanting, what in wanting if is_wanting)

    def glossary(self) -> Iterator[str]:
        count = len(self.raw["glossary"].get("entry", ()))
        if count < FEWEST_ENTRIES:
            yield f"{self.folder.name}/glossary.toml:1: {count} entries are fewer than {FEWEST_ENTRIES}"

    def timeline(self) -> Iterator[str]:
        for event, begins in self.entries("timeline", "event"):
            places = [Place.parse(anchor) for anchor in event["anchors"]]
            paragraphs = [(self.source.paragraphs[place.paragraph - 1], place) for place in places]
            said = " ".join(p.text[p.spans[at.first - 1][0] : p.spans[at.last - 1][1]] for p, at in paragraphs)
            named = {*_YEAR.findall(said), *years(said), *_decades(said)}
            for year in _YEAR.findall(event["date"]):
                if year not in named:
                    what = f"the year {year} is not in the sentences at its anchors"
                    yield self.at("timeline", begins, "date = ", what)

    def foreign(self) -> Iterator[str]:
        """Find names and years that the reading does not have."""
        for file, begins, text in self._authored():
            for match in _NAME.finditer(text):
                begins_sentence = _BEGINS_SENTENCE.search(text[: match.start()])
                if match.group() not in self.names and not (begins_sentence and self._is_ordinary(match.group())):
                    yield self.at(file, begins, text[:80], f"“{match.group()}” is not in the reading")
            for year in _YEAR.findall(text):
                if year not in self.years:
                    yield self.at(file, begins, text[:80], f"the year {year} is not in the reading")

    def _is_ordinary(self, word: str) -> bool:
        """Whether a word has its capital only because a sentence begins with it."""
        small = word.lower()
        common = small in english.STOP_WORDS or ordinary_word(Words("en").stem(small)) is not None
        return common or small in self.names

    def _authored(self) -> Iterator[tuple[str, int, str]]:
        """Yield (file, line, text) of everything that speaks of the reading; aliases and asks are readers’ words."""
        for section, begins in self.entries("summaries", "section"):
            yield from (("summaries", begins, claim["text"]) for claim in section["claim"])
        for each, begins in self.entries("prompts", "prompt"):
            for text in (each["question"], *each["follow_ups"], *each.get("positions", ())):
                yield "prompts", begins, text
        for entry, begins in self.entries("glossary", "entry"):
            yield "glossary", begins, entry["term"]
            yield from (("glossary", begins, claim["text"]) for claim in entry["says"])
        for event, begins in self.entries("timeline", "event"):
            yield "timeline", begins, event["date"]
            yield "timeline", begins, event["text"]
        for voice, begins in self.entries("voices", "voice"):
            for name in ("speaker", "source", "note"):
                yield "voices", begins, voice.get(name, "")


def _decades(text: str) -> set[str]:
    return {f"19{digit}0" for digit, name in _DECADES.items() if name in text.lower()}


def shipped(root: Path) -> Sequence[Path]:
    """Return the folders of the shipped readings."""
    return sorted(path for path in root.iterdir() if path.is_dir())
