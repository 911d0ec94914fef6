"""What a message is made of: blocks of runs, written as plain text and as HTML, and divided into parts that fit."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import chain
from typing import Literal, NamedTuple, assert_never

from bot.dividing import spans
from bot.platforms.matrix import limits

# A line is one of several that stand below one another, such as commands to type.
Kind = Literal["title", "paragraph", "quotation", "item", "line", "code"]
# Differing words stand out in plain text as well; for the others their words are enough.
Style = Literal["", "strong", "em", "code", "differing"]

_TAGS = {"": "", "strong": "strong", "em": "em", "code": "code", "differing": "strong"}
# Room for the title, and for the lines under a part that is not the last.
TITLE, _FOOT = 6_000, 6_000
_BLOCKS = limits.TEXT - TITLE - _FOOT


class Run(NamedTuple):
    """A stretch of text, plain and on one line but in code; ``link`` is the address that it leads to."""

    text: str
    style: Style = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """What stays together in one message, unless it does not fit into one by itself.

    Attributes:
        label: Before a quotation, its number in a list.
        below: Under a quotation, where it stands and who speaks; every part of it has that.
        heading: Before the first item of a list.
        number: Of an item of an ordered list; 0 elsewhere.
        begins: Whether an item begins a list.
        language: Of code.
    """

    kind: Kind
    runs: tuple[Run, ...]
    label: str = ""
    below: str = ""
    heading: str = ""
    number: int = 0
    begins: bool = False
    language: str = ""


def body(blocks: Iterable[Block]) -> str:
    """Write blocks as plain text that reads well alone."""
    return "\n\n".join("\n".join(_plain(block) for block in group) for group in _grouped(blocks))


def html(blocks: Sequence[Block]) -> str:
    """Write blocks as HTML: tags and attributes of ours, all of them in Matrix's list, around escaped text."""
    if len(blocks) == 1 and blocks[0].kind == "paragraph":
        return _inline(blocks[0].runs)
    return "".join(_marked_up(group) for group in _grouped(blocks))


def divided(blocks: Iterable[Block]) -> list[list[Block]]:
    """Divide blocks into parts that fit: between blocks, and what does not fit by itself between sentences or words.

    Nothing is lost: put together, the parts have every word.
    """
    parts: list[list[Block]] = [[]]
    used = 0
    for block in chain.from_iterable(map(_fitting, blocks)):
        weight = _weight(block)
        if parts[-1] and used + weight > _BLOCKS:
            parts.append([])
            used = 0
        parts[-1].append(block)
        used += weight
    return parts


def fits(blocks: Sequence[Block]) -> bool:
    """Whether blocks, a title among them, fit into one message."""
    return len(body(blocks)) <= limits.PART and limits.size(body(blocks), html(blocks)) <= limits.TEXT


def _grouped(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Give items of one list, and lines under one another, together, and every other block alone."""
    group: list[Block] = []
    for block in blocks:
        goes_on = group and group[-1].kind == block.kind and block.kind in ("item", "line") and not block.begins
        if group and not goes_on:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _plain(block: Block) -> str:
    text = "".join(f"*{run.text}*" if run.style == "differing" else run.text for run in block.runs)
    text = text.strip("\n") if block.kind == "code" else text.strip()
    match block.kind:
        case "title" | "paragraph" | "line" | "code":
            return text
        case "quotation":
            return f"{f'{block.label}. ' if block.label else ''}“{text}”\n— {block.below}"
        case "item":
            begun = f"{block.heading}:\n" if block.heading else ""
            return f"{begun}{f'{block.number}.' if block.number else '•'} {text}"
        case _:
            assert_never(block.kind)


def _marked_up(group: Sequence[Block]) -> str:
    block = group[0]
    match block.kind:
        case "title":
            return f"<h4>{_inline(block.runs)}</h4>"
        case "paragraph":
            return f"<p>{_inline(block.runs)}</p>"
        case "line":
            return f"<p>{'<br>'.join(_inline(each.runs) for each in group)}</p>"
        case "quotation":
            label = f"{escape(block.label, quote=False)}. " if block.label else ""
            below = f"<em>{escape(block.below, quote=False)}</em>"
            return f"<blockquote><p>{label}{_inline(block.runs)}</p><p>— {below}</p></blockquote>"
        case "item":
            begun = f"<p><strong>{escape(block.heading, quote=False)}</strong></p>" if block.heading else ""
            items = "".join(f"<li>{_inline(each.runs)}</li>" for each in group)
            start = f' start="{block.number}"' if block.number > 1 else ""
            return f"{begun}<ol{start}>{items}</ol>" if block.number else f"{begun}<ul>{items}</ul>"
        case "code":
            language = re.sub(r"[^a-z0-9+-]", "", block.language)[:20]
            told = f' class="language-{language}"' if language else ""
            return f"<pre><code{told}>{_inline(block.runs).strip(chr(10))}\n</code></pre>"
        case _:
            assert_never(block.kind)


def _inline(runs: Iterable[Run]) -> str:
    return "".join(_run(run) for run in runs)


def _run(run: Run) -> str:
    text, tag = escape(run.text, quote=False), _TAGS[run.style]
    text = f"<{tag}>{text}</{tag}>" if tag else text
    return f'<a href="{escape(run.link)}">{text}</a>' if run.link else text


def _weight(block: Block) -> int:
    """Return how much of a part a block takes, by its characters and by its bytes, whichever is more."""
    plain = _plain(block)
    return max(limits.size(f"{plain}\n\n", _marked_up([block])), len(plain) * _BLOCKS // limits.PART)


def _fitting(block: Block) -> list[Block]:
    if _weight(block) <= _BLOCKS:
        return [block]

    def part(start: int, end: int) -> Block:
        later = start > 0
        runs = tuple(_between(block.runs, start, end))
        return replace(block, runs=runs, heading="" if later else block.heading, begins=block.begins and not later)

    text = "".join(run.text for run in block.runs)
    return [part(start, end) for start, end in spans(text, _BLOCKS, lambda start, end: _weight(part(start, end)))]


def _between(runs: Iterable[Run], start: int, end: int) -> Iterator[Run]:
    """Give what of some runs lies between two offsets into their text."""
    begun = 0
    for run in runs:
        text = run.text[max(0, start - begun) : max(0, end - begun)]
        begun += len(run.text)
        if text:
            yield run._replace(text=text)
