"""Splits a paragraph into sentences, never inside quotation marks or brackets."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

_OPENING = {"“": "”", "«": "»", "„": "“", "(": ")", "[": "]", "「": "」", "『": "』", "（": "）"}
_AMBIGUOUS = '"'
_PAIRED = re.compile(f"[{re.escape(''.join((*_OPENING, *_OPENING.values(), _AMBIGUOUS)))}]")
_TERMINAL = re.compile(r"[.!?…。！？｡।॥؟۔]+")
_WITHOUT_SPACE = "。！？｡"  # after these no white space follows
_CLOSERS = "”’»\"')]」』）"
_OPENERS = "“‘«„\"'([「『（"
_SPACE = re.compile(r"\s*")
_FIRST_WORD = re.compile(r"\w+(?!\w|\.)|\w{2,}")  # not a single letter with a full stop
_LONGEST_LAST_WORD = 64
# Words that end in a full stop without ending the sentence, when a name or a number follows.
_ABBREVIATIONS = frozenset(
    "p pp vol vols no nos ed eds trans ch chap fig art sec op cit ibid cf vs viz al approx ca c fn n "
    "mr mrs ms dr prof st sr jr rev hon gen col capt lt sgt gov sen rep pres "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_INITIALS = re.compile(r"(?:\w\.)+\Z")
# After initials ("the U.S. He …") only a word that seldom follows a name begins a sentence.
_STARTERS = frozenset(
    "he she it they we you i this that these those there the a an in on at by for from with after before "
    "but and or yet so if when while as although though however thus meanwhile similarly instead his her "
    "its their our my your who what why how where not no nor one some many most few all both during since "
    "until under over despite unlike also then now".split()
)


def sentence_spans(paragraph: str) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends, as offsets into ``paragraph``.

    White space between sentences belongs to none. A full stop after an abbreviation, within initials, or
    inside “…”, «…», "…", (…) or […] ends nothing; a pair that is never closed is read as if it were not there.
    """
    inside = _inside(paragraph)
    spans = []
    start = len(paragraph) - len(paragraph.lstrip())
    for end in _ends(paragraph, inside):
        spans.append((start, end))
        start = end
        while start < len(paragraph) and paragraph[start].isspace():
            start += 1
    if paragraph[start:].strip():
        spans.append((start, len(paragraph.rstrip())))
    return spans


def _inside(text: str) -> list[tuple[int, int]]:
    """Return the outermost closed pairs of quotation marks and brackets, as (opening, closing) offsets."""
    open_marks: list[tuple[str, int]] = []
    awaited: Counter[str] = Counter()
    pairs = []
    for at, mark in ((found.start(), found.group()) for found in _PAIRED.finditer(text)):
        if awaited[mark]:
            while open_marks:
                expected, opened = open_marks.pop()
                awaited[expected] -= 1
                if expected == mark:
                    pairs.append((opened, at))
                    break
        elif mark in _OPENING or mark == _AMBIGUOUS:
            expected = _OPENING.get(mark, mark)
            open_marks.append((expected, at))
            awaited[expected] += 1
    outermost: list[tuple[int, int]] = []
    for opened, closed in sorted(pairs):
        if not outermost or opened > outermost[-1][1]:
            outermost.append((opened, closed))
    return outermost


def _ends(text: str, inside: list[tuple[int, int]]) -> Iterator[int]:
    for found in _TERMINAL.finditer(text):
        end = found.end()
        before = bisect_left(inside, (found.start(),)) - 1
        if before >= 0 and found.start() < inside[before][1]:
            closing = inside[before][1]
            if text[end:closing].strip(_CLOSERS).strip():
                continue  # within the pair, more follows
            end = closing + 1
        while end < len(text) and text[end] in _CLOSERS:
            end += 1
        spaces = _SPACE.match(text, end)
        following = spaces.end() if spaces else end
        if following == end and found.group()[-1] not in _WITHOUT_SPACE:
            continue
        if _ends_sentence(text[max(0, found.end() - _LONGEST_LAST_WORD) : found.end()], found.group(), text, following):
            yield end


def _ends_sentence(before: str, mark: str, text: str, following: int) -> bool:
    while following < len(text) and text[following] in _OPENERS + "—–- ":
        following += 1
    if following == len(text) or text[following].islower():
        return False
    if mark != ".":
        return True
    last = before.rsplit(None, 1)[-1].lstrip(_OPENERS)
    next_word = _FIRST_WORD.match(text, following)
    follower = next_word.group().lower() if next_word else ""
    if _INITIALS.match(last):
        return follower in _STARTERS
    return last[:-1].lower() not in _ABBREVIATIONS
