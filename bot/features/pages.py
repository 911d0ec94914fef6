"""Turns the pages of a long list."""

from collections.abc import Sequence
from typing import TypeVar

from bot.errors import UserError
from bot.reply import Action

SIZE = 20

Item = TypeVar("Item")


def page_of(items: Sequence[Item], page: int) -> Sequence[Item]:
    """Return what stands on a page of a list; an empty list has one page, with nothing on it.

    Raises:
        UserError: There is no such page.
    """
    pages = _pages(items)
    if not 1 <= page <= pages:
        raise UserError("There is only page 1." if pages == 1 else f"There are pages 1 to {pages}.")
    return items[(page - 1) * SIZE : page * SIZE]


def turning(items: Sequence[Item], page: int, line: str, on: str, back: str) -> tuple[Action, ...]:
    """Return what turns the pages of a list.

    Args:
        line: The command that shows it, which takes a page.
        on: The label of what leads to the next page.
        back: The label of what leads to the one before.
    """
    onward = (Action(on, f"{line} page:{page + 1}", turns=True),) if page < _pages(items) else ()
    return (*onward, *((Action(back, f"{line} page:{page - 1}", turns=True),) if page > 1 else ()))


def _pages(items: Sequence[Item]) -> int:
    return max(1, -(-len(items) // SIZE))
