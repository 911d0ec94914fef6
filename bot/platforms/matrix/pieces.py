"""Puts what a reply says into blocks, worded as in the terminal."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

from bot.characters import lines, one_line
from bot.commands import commands_in_text
from bot.dividing import fit
from bot.platforms.matrix import limits
from bot.platforms.matrix.blocks import Block, Run, Style
from bot.reading import Claim, Prompt, Quotation
from bot.reply import Bullets, Claims, Code, Difference, Differences, Piece, Prose, Question, Quote, Times
from bot.wording import FOLLOW_UPS, POSITIONS, about, below, places, runs

IN_TEXT, ASKED = "In the text", "You wrote"

_STYLES: dict[str, Style] = {"text": "", "mark": "strong", "sic": "em"}
# In bytes, shown twice: more than any reading has, and little enough to leave room for what they stand beside.
_HEADING, _BELOW = 2_000, 6_000
_ADDRESS = re.compile(r"https?://[^\s<>\"“”]*[^\s<>\"“”.,;:!?)]")
# Of a message, such as a scheduled post; not of people, whose names clients show as mentions.
_MESSAGE = r"https://matrix\.to/#/![^\s/<>\"“”]+/\$[\w~%+-]+"


@dataclass(frozen=True, slots=True)
class Shown:
    """What an answer looks like depends on.

    Attributes:
        prefix: What commands begin with in the room.
        commands: The names of all commands.
        line: The command line that is answered, without a prefix; nothing if it cannot be asked again.
        source: What the reading says it is from; an address in it is a link.
    """

    prefix: str = "!"
    commands: tuple[str, ...] = ()
    line: str = ""
    source: str = ""

    def typed(self, line: str) -> str:
        """Return a command line as it is typed in the room."""
        return one_line(f"{self.prefix}{line}")


def blocks_of(piece: Piece, shown: Shown) -> Iterator[Block]:
    """Give the blocks of a piece."""
    match piece:
        case Prose(text):
            yield Block("paragraph", own(text, shown))
        case Quote(quotation, label):
            yield _quotation(quotation, label)
        case Claims(claims):
            yield from _claims(claims)
        case Bullets(items, heading, ordered):
            yield from _listed([own(item, shown) for item in items], heading, ordered)
        case Question(prompt):
            yield from _prompt(prompt)
        case Code(text, language):
            yield Block("code", (Run(lines(text)),), language=language)
        case Differences(parts):
            yield from _differences(parts)
        case Times(times, heading):
            yield from _listed([own(str(time), shown) for time in times], heading)
        case _:
            assert_never(piece)


def own(text: str, shown: Shown) -> tuple[Run, ...]:
    """Return a text of ours: commands as they are typed here, links to what we may link to, and quoted words left."""
    found = _pattern(shown.commands, shown.source)
    plain, linked, end = one_line(text), [], 0
    for match in found.finditer(plain):
        name, link = match["name"], match["link"]
        if name or link:
            linked += [
                Run(plain[end : match.start()]),
                Run(shown.typed(name), "strong") if name else Run(link, link=link),
            ]
            end = match.end()
    return tuple(run for run in (*linked, Run(plain[end:])) if run.text)


@lru_cache(32)
def _pattern(commands: tuple[str, ...], source: str) -> re.Pattern[str]:
    """Return what finds commands and links in a text of ours, and the words quoted in it, in which nothing is found."""
    names = tuple(dict.fromkeys([*commands, *(name.partition(" ")[0] for name in commands)])) or ("help",)
    links = "|".join([*(rf"{re.escape(address)}(?!\w)" for address in _ADDRESS.findall(source)), _MESSAGE])
    return re.compile(rf"{commands_in_text(names).pattern}|(?<![^\s(])(?P<link>{links})")


def plain_runs(text: str, style: Style = "") -> tuple[Run, ...]:
    """Return a text that is somebody's, such as a question of the study material: nothing in it is changed."""
    return (Run(one_line(text), style),)


def heading(text: str, most: int = _HEADING) -> str:
    """Return a heading for a place within a line; one that no reading has is shortened."""
    return fit(one_line(text), most, limits.size_shown)


def _quotation(quotation: Quotation, label: str = "") -> Block:
    quoted = tuple(Run(run.text, _STYLES[run.kind]) for run in runs(quotation))
    return Block("quotation", quoted, label=heading(label), below=heading(below(quotation), _BELOW))


def _claims(claims: Sequence[Claim]) -> Iterator[Block]:
    yield from _listed(
        [
            (*plain_runs(claim.text), *((Run(" "), Run(places(claim.anchors), "em")) if claim.anchors else ()))
            for claim in claims
        ]
    )


def _listed(items: Sequence[tuple[Run, ...]], above: str = "", ordered: bool = False) -> Iterator[Block]:
    for number, item in enumerate(items, 1):
        is_first = number == 1
        yield Block(
            "item",
            item,
            heading=heading(above) if is_first else "",
            number=number if ordered else 0,
            begins=is_first,
        )


def _prompt(prompt: Prompt) -> Iterator[Block]:
    yield _quotation(prompt.passage)
    yield Block("paragraph", plain_runs(prompt.question, "strong"))
    yield from _listed([plain_runs(each) for each in prompt.follow_ups], FOLLOW_UPS)
    yield from _listed([plain_runs(each) for each in prompt.positions], POSITIONS)
    yield Block("paragraph", plain_runs(about(prompt), "em"))


def _differences(differences: Sequence[Difference]) -> Iterator[Block]:
    """Put the two wordings under one another, so that neither colour nor strokes are needed to tell them apart."""
    for name, other in ((IN_TEXT, "added"), (ASKED, "missing")):
        compared: list[Run] = []
        for part in differences:
            if part.kind != other and part.text:
                style: Style = "" if part.kind == "same" else "differing"
                compared += [Run(" "), Run(one_line(part.text).strip(), style)]
        yield Block("line", (Run(f"{name}:"), *compared), begins=name == IN_TEXT)
