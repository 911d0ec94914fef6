"""Compares a quotation with the text that it is said to be from: word for word, nearly so, or not at all."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from bot.library.letters import SPACE, Letters, alike, corrected, letters, occurrences, plain
from bot.reading import Erratum, Paragraph
from bot.reply import Difference

# How those who quote show what they left out, found so, or put in.
_OMITTED = r"\[\s*(?:\.\s*){2,}\]|\[\s*…+\s*\]|\(\s*(?:\.{3}|…)\s*\)|…|(?:\.[^\S\n]?){3,}"
_SIC = r"[\[(]\s*sic\s*[!?]?\s*[\])]"
_INSERTED = r"(?<!\w)\[[^\[\]]{1,200}\](?!\w)"
_SIGNS = re.compile(rf"(?P<omitted>{_OMITTED})|(?P<sic>{_SIC})|(?P<inserted>{_INSERTED})", re.IGNORECASE)
_BROKEN_WORD = re.compile(r"(?<=\w)[-‐\u00ad][^\S\n]*\n\s*(?=\w)")
_CLOSING, _OPENING_MARKS = ".,;:!?…", "“‘«(["
_OPENING = f" —–{_OPENING_MARKS}"
_TRAILING = re.compile(rf"[{_CLOSING}]+(?=[\s\"'”’»)\]]*\Z)")

_MOST_OCCURRENCES = 500
# Words that the text does not have may be misspellings of its own; so many are looked at, each at least so alike.
_MOST_MISSPELT = 100
_ALIKE, _ALIKE_ALONE = 75.0, 85.0
# Of so many words, the best place for them in order is found quickly.
_FEW_WORDS = 64
_SLACK = 3
_MOST_GROUPS = 6
_ENDS = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of what was asked: ``words``, words that were ``inserted``, or the sign that some are ``omitted``."""

    kind: Literal["words", "inserted", "omitted"]
    text: str
    letters: Letters


def parts_of(text: str) -> tuple[Part, ...]:
    """Divide a quotation at the signs that quoting leaves; [sic] is dropped, a word broken by a line's end joined."""
    text = _BROKEN_WORD.sub("", text)
    parts: list[Part] = []
    at = 0
    for match in _SIGNS.finditer(text):
        parts.append(_part("words", text[at : match.start()]))
        at = match.end()
        if match.lastgroup == "omitted":
            parts.append(_part("omitted", match.group()))
        elif match.lastgroup == "inserted":
            parts.append(_part("inserted", match.group()))
    parts.append(_part("words", text[at:]))
    return tuple(part for part in parts if part.kind == "omitted" or part.letters.text)


def _part(kind: Literal["words", "inserted", "omitted"], text: str) -> Part:
    return Part(kind, text.strip(), letters(plain(text)))


def _joined(parts: Sequence[Part]) -> Letters:
    """Put the letters of several parts together; offsets mean nothing there."""
    text = "".join(part.letters.text for part in parts)
    return Letters(text, "".join(part.letters.gaps for part in parts), (), ())


@dataclass(frozen=True, slots=True)
class Stretch:
    """Words within one paragraph, at offsets into it."""

    paragraph: Paragraph
    start: int
    end: int


