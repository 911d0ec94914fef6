"""Writes replies as plain text, for pipes and scripts: one line a paragraph, whatever the width."""

from typing import assert_never

from bot.characters import one_line
from bot.commands import Failure
from bot.platforms.terminal.words import can_be_typed, lines, typed
from bot.reading import Prompt, Quotation
from bot.reply import (
    Action,
    Bullets,
    Claims,
    Code,
    Difference,
    Differences,
    Piece,
    Prose,
    Question,
    Quote,
    Reply,
    Times,
)
from bot.wording import FOLLOW_UPS, POSITIONS, about, below, places, runs

INDENT = "    "


def plain(answer: Reply | Failure) -> str:
    """Return the whole answer as plain text, without a line feed at the end."""
    if isinstance(answer, Failure):
        return one_line(answer.message)
    parts = [one_line(answer.title), *(_piece(piece) for piece in answer.pieces), _actions(answer.actions)]
    return "\n\n".join(part for part in parts if part)


def _piece(piece: Piece) -> str:
    match piece:
        case Prose(text):
            return one_line(text)
        case Quote(quotation, label):
            return _quotation(quotation, label)
        case Claims(claims):
            return "\n".join(f"• {one_line(claim.text)} {places(claim.anchors)}" for claim in claims)
        case Bullets(items, heading, ordered):
            return _listed(items, heading, ordered)
        case Question(prompt):
            return _prompt(prompt)
        case Code(text):
            return lines(text)
        case Differences(parts):
            return " ".join(_difference(part) for part in parts)
        case Times(times, heading):
            return _listed(tuple(str(time) for time in times), heading)
        case _:
            assert_never(piece)


def _quotation(quotation: Quotation, label: str = "") -> str:
    numbered = f"{one_line(label)}.".ljust(len(INDENT)) if label else INDENT
    words = "".join(run.text for run in runs(quotation))
    return f"{numbered}“{words}”\n{INDENT}— {below(quotation)}"


def _listed(items: tuple[str, ...], heading: str = "", ordered: bool = False) -> str:
    begun = [f"{one_line(heading)}:"] if heading else []
    return "\n".join(begun + [f"{f'{n}.' if ordered else '•'} {one_line(item)}" for n, item in enumerate(items, 1)])


def _prompt(prompt: Prompt) -> str:
    parts = [_quotation(prompt.passage), one_line(prompt.question)]
    parts += [_listed(prompt.follow_ups, FOLLOW_UPS)] if prompt.follow_ups else []
    parts += [_listed(prompt.positions, POSITIONS)] if prompt.positions else []
    return "\n\n".join([*parts, about(prompt)])


def _difference(part: Difference) -> str:
    text = one_line(part.text)
    return {"missing": f"[-{text}-]", "added": f"{{+{text}+}}"}.get(part.kind, text)


def _actions(actions: tuple[Action, ...]) -> str:
    shown = [typed(action) for action in actions if can_be_typed(action)]
    return f"Try: {' · '.join(shown)}" if shown else ""
