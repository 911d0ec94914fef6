"""Turns text and questions into the same searchable words."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.library import english

_COMBINING = dict.fromkeys(range(0x300, 0x370))
# Marks that belong to the letter before them, in the scripts below U+1100 and of kana; Python's \\w leaves them out.
_MARKS = "".join(chr(code) for code in range(0x300, 0x1100) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
_MARKS += "\u3099\u309a"
# What nobody sees within a word: the soft hyphen, and what joins or parts letters of Indic and Arabic script.
_UNSEEN = "\u00ad\u200c\u200d\u2060"
# Letters with a stroke, which Unicode does not take apart.
_STROKES = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
_PLAIN = str.maketrans("‘’‛ʼ´`＇", "'''''''")
_INITIALS = (
    r"(?<![^\W_])(?:[A-Z]\. ?){2,}(?<=\.)(?! ?[A-Z][a-z])",  # "N. E. P.", but not the "V. I." of a name
    r"(?<![^\W_])(?:[^\W\d_]\.){2,}(?:[^\W\d_](?![^\W_]))?",  # "N.E.P."
    r"\b[A-Z]\.[A-Z](?![^\W_])",  # "U.S"
    r"(?<![^\W_])(?:[B-HJ-Z] )+[B-HJ-Z](?![^\W_])(?! [A-Z](?:[a-z]|\W))",  # "U S"; "A" and "I" may be words
)
_WORD = re.compile(
    r"(?P<plain>[a-z]+(?=[ ,;:?!\n]|\Z))"  # what most words are, told apart at once
    rf"|(?P<initials>(?:{'|'.join(_INITIALS)})(?:'s(?![^\W_]))?)"
    rf"|(?P<word>[^\W_](?:[^\W_]|[{_MARKS}{_UNSEEN}])*(?:'[^\W_](?:[^\W_]|[{_MARKS}{_UNSEEN}])*)*)"
)
# Two words that lost their space: a capital with small letters on both sides; "tRoTsKy" is only typed oddly.
_CASE_CHANGE = re.compile(
    "(?:(?<=[a-zà-ÿа-яё]{3})|(?<=[a-zа-я][\u0300-\u036f]))(?=[A-ZÀ-ÞА-ЯЁ][\u0300-\u036f]*[a-zà-ÿа-яё]{2})"
)
# Scripts that part no words: each of their signs is one.
_UNPARTED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff][\u3099\u309a]?")
_HYPHENS = "-‐‑‒–"
_LONGEST_INITIALS = 3
_SHORT_YEAR_RANGE = re.compile(r"(?<!\d)(\d{4})[-‐‑‒–](\d{2})(?!\d)")


class Word(NamedTuple):
    """One searchable word.

    Attributes:
        text: Folded: compatibility forms, case, diacritics, possessives and the stops of initials are gone.
        start: Where it begins in the text that it was found in.
        end: Where it ends there.
        joined: True where a hyphen ties it to the word before.
        capital: Whether it was written with a capital, but not in capitals.
    """

    text: str
    start: int
    end: int
    joined: bool = False
    capital: bool = False


def words(text: str, limit: int | None = None) -> list[Word]:
    """Return the words of ``text`` in order, at most ``limit``.

    Initials become one word ("N.E.P." and "NEP" are ``nep``), but never one that is also a common English word:
    "U.S." is ``us-initials``, not ``us``. Words that lost the space between them ("withTrotsky") come apart.
    """
    found: list[Word] = []
    shouting = text.isupper() and " " in text.strip()
    for word in _words(text, shouting):
        found.append(word)
        if limit and len(found) >= limit:
            break
    return found


def _words(text: str, shouting: bool) -> Iterator[Word]:
    plain = text.translate(_PLAIN)
    previous_end = -1
    for match in _WORD.finditer(plain):
        start, end = match.span()
        joined = previous_end == start - 1 and plain[start - 1] in _HYPHENS
        previous_end = end
        raw = match.group()
        if match.lastgroup == "plain":
            yield Word(raw, start, end, joined)
            continue
        if match.lastgroup == "initials":
            yield Word(_initials(raw.replace(".", "").replace(" ", "")), start, end, joined, True)
            continue
        if not shouting and raw.isupper() and "'" not in raw and _spells_initials(fold(raw)):
            yield Word(_initials(raw), start, end, joined, True)
            continue
        at = start
        for part in (raw,) if raw.islower() else _parts(raw):
            folded = fold(part)
            if folded:
                yield Word(folded, at, at + len(part), joined and at == start, part.istitle())
            at += len(part)


def _parts(raw: str) -> list[str]:
    """Part words that lost their space, and the signs of scripts that have none."""
    if not raw.isascii() and _UNPARTED.search(raw):
        return [part for part in re.split(f"({_UNPARTED.pattern})", raw) if part]
    return _CASE_CHANGE.split(raw)


def _spells_initials(folded: str) -> bool:
    short = 1 < len(folded) <= _LONGEST_INITIALS
    return short and folded in english.STOP_WORDS and folded not in english.OPERATORS


def _initials(letters: str) -> str:
    folded = fold(letters)
    return f"{folded}initials" if folded in english.STOP_WORDS else folded


@lru_cache(maxsize=20_000)
def fold(word: str) -> str:
    """Fold one word: NFKC, case, combining marks, possessive endings, apostrophes."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    if not word.isascii():  # what is folded may be: of “⑴” it is (1)
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFD", folded).translate(_COMBINING))
        folded = folded.translate(_STROKES)
        folded = "".join(c for c in folded if c.isalnum() or c == "'" or unicodedata.category(c) in ("Mn", "Mc"))
    if "'" in folded:
        folded = folded.removesuffix("'s").replace("'", "")
    return folded


def compounds(found: list[Word]) -> list[str]:
    """Return what hyphens tie together as single words: ``anarcho-syndicalist`` gives ``anarchosyndicalist``."""
    result = []
    for first, second in pairwise(found):
        if second.joined and not (first.text.isdigit() or second.text.isdigit()):
            result.append(first.text + second.text)
    return result


def years(text: str) -> list[str]:
    """Return the years that short ranges stand for: ``1920–21`` gives ``1921``."""
    return [first[:2] + last for first, last in _SHORT_YEAR_RANGE.findall(text)]