class Run:
    """Paragraphs that follow one another, as letters; with their misprints, or as they should read."""

    def __init__(self, paragraphs: Sequence[Paragraph], correct: bool = False) -> None:
        self.paragraphs = paragraphs
        each = [letters(corrected(p.text, p.errata) if correct else plain(p.text)) for p in paragraphs]
        self.firsts: list[int] = []
        text, gaps = [], []
        starts: list[int] = []
        ends: list[int] = []
        length = 0
        for own in each:
            self.firsts.append(length)
            text.append(own.text)
            gaps.append(SPACE + own.gaps[1:] if own.gaps else "")
            starts += own.starts
            ends += own.ends
            length += len(own.text)
        self.letters = Letters("".join(text), "".join(gaps), tuple(starts), tuple(ends))

    def bounds(self, number: int) -> tuple[int, int]:
        """Return the range of letters of one of the paragraphs, counted from 0."""
        last = self.firsts[number + 1] if number + 1 < len(self.firsts) else len(self.letters.text)
        return self.firsts[number], last

    def stretches(self, first: int, last: int) -> Iterator[Stretch]:
        """Give what stands in a range of letters, paragraph by paragraph."""
        while first < last:
            number = bisect_right(self.firsts, first) - 1
            end = min(last, self.bounds(number)[1])
            yield Stretch(self.paragraphs[number], self.letters.starts[first], self.letters.ends[end - 1])
            first = end

    def text(self, first: int, last: int) -> str:
        """Return what is printed in a range of letters, with the marks that follow it."""
        shown = []
        for each in self.stretches(first, last):
            text = each.paragraph.text
            end = each.end
            while end < len(text) and not text[end].isalnum() and not text[end].isspace():
                end += 1
            shown.append(text[each.start : end].rstrip(_OPENING))
        return " ".join(shown)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a quotation stands.

    Attributes:
        stretches: In the order of the text; in one paragraph each.
        likeness: 1 where every word is the same; else the share of the words that are.
        differences: Empty where there are none.
        misprints: Those that the quotation has corrected.
        signs: Which of ``omitted`` and ``inserted`` are in it.
    """

    stretches: tuple[Stretch, ...]
    likeness: float = 1.0
    differences: tuple[Difference, ...] = ()
    misprints: tuple[tuple[Paragraph, Erratum], ...] = ()
    signs: frozenset[str] = frozenset()


def exact_matches(runs: Sequence[Run], right: Sequence[Run], parts: Sequence[Part]) -> list[Match]:
    """Return every place where the words stand exactly.

    Signs of omission and brackets are tried as marks like any other first, for a text has such itself.

    Args:
        right: The same runs without misprints.
    """
    kinds = {part.kind for part in parts}
    signs = [
        frozenset({"inserted"} & kinds),
        frozenset({"omitted"} & kinds),
        frozenset({"inserted", "omitted"} & kinds),
    ]
    for used in dict.fromkeys([frozenset[str](), *signs]):
        for tried in (runs, right):
            matches = (match for run in tried for match in _matches(run, parts, used))
            found = list(islice(matches, _MOST_OCCURRENCES))
            if tried is right:
                found = [_with_misprints(match) for match in found]
            if found:
                return [_to_closing_marks(match, parts) for match in found]
    return []


def _matches(run: Run, parts: Sequence[Part], signs: frozenset[str]) -> Iterator[Match]:
    groups = _groups(parts, "omitted" in signs)
    wanted = [_joined([p for p in group if p.kind == "words" or "inserted" not in signs]) for group in groups]
    spoken = [(group, own) for group, own in zip(groups, wanted, strict=True) if own.text]
    if len(spoken) == 1 and spoken[0][1].text:
        for first, last in occurrences(run.letters, spoken[0][1]):
            yield _match(run, [(first, last)], [spoken[0][0]], signs - {"omitted"})
    elif spoken:
        for number in range(len(run.paragraphs)):
            ranges = _in_order(run, number, [own for _, own in spoken])
            if ranges:
                yield _match(run, ranges, [group for group, _ in spoken], signs)


def _groups(parts: Sequence[Part], divided: bool = True) -> list[list[Part]]:
    """Divide parts where words are left out; the signs for that go, in any case."""
    groups: list[list[Part]] = [[]]
    for part in parts:
        if part.kind != "omitted":
            groups[-1].append(part)
        elif divided:
            groups.append([])
    return groups


def _in_order(run: Run, number: int, wanted: Sequence[Letters]) -> list[tuple[int, int]]:
    """Return where several parts stand one after the other in a paragraph, as near to one another as they do."""
    first, last = run.bounds(number)
    best: list[tuple[int, int]] = []
    for start in islice(occurrences(run.letters, wanted[0], first, last), _ENDS):
        ranges = [start]
        for each in wanted[1:]:
            following = next(occurrences(run.letters, each, ranges[-1][1], last), None)
            if following is None:
                return best
            ranges.append(following)
        if not best or ranges[-1][1] - ranges[0][0] < best[-1][1] - best[0][0]:
            best = ranges
    return best


def _match(
    run: Run, ranges: Sequence[tuple[int, int]], groups: Sequence[Sequence[Part]], signs: frozenset[str]
) -> Match:
    differences: list[Difference] = []
    before = ranges[0][0]
    for (first, last), group in zip(ranges, groups, strict=True):
        if first > before:
            differences.append(Difference("missing", run.text(before, first)))
        before = last
        at = first
        for part in group:
            if part.kind == "inserted" and "inserted" in signs:
                differences.append(Difference("added", part.text))
                continue
            end = at + len(part.letters.text)
            differences.append(Difference("same", run.text(at, end)))
            at = end
    whole = tuple(run.stretches(ranges[0][0], ranges[-1][1]))
    found = signs & {"inserted" if each.kind == "added" else "omitted" for each in differences if each.kind != "same"}
    return Match(whole, differences=tuple(differences) if found else (), signs=found)


def _with_misprints(match: Match) -> Match:
    misprints = tuple(
        (stretch.paragraph, erratum)
        for stretch in match.stretches
        for erratum in stretch.paragraph.errata
        if stretch.start < erratum.end
        and erratum.start < stretch.end
        and not alike(stretch.paragraph.text[erratum.start : erratum.end], erratum.corrected)
    )
    return replace(match, misprints=misprints)


def _to_closing_marks(match: Match, parts: Sequence[Part]) -> Match:
    """Let the last words end with the marks with which the quotation ends, as far as they are there."""
    said = _TRAILING.search(parts[-1].text[-20:])
    *others, last = match.stretches
    end = last.end
    for mark in said.group() if said else "":
        if last.paragraph.text[end : end + 1] != mark:
            break
        end += 1
    return replace(match, stretches=(*others, replace(last, end=end)))


def nearest_match(runs: Sequence[Run], parts: Sequence[Part]) -> Match | None:
    """Return where most of the words stand in their order; None where none of them does."""
    whole = _nearest(runs, [part for part in parts if part.kind != "omitted"])
    groups = [group for group in _groups(parts) if group]
    if not 1 < len(groups) <= _MOST_GROUPS:
        return whole
    said = [_Words.of([part.text for part in group]) for group in groups]
    found = [whole]
    for run in runs:
        everything = _Words.of_run(run)
        for number in range(len(run.paragraphs)):
            begin, end = (bisect_left(everything.ranges, (at, at)) for at in run.bounds(number))
            found.append(_nearest_groups(run, everything.between(begin, end), said))
    return max((match for match in found if match), key=lambda match: match.likeness, default=None)


def _nearest_groups(run: Run, text: "_Words", groups: Sequence["_Words"]) -> Match | None:
    """Return where several stretches of words nearly stand one after the other in a paragraph."""
    differences: list[Difference] = []
    same, count, after = 0.0, 0, 0
    ranges: list[tuple[int, int]] = []
    for said in groups:
        if len(said.folded) > 2 * len(text.folded):
            return None
        known = said.read_as(text)
        likeness, window = _window(known, text)
        if window is None or window[0] < after:
            return None
        found = text.between(*window)
        if ranges and window[0] > after:
            differences.append(Difference("missing", run.text(ranges[-1][1], found.ranges[0][0])))
        differences += _in_pairs(_differences(run, said, known, found))
        ranges.append((found.ranges[0][0], found.ranges[-1][1]))
        same, count, after = same + likeness * len(said.folded), count + len(said.folded), window[1]
    return Match(tuple(run.stretches(ranges[0][0], ranges[-1][1])), same / count, tuple(differences))


def _nearest(runs: Sequence[Run], asked: Sequence[Part]) -> Match | None:
    best: tuple[float, Run, _Words, _Words] | None = None
    said = _Words.of([part.text for part in asked])
    for run in runs:
        text = _Words.of_run(run)
        known = said.read_as(text)
        likeness, window = _window(known, text)
        if window and (best is None or likeness > best[0]):
            best = likeness, run, known, text.between(*_with_replaced(run, known, text, window))
    if best is None:
        return None
    likeness, run, known, found = best
    differences = _in_pairs(_differences(run, said, known, found))
    return Match(tuple(run.stretches(found.ranges[0][0], found.ranges[-1][1])), likeness, differences)


@dataclass(frozen=True, slots=True)
class _Words:
    """Words one after another: each folded, as it is written with what follows it, and its range of letters."""

    folded: list[str]
    written: list[str]
    ranges: list[tuple[int, int]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Words":
        folded: list[str] = []
        written: list[str] = []
        ranges: list[tuple[int, int]] = []
        for text in texts:
            own = letters(plain(text))
            divided = own.words()
            begins = [_with_opening(text, own.starts[first]) for first, _ in divided]
            for (first, last), begin, end in zip(divided, begins, [*begins[1:], len(text)], strict=True):
                folded.append(own.text[first:last])
                written.append(text[begin:end] if end < len(text) else f"{text[begin:end]} ")
                ranges.append((first, last))
        return cls(folded, written, ranges)

    @classmethod
    def of_run(cls, run: Run) -> "_Words":
        ranges = run.letters.words()
        return cls([run.letters.text[a:b] for a, b in ranges], [], ranges)

    def text(self, first: int, last: int) -> str:
        """Return some of them as they are written."""
        return " ".join("".join(self.written[first:last]).split()).rstrip(_OPENING)

    def between(self, first: int, last: int) -> "_Words":
        """Return some of them."""
        return _Words(self.folded[first:last], self.written[first:last], self.ranges[first:last])

    def read_as(self, text: "_Words") -> "_Words":
        """Return the words with those that the text does not have read as the ones that they may misspell."""
        vocabulary = set(text.folded)
        unknown = [word for word in dict.fromkeys(self.folded) if word not in vocabulary and len(word) > 3]
        cutoff = _ALIKE_ALONE if len(self.folded) == 1 else _ALIKE
        meant: dict[str, str] = {}
        choices = sorted(vocabulary) if unknown else []
        for word in unknown[:_MOST_MISSPELT]:
            near = process.extractOne(word, choices, scorer=fuzz.ratio, score_cutoff=cutoff)
            if near:
                meant[word] = near[0]
        return replace(self, folded=[meant.get(word, word) for word in self.folded])


def _with_replaced(run: Run, known: "_Words", text: "_Words", window: tuple[int, int]) -> tuple[int, int]:
    """Widen a range, within its sentences, by as many words as are others at the ends of those asked for."""
    first, last = window
    codes = list(Indel.opcodes(text.folded[first:last], known.folded))
    before, after = (code.dest_end - code.dest_start if code.tag == "insert" else 0 for code in (codes[0], codes[-1]))
    while before and first and _sentence(run, text.ranges[first - 1]) == _sentence(run, text.ranges[first]):
        first, before = first - 1, before - 1
    while (
        after and last < len(text.ranges) and _sentence(run, text.ranges[last - 1]) == _sentence(run, text.ranges[last])
    ):
        last, after = last + 1, after - 1
    return first, last


def _sentence(run: Run, letters_of_word: tuple[int, int]) -> tuple[int, int]:
    """Return the numbers of a word's paragraph and sentence."""
    word = next(iter(run.stretches(*letters_of_word)))
    return word.paragraph.number, sum(start <= word.start for start, _ in word.paragraph.spans)


