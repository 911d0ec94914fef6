"""Shortens and divides text without cutting sentences, words, citations or graphemes apart where that can be helped."""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

ELLIPSIS = "…"

# Citations, asides and addresses are not cut apart, unless they are longer than a few lines.
_LONGEST_WHOLE = 302
_WHOLE = re.compile(r"\([^()]{0,300}\)|\[[^\[\]]{0,300}\]|\b[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+")
_LINES = re.compile(r"\n+")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*\s+(?=\S)")
_SPACE = re.compile(r"\s+")
# Scripts that write words without spaces, by the first word of their characters' names.
_UNSPACED = frozenset(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "JAVANESE"))
_JOINER = "\u200d"

Spans = Sequence[tuple[int, int]]  # in order, none within another


def fit(text: str, most: int, measure: Callable[[str], int] = len) -> str:
    """Return the text, or as many whole words of its beginning as fit, with an ellipsis.

    Args:
        measure: How long a text is; no less than it has characters, and the longer the more there are.
    """
    if measure(text) <= most:
        return text
    beginning = text[: most + _LONGEST_WHOLE]
    between = _between_words(beginning)
    fitting = bisect_right(between, most, key=lambda at: measure(f"{beginning[:at]}{ELLIPSIS}"))
    end = between[fitting - 1] if fitting else 0
    return f"{text[:end].rstrip()}{ELLIPSIS}"


def split(text: str, most: int, measure: Callable[[str], int] = len) -> list[str]:
    """Divide a text into parts of at most ``most`` by ``measure``: between sentences, else words, else graphemes."""
    return [text[start:end] for start, end in spans(text, most, lambda start, end: measure(text[start:end]))]


def spans(text: str, most: int, measure: Callable[[int, int], int]) -> list[tuple[int, int]]:
    """Return where the parts of a text start and end, none of them longer than ``most`` by ``measure(start, end)``."""
    waiting, done = [(0, len(text))], []
    while waiting:
        start, end = waiting.pop()
        if end - start <= 1 or measure(start, end) <= most:
            done.append((start, end))
        else:
            at = start + _middle(text[start:end])
            waiting += [(at, end), (start, at)]
    return done


def _middle(text: str) -> int:
    """Return where a text is best divided in two: near its middle, and where it hurts least."""
    whole = [match.span() for match in _WHOLE.finditer(text)]
    half = len(text) / 2
    for pattern, kept in ((_LINES, []), (_SENTENCE, whole), (_SPACE, whole), (_SPACE, [])):
        ends = [match.end() for match in pattern.finditer(text)]
        near = sorted((at for at in ends if half / 2 <= at <= half * 1.5), key=lambda at: abs(at - half))
        found = next((at for at in near if not _is_within(at, kept)), None)
        if found is not None:
            return found
    return _middle_grapheme(text)


def _middle_grapheme(text: str) -> int:
    """Return where the grapheme nearest to the middle ends; only those near it are looked at, as a flag takes long."""
    before, after = len(text) // 2, len(text) - len(text) // 2
    outwards = (at for away in range(after) for at in (before - away, after + away) if 0 < at < len(text))
    return next((at for at in outwards if not continues_grapheme(text, at)), max(1, before))


def _between_words(text: str) -> list[int]:
    """Return the offsets at which a word has ended and the next not begun."""
    whole = [match.span() for match in _WHOLE.finditer(text)]
    return [at for at in range(1, len(text)) if _is_between_words(text, at) and not _is_within(at, whole)]


def _is_between_words(text: str, at: int) -> bool:
    return text[at].isspace() or (
        _is_unspaced(text[at - 1]) and _is_unspaced(text[at]) and not continues_grapheme(text, at)
    )


def _is_within(at: int, places: Spans) -> bool:
    before = bisect_left(places, at, key=lambda place: place[0]) - 1
    return before >= 0 and at < places[before][1]


def _is_unspaced(char: str) -> bool:
    return unicodedata.name(char, "").split(" ", 1)[0] in _UNSPACED


def continues_grapheme(text: str, at: int) -> bool:
    """Whether ``text[at]`` belongs to the character before it, as readers see it (after Unicode's annex 29)."""
    char, before = text[at], text[at - 1]
    if before == "\r" and char == "\n":
        return True
    if char == _JOINER or before == _JOINER or unicodedata.category(char) in ("Mn", "Mc", "Me"):
        return True
    if char in "\u0e33\u0eb3" or "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f":
        return True  # vowels that hang on a letter, skin tones, tags of flags
    if _is_flag_letter(char) and _is_flag_letter(before):
        run = 0
        while at - run > 0 and _is_flag_letter(text[at - run - 1]):
            run += 1
        return run % 2 == 1
    return "\u1160" <= char <= "\u11ff" and "\u1100" <= before <= "\u11ff"  # the letters of a Hangul syllable


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
