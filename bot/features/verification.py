"""Says whether words are in the reading: exactly, nearly or not."""

from collections.abc import Iterable, Sequence

from bot.caller import Caller
from bot.errors import UserError
from bot.features.quotes import passage_actions
from bot.features.readings import Readings
from bot.library.comparing.exact import exact_matches
from bot.library.comparing.nearest import nearest_match
from bot.library.comparing.parts import Part, parts_of
from bot.library.comparing.runs import Match, Run, Stretch
from bot.library.library import Library
from bot.library.words import words
from bot.reading import Place, Quotation, Reading
from bot.reply import Action, Differences, Piece, Prose, Quote, Reply

# So much of the words must be the same for "nearly"; of two words or one, both, misspelt at most.
_NEARLY, _FEW_WORDS = 0.75, 2
# From here on a member may want to see what else they could mean.
_NEAREST, _ENOUGH_WORDS = 0.5, 5
# In a large reading, more places than these may not all be found.
_FEW_PLACES = 40
_MOST_QUOTED, _MOST_LISTED, _MOST_SEARCHED = 3, 30, 12
# Paragraphs are looked for by so many words at a time, so that a long quotation is found in all of its parts.
_WORDS_AT_A_TIME, _MOST_TIMES, _MOST_AT_A_TIME, _FEWEST_AT_A_TIME = 60, 12, 50, 4
_GAP = 3