def _with_opening(text: str, at: int) -> int:
    """Return where the opening marks begin that stand right before ``at``."""
    while at and text[at - 1] in _OPENING_MARKS:
        at -= 1
    return at


def _window(asked: _Words, text: _Words) -> tuple[float, tuple[int, int] | None]:
    """Return the range of words of the text that is most like those asked for, and how much."""
    codes = {word: number for number, word in enumerate(dict.fromkeys([*text.folded, *asked.folded]))}
    wanted = [codes[word] for word in asked.folded]
    own = [codes[word] for word in text.folded]
    if not set(wanted) & set(own):
        return 0.0, None
    start = _most_alike(wanted, own) if len(own) > len(wanted) else 0
    length = len(wanted)
    best: tuple[float, tuple[int, int] | None] = 0.0, None
    # A word that the text repeats near by may be taken for the further one, the more so the more is looked at.
    for slack in (0, 1 + len(wanted) // 8, _SLACK + len(wanted) // 3):
        first, last = max(0, start - slack), start + length + slack
        matched = [
            first + at
            for code in Indel.opcodes(own[first:last], wanted)
            if code.tag == "equal"
            for at in range(code.src_start, code.src_end)
        ]
        if matched:
            best = max(best, _best_range(matched, len(wanted)), key=lambda each: each[0])
    return best


def _most_alike(wanted: Sequence[int], own: Sequence[int]) -> int:
    """Return where as many words as are wanted begin that have most of them: in order, or if they are many, in any."""
    if len(wanted) <= _FEW_WORDS:
        near = fuzz.partial_ratio_alignment(wanted, own)
        return near.dest_start if near else 0
    left = Counter(wanted)
    weights = {code: 1 / count for code, count in Counter(own).items()}
    best = here = 0.0
    start = 0
    for at, code in enumerate(own):
        here += weights[code] * (left[code] > 0)
        left[code] -= 1
        begins = at - len(wanted) + 1
        if begins > 0:
            gone = own[begins - 1]
            left[gone] += 1
            here -= weights[gone] * (left[gone] > 0)
        if begins >= 0 and here > best:
            best, start = here, begins
    return start


def _best_range(matched: Sequence[int], asked: int) -> tuple[float, tuple[int, int]]:
    """Leave away words at the ends that match far from the others."""
    best = 0.0, (matched[0], matched[-1] + 1)
    count = len(matched)
    for first in range(min(count, _ENDS)):
        for last in range(count - 1, max(first, count - _ENDS) - 1, -1):
            start, end = matched[first], matched[last] + 1
            likeness = (last - first + 1) / max(asked, end - start)
            if likeness > best[0]:
                best = likeness, (start, end)
    return best


def _differences(run: Run, said: _Words, known: _Words, text: _Words) -> Iterator[Difference]:
    """Give both side by side; a misspelt word stands beside the one that is meant."""
    for code in Indel.opcodes(text.folded, known.folded):
        source = range(code.src_start, code.src_end)
        if code.tag == "equal":
            yield from _same(run, said, text, source, code.dest_start)
            continue
        if source:
            yield Difference("missing", run.text(text.ranges[source[0]][0], text.ranges[source[-1]][1]))
        if code.dest_end > code.dest_start:
            yield Difference("added", said.text(code.dest_start, code.dest_end))


def _same(run: Run, said: _Words, text: _Words, source: range, first: int) -> Iterator[Difference]:
    """Give words that match, parted where one of them is misspelt."""
    begun = source.start
    for at in source:
        asked = first + at - source.start
        if said.folded[asked] == text.folded[at]:
            continue
        if at > begun:
            yield Difference("same", run.text(text.ranges[begun][0], text.ranges[at - 1][1]))
        yield Difference("missing", run.text(*text.ranges[at]))
        yield Difference("added", said.text(asked, asked + 1))
        begun = at + 1
    if source.stop > begun:
        yield Difference("same", run.text(text.ranges[begun][0], text.ranges[source.stop - 1][1]))


def _in_pairs(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Put what is missing before what stands in its place, and what is of one kind together."""
    ordered: list[Difference] = []
    changed: dict[str, list[str]] = {"missing": [], "added": []}

    def close() -> None:
        ordered.extend(Difference(kind, " ".join(texts)) for kind, texts in changed.items() if texts)
        changed["missing"], changed["added"] = [], []

    for each in differences:
        if each.kind == "same":
            close()
            ordered.append(each)
        else:
            changed[each.kind].append(each.text)
    close()
    return tuple(ordered)
