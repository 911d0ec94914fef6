"""Divides a quotation at the signs that quoting leaves: … for words left out, brackets around words put in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.library.letters import Letters, letters, plain

# How those who quote show what they left out, found so in the text, or put in.
_OMITTED = r"\[\s*(?:\.\s*){2,}\]|\[\s*…+\s*\]|\(\s*(?:\.{3}|…)\s*\)|…|(?:\.[^\S\n]?){3,}"
_SIC = r"[\[(]\s*sic\s*[!?]?\s*[\])]"
_INSERTED = r"(?<!\w)\[[^\[\]]{1,200}\](?!\w)"
_SIGNS = re.compile(rf"(?P<omitted>{_OMITTED})|(?P<sic>{_SIC})|(?P<inserted>{_INSERTED})", re.IGNORECASE)
_BROKEN_WORD = re.compile(r"(?<=\w)[-‐\u00ad][^\S\n]*\n\s*(?=\w)")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a quotation: ``words``, words that were ``inserted``, or the sign that some are ``omitted``."""

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


def joined(parts: Sequence[Part]) -> Letters:
    """Put the letters of several parts together; offsets mean nothing there."""
    text = "".join(part.letters.text for part in parts)
    return Letters(text, "".join(part.letters.gaps for part in parts), (), ())


def groups_of(parts: Sequence[Part], divided: bool = True) -> list[list[Part]]:
    """Divide parts where words are left out, unless they are to stay together; the signs for that go in any case."""
    groups: list[list[Part]] = [[]]
    for part in parts:
        if part.kind != "omitted":
            groups[-1].append(part)
        elif divided:
            groups.append([])
    return groups
