"""Takes a word that a reading does not have for one that it has: the whole of it, or what was meant by a slip."""

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA, JaroWinkler

SHORTEST_CORRECTED = 4
_SHORTEST_PART = 4
_LONG = 9
_SAME_BEGINNING = 0.1
_LENGTHS_APART = 2


def whole_of(typed: str, alike: Sequence[tuple[str, str, int]]) -> tuple[str, str] | None:
    """Return the word that begins with what was typed, or else contains it; the commonest of several."""
    if len(typed) < _SHORTEST_PART:
        return None
    begins = [each for each in alike if each[0].startswith(typed)]
    contains = [each for each in alike if typed in each[0]] if len(typed) > _SHORTEST_PART else []
    chosen = begins or contains
    if not chosen:
        return None
    word, shown, _ = max(chosen, key=lambda each: (each[2], -len(each[0])))
    return word, shown


def meant_by(typed: str, alike: Sequence[tuple[str, str, int]], name: bool) -> tuple[str, str] | None:
    """Return the word that was probably meant: few slips away, and alike from its beginning.

    Slips are counted by optimal string alignment; a longer word may have more, and one that begins and ends alike.
    Likeness from the beginning is Jaro and Winkler's. A name is taken for a name only, a short word for one with the
    same first letter.
    """
    allowed = 1 if len(typed) < 7 else 2 if len(typed) < 10 else 3
    best: tuple[float, int, tuple[str, str]] | None = None
    for word, shown, uses in alike:
        same = word[0] == typed[0]
        if not word.isalpha() or (name and not shown[0].isupper()) or (allowed == 1 and not same):
            continue
        if abs(len(word) - len(typed)) > _LENGTHS_APART:
            continue
        most = allowed + (same and word[-1] == typed[-1] and len(typed) >= _LONG)
        slips = OSA.distance(typed, word, score_cutoff=most)
        if slips <= most:
            score = JaroWinkler.similarity(typed, word) - slips / len(typed) + same * _SAME_BEGINNING
            if best is None or (score, uses) > best[:2]:
                best = score, uses, (word, shown)
    return best and best[2]


def is_near(typed: str, known: Iterable[str]) -> bool:
    """Tell whether a word is at most one slip away from a known one that begins like it: "waht", "abuot"."""
    return any(
        word[0] == typed[0] and len(word) >= SHORTEST_CORRECTED and OSA.distance(typed, word, score_cutoff=1) <= 1
        for word in known
    )