class Verification:
    """Whether a quotation is in the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def verify(self, caller: Caller, quotation: str) -> Reply:
        """Check whether words are in the reading: exactly, nearly, or not.

        Args:
            quotation: The words. Case, punctuation and quotation marks do not matter; … may stand for words left out.
        """
        reading = await self._readings.of(caller)
        parts = parts_of(quotation)
        if not any(part.kind != "omitted" for part in parts):
            raise UserError("There is no word in that to look for. Write it like: /verify all revolutions are bad")
        runs = await self._runs(reading, quotation)
        right = [Run(run.paragraphs, correct=True) for run in runs if any(p.errata for p in run.paragraphs)]
        matches = exact_matches(runs, right, parts)
        if matches:
            return _found(reading, matches, everywhere=sum(len(run.paragraphs) for run in runs) >= reading.paragraphs)
        if title := _title(reading, quotation):
            return title
        nearest = nearest_match(runs, parts)
        if nearest and nearest.likeness >= (_NEARLY if _count(parts) > _FEW_WORDS else 1):
            return _nearly(reading, nearest)
        return await self._absent(reading, quotation, parts, nearest)

    async def _runs(self, reading: Reading, quotation: str) -> list[Run]:
        """Return the paragraphs in which the words may stand, those that follow one another together."""
        words = quotation.split()
        step = max(_WORDS_AT_A_TIME, -(-len(words) // _MOST_TIMES))
        texts = [words[at : at + step] for at in range(0, len(words), step)]
        numbers: set[int] = set()
        for text in texts:
            most = max(_FEWEST_AT_A_TIME, _MOST_AT_A_TIME // len(texts))
            numbers.update(await self._library.sharing(reading.slug, " ".join(text), most))
            if len(numbers) == reading.paragraphs:
                break
        runs = []
        for first, last in _adjacent(numbers):
            runs.append(Run(await self._library.paragraphs(reading.slug, first, last)))
        return runs

    async def _absent(self, reading: Reading, quotation: str, parts: Sequence[Part], nearest: Match | None) -> Reply:
        """Say that it is not there; and where to look, if the text has something like it."""
        asked = " ".join(quotation.split()[:_MOST_SEARCHED])
        findings = await self._library.search(reading.slug, asked)
        said = [Prose(f"{reading.title} does not have these words.")]
        actions: list[Action] = []
        if nearest and nearest.likeness >= _NEAREST and _count(parts) >= _ENOUGH_WORDS:
            place = _place(nearest.stretches[0])
            share = round(nearest.likeness * 100)  # of the words, in their order
            said.append(Prose(f"Nearest is ¶ {place}; {share} % of the words are the same."))
            actions.append(Action(f"Read ¶ {place}", f"read ¶{place}"))
        elif findings.passages:
            actions.append(Action("Search", f"search {asked}"))
        near = findings.nearest
        actions += [Action(f"Quote {term}", f"quote {term}") for term in near[:3]]
        return Reply("Not in the text", tuple(said), actions=tuple(actions), suggestions=near)


def _found(reading: Reading, matches: Sequence[Match], everywhere: bool) -> Reply:
    """Quote the words; ``everywhere`` is whether the whole reading has been looked through."""
    signs = matches[0].signs
    title = "Word for word"
    if signs:
        named = {"omitted": "what is left out", "inserted": "what is in brackets"}
        title = f"Word for word, but for {' and '.join(named[sign] for sign in sorted(signs, reverse=True))}"
    quoted = [list(_quotations(reading, match)) for match in matches]
    places = list(dict.fromkeys(each[0].address.place for each in quoted))
    if len(places) > 1:
        counted = f"{len(places)}" if everywhere or len(places) < _FEW_PLACES else f"at least {len(places)}"
        title = f"{title}, in {counted} places"
    shown = _different(quoted)[:_MOST_QUOTED]
    pieces: list[Piece] = []
    for number, quotations in enumerate(shown, 1):
        pieces += [Quote(each, str(number) if len(shown) > 1 else "") for each in quotations]
    pieces += [_received(match) for match in matches[:1] if match.misprints]
    pieces += [Differences(match.differences) for match in matches[:1] if match.differences]
    if len(places) > len(shown):
        listed = ", ".join(f"¶ {place}" for place in places[:_MOST_LISTED])
        rest = f" and {len(places) - _MOST_LISTED} more" if len(places) > _MOST_LISTED else ""
        pieces.append(Prose(f"They stand at {listed}{rest}."))
    return Reply(title, tuple(pieces), actions=passage_actions(reading, shown[0][0]))


def _nearly(reading: Reading, match: Match) -> Reply:
    quotations = [_sentences(reading, stretch) for stretch in match.stretches]
    return Reply(
        "Nearly, not word for word",
        (*(Quote(each) for each in quotations), Differences(match.differences)),
        actions=passage_actions(reading, quotations[0]),
    )


def _title(reading: Reading, quotation: str) -> Reply | None:
    """Say so if the words are a title or a heading, which are not the text."""
    asked = _key(quotation)
    for section in reading.sections:
        if asked == _key(section.heading):
            said = f"That is the heading of section {section.number}, not its text."
            return Reply("A heading", (Prose(said),), actions=(Action("Read it", f"read {section.number}"),))
    if asked in (_key(reading.title), _key(reading.subtitle)):
        return Reply("A title", (Prose("That is the title of the reading, not its text."),))
    return None


def _key(text: str) -> list[str]:
    return [word.text for word in words(text)]


def _received(match: Match) -> Prose:
    printed = [f"“{paragraph.text[each.start : each.end]}”" for paragraph, each in match.misprints]
    return Prose(f"The text as received prints {' and '.join(printed)}.")


def _quotations(reading: Reading, match: Match) -> Iterable[Quotation]:
    """Quote just the words, or the whole sentences if those are all of their words."""
    for stretch in match.stretches:
        place = _place(stretch)
        text = stretch.paragraph.text
        start, end = stretch.paragraph.spans[place.first - 1][0], stretch.paragraph.spans[place.last - 1][1]
        besides = text[start : stretch.start] + text[stretch.end : end]
        if any(char.isalnum() for char in besides):
            yield reading.quotation(stretch.paragraph, place, words=text[stretch.start : stretch.end])
        else:
            yield reading.quotation(stretch.paragraph, place)


def _sentences(reading: Reading, stretch: Stretch) -> Quotation:
    return reading.quotation(stretch.paragraph, _place(stretch), marks=((stretch.start, stretch.end),))


def _place(stretch: Stretch) -> Place:
    numbers = [
        number
        for number, (start, end) in enumerate(stretch.paragraph.spans, 1)
        if start < stretch.end and stretch.start < end
    ]
    return Place(stretch.paragraph.number, numbers[0], numbers[-1])


def _different(quoted: Sequence[list[Quotation]]) -> list[list[Quotation]]:
    """Leave out a quotation of the same words of the same sentences."""
    kept = {tuple((each.address, each.text) for each in quotations): quotations for quotations in reversed(quoted)}
    return list(reversed(kept.values()))


def _adjacent(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Join numbers to ranges over small gaps: a short paragraph may be missed between others."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number - runs[-1][1] <= _GAP:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _count(parts: Sequence[Part]) -> int:
    return sum(len(part.letters.words()) for part in parts)
