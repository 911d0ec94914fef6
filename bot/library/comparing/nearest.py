"""Finds where a quotation stands nearly: most of its words, in their order."""

from bisect import bisect_left
from collections.abc import Sequence

from rapidfuzz.distance import Indel

from bot.library.comparing.differences import side_by_side
from bot.library.comparing.likeness import most_like
from bot.library.comparing.parts import Part, groups_of
from bot.library.comparing.runs import Match, Run
from bot.library.comparing.spelling import Words
from bot.reply import Difference

# A quotation that signs of omission divide into more is only looked for as a whole.
_MOST_GROUPS = 6


def nearest_match(runs: Sequence[Run], parts: Sequence[Part]) -> Match | None:
    """Return where most of the words stand in their order; None where none of them does."""
    whole = _nearest(runs, [part for part in parts if part.kind != "omitted"])
    groups = [group for group in groups_of(parts) if group]
    if not 1 < len(groups) <= _MOST_GROUPS:
        return whole
    said = [Words.of([part.text for part in group]) for group in groups]
    found = [whole]
    for run in runs:
        everything = Words.of_run(run)
        for number in range(len(run.paragraphs)):
            begin, end = (bisect_left(everything.ranges, (at, at)) for at in run.bounds(number))
            found.append(_nearest_groups(run, everything.between(begin, end), said))
    return max((match for match in found if match), key=lambda match: match.likeness, default=None)


def _nearest_groups(run: Run, text: Words, groups: Sequence[Words]) -> Match | None:
    """Return where several stretches of words nearly stand one after the other in a paragraph."""
    differences: list[Difference] = []
    same, count, after = 0.0, 0, 0
    ranges: list[tuple[int, int]] = []
    for said in groups:
        if len(said.folded) > 2 * len(text.folded):
            return None
        known = said.read_as(text)
        likeness, window = most_like(known, text)
        if window is None or window[0] < after:
            return None
        found = text.between(*window)
        if ranges and window[0] > after:
            differences.append(Difference("missing", run.text(ranges[-1][1], found.ranges[0][0])))
        differences += side_by_side(run, said, known, found)
        ranges.append((found.ranges[0][0], found.ranges[-1][1]))
        same, count, after = same + likeness * len(said.folded), count + len(said.folded), window[1]
    return Match(tuple(run.stretches(ranges[0][0], ranges[-1][1])), same / count, tuple(differences))


def _nearest(runs: Sequence[Run], asked: Sequence[Part]) -> Match | None:
    best: tuple[float, Run, Words, Words] | None = None
    said = Words.of([part.text for part in asked])
    for run in runs:
        text = Words.of_run(run)
        known = said.read_as(text)
        likeness, window = most_like(known, text)
        if window and (best is None or likeness > best[0]):
            best = likeness, run, known, text.between(*_with_replaced(run, known, text, window))
    if best is None:
        return None
    likeness, run, known, found = best
    differences = side_by_side(run, said, known, found)
    return Match(tuple(run.stretches(found.ranges[0][0], found.ranges[-1][1])), likeness, differences)


def _with_replaced(run: Run, known: Words, text: Words, window: tuple[int, int]) -> tuple[int, int]:
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
