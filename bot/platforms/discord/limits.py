"""Discord's limits, each with its name, and what makes text fit them without cutting anything apart."""

import re
import unicodedata
from collections.abc import Callable, Iterator

# A message: plain, in Components V2 (all text together; everything nested counts as a component), and its parts.
CONTENT = 2000
TEXT, COMPONENTS = 4000, 40
BUTTONS_A_ROW, LABEL, CUSTOM_ID = 5, 80, 100
ALT_TEXT = 1024
# Commands.
DESCRIPTION, COMMAND, CONTEXT_MENUS = 100, 8000, 5
CHOICES, CHOICE = 25, 100
# Threads and polls.
THREAD_NAME, POST_TAGS = 100, 5
POLL_QUESTION, POLL_ANSWERS, POLL_ANSWER = 300, 10, 55
# Answering: the first answer, and how many follow-ups an app may send where it is not installed.
FIRST_ANSWER_SECONDS, TOKEN_MINUTES, FOLLOW_UPS_OUTSIDE = 3, 15, 5

ELLIPSIS = "…"

# Citations, asides and addresses are not cut apart, unless they are longer than a few lines.
_WHOLE = re.compile(r"\([^()]{0,300}\)|\[[^\[\]]{0,300}\]|\b[A-Za-z][A-Za-z0-9+.-]{0,20}://\S+")
_SENTENCE = re.compile(r"[.!?…][\"'”’»)\]]*\s+(?=\S)")
_SPACE = re.compile(r"\s+")
# Scripts that write words without spaces, by the first word of their characters' names.
_UNSPACED = frozenset(("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "JAVANESE"))
_JOINER = "\u200d"


def length(text: str) -> int:
    """Return how long Discord's clients count a text: in UTF-16, where most emoji are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(text: str, most: int) -> str:
    """Return the text, or as many whole words of its beginning as fit, with an ellipsis."""
    if length(text) <= most:
        return text
    end = 0
    for at in _between_words(text):
        if length(text[:at]) + 1 > most:
            break
        end = at
    return f"{text[:end].rstrip()}{ELLIPSIS}"


def split(text: str, most: int, measure: Callable[[str], int] = length) -> list[str]:
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
    for pattern, kept in ((r"\n+", ()), (_SENTENCE, whole), (_SPACE, whole), (_SPACE, ())):
        ends = [match.end() for match in re.finditer(pattern, text)]
        near = sorted((at for at in ends if half / 2 <= at <= half * 1.5), key=lambda at: abs(at - half))
        found = next((at for at in near if not _within(at, kept)), None)
        if found is not None:
            return found
    graphemes = [at for at in range(1, len(text)) if not continues_grapheme(text, at)]
    return min(graphemes, key=lambda at: abs(at - half)) if graphemes else max(1, len(text) // 2)


def _between_words(text: str) -> Iterator[int]:
    """Give the offsets at which a word has ended and the next not begun."""
    whole = [match.span() for match in _WHOLE.finditer(text)]
    for at in range(1, len(text)):
        between = text[at].isspace() or (
            _is_unspaced(text[at - 1]) and _is_unspaced(text[at]) and not continues_grapheme(text, at)
        )
        if between and not _within(at, whole):
            yield at


def _within(at: int, places: list[tuple[int, int]] | tuple[()]) -> bool:
    return any(start < at < end for start, end in places)


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
