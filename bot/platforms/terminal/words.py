"""How replies are worded in a terminal, whether plain or in colour."""

from bot import characters
from bot.reply import Action

MOST_TYPED = 160


def lines(text: str) -> str:
    """Return text whose lines are its own, such as code; terminals differ in how wide a tab is."""
    return characters.lines(text).replace("\t", " ")


def typed(action: Action) -> str:
    """Return an action as the line to type; one that is too long to be typed again is shortened."""
    line = f"/{characters.one_line(action.line)}"
    return line if len(line) <= MOST_TYPED else f"{line[:MOST_TYPED]}…"


def can_be_typed(action: Action) -> bool:
    """Whether an action's line is short enough to be shown whole."""
    return len(action.line) < MOST_TYPED
