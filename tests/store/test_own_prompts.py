"""Prompts that groups wrote and set aside: numbered for good, at most so many, each change logged."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from bot.store.changes import Changes
from bot.store.own_prompts import OwnPrompt, OwnPrompts
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)


async def opened(stack: AsyncExitStack, folder: Path) -> tuple[State, OwnPrompts]:
    """Open the groups' prompts."""
    state = await open_state(stack, folder)
    return state, OwnPrompts(state)


async def test_a_group_has_its_own_by_reading(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, own = await opened(stack, tmp_path)
        first = await own.add("t:a", "serge", "Why?", "7.2-3", "t:mo", NOW, 9)
        second = await own.add("t:a", "looms", "Who?", "1.1", "t:mo", NOW, 9)
        assert first == OwnPrompt(1, "serge", "Why?", "7.2-3")
        assert first.id == "+1"
        assert await own.of("t:a") == [first, second]
        assert await own.of("t:a", "looms") == [second]
        assert await own.of("t:b") == []


async def test_fifty_that_are_added_at_once_have_fifty_numbers_and_no_more_than_allowed(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, own = await opened(stack, tmp_path)
        added = await asyncio.gather(*(own.add("t:a", "r", f"Q{n}?", "1.1", "t:mo", NOW, 40) for n in range(50)))
        assert sorted(each.number for each in added if each) == list(range(1, 41))
        assert len(await own.of("t:a")) == 40


async def test_what_is_set_aside_and_taken_back_is_logged_once_each(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, own = await opened(stack, tmp_path)
        assert await own.want("t:a", "r", "if-anything", False, "t:mo", NOW)
        assert not await own.want("t:a", "r", "if-anything", False, "t:mo", NOW)
        assert await own.set_aside("t:a", "r") == {"if-anything"}
        assert await own.set_aside("t:a", "other") == await own.set_aside("t:b", "r") == set()
        assert await own.want("t:a", "r", "if-anything", True, "t:mo", NOW)
        assert not await own.want("t:a", "r", "if-anything", True, "t:mo", NOW)
        assert await own.set_aside("t:a", "r") == set()
        log = [(each.what, each.old, each.new) for each in await Changes(state).of(("t:a",), 9)]
        assert log == [
            ("prompt if-anything", "set aside", "given"),
            ("prompt if-anything", "given", "set aside"),
        ]
