"""Finds every place where a quotation stands word for word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from bot.library.comparing.parts import Part, groups_of, joined
from bot.library.comparing.runs import Match, Run
from bot.library.letters import Letters, alike, occurrences
from bot.reply import Difference

_CLOSING = ".,;:!?…"
_TRAILING = re.compile(rf"[{_CLOSING}]+(?=[\s\"'”’»)\]]*\Z)")
# Of words that stand in more places, no more are found.
_MOST_OCCURRENCES = 500
# Where words are left out, so many places in a paragraph are tried for those before them.
_MOST_BEGINNINGS = 40


def exact_matches(runs: Sequence[Run], right: Sequence[Run], parts: Sequence[Part]) -> list[Match]:
    """Return every place where the words stand exactly.

    Signs of omission and brackets are tried as marks like any other first, for a text has such itself.

    Args:
        right: Those runs that have misprints, as they should read.
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
    groups = groups_of(parts, "omitted" in signs)
    wanted = [joined([p for p in group if p.kind == "words" or "inserted" not in signs]) for group in groups]
    spoken = [(group, own) for group, own in zip(groups, wanted, strict=True) if own.text]
    if len(spoken) == 1 and spoken[0][1].text:
        for first, last in occurrences(run.letters, spoken[0][1]):
            yield _match(run, [(first, last)], [spoken[0][0]], signs - {"omitted"})
    elif spoken:
        for number in range(len(run.paragraphs)):
            ranges = _in_order(run, number, [own for _, own in spoken])
            if ranges:
                yield _match(run, ranges, [group for group, _ in spoken], signs)


def _in_order(run: Run, number: int, wanted: Sequence[Letters]) -> list[tuple[int, int]]:
    """Return where several parts stand one after the other in a paragraph, as near to one another as they do."""
    first, last = run.bounds(number)
    best: list[tuple[int, int]] = []
    for start in islice(occurrences(run.letters, wanted[0], first, last), _MOST_BEGINNINGS):
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
