"""Finds the range of words that is most like others: that has most of them, in their order, with least between."""

from collections import Counter
from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

from bot.library.comparing.spelling import Words

# Of so many words, the best place for them in order is found quickly.
_FEW_WORDS = 64
# Beside the place, so many words more are looked at, and a third as many as are asked for.
_SLACK = 3
# So many words at either end are tried as the range's own.
_ENDS = 40


def most_like(asked: Words, text: Words) -> tuple[float, tuple[int, int] | None]:
    """Return how much of what is asked for the most like range of words of the text has, from 0 to 1, and the range."""
    codes = {word: number for number, word in enumerate(dict.fromkeys([*text.folded, *asked.folded]))}
    wanted = [codes[word] for word in asked.folded]
    own = [codes[word] for word in text.folded]
    if not set(wanted) & set(own):
        return 0.0, None
    start = _beginning(wanted, own) if len(own) > len(wanted) else 0
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


def _beginning(wanted: Sequence[int], own: Sequence[int]) -> int:
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
