"""What moderators chose is kept by scope, all of a change or none of it, and with who changed it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.store.changes import Changes
from bot.store.chosen import Chosen
from bot.store.schedules import Move, Schedules
from bot.store.state import State, open_state
from tests.store.test_schedules import schedule

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def opened(stack: AsyncExitStack, folder: Path) -> tuple[State, Chosen]:
    """Open what was chosen."""
    state = await open_state(stack, folder)
    return state, Chosen(state, Schedules(state, "2026a"), lambda: 0.0)


async def test_scopes_are_apart_and_what_was_not_chosen_is_not_there(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, chosen = await opened(stack, tmp_path)
        await chosen.choose("t:a", {"length": "sentence", "grace": "2"}, [], "t:mo", NOW)
        await chosen.choose("t:server:s", {"length": "paragraph"}, [], "t:mo", NOW)
        assert await chosen.of(("t:a", "t:server:s", "t:b")) == {
            "t:a": {"length": "sentence", "grace": "2"},
            "t:server:s": {"length": "paragraph"},
            "t:b": {},
        }


async def test_choices_replace_one_another_are_taken_back_and_outlive_a_restart(tmp_path: Path) -> None:
    for values in ({"length": "sentence", "grace": "2"}, {"length": "paragraph"}, {"grace": None, "off": None}):
        async with AsyncExitStack() as stack:
            _, chosen = await opened(stack, tmp_path)
            await chosen.choose("t:a", values, [], "t:mo", NOW)
    async with AsyncExitStack() as stack:
        _, chosen = await opened(stack, tmp_path)
        assert await chosen.of(("t:a",)) == {"t:a": {"length": "paragraph"}}


async def test_only_what_changes_is_logged_with_what_it_was(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, chosen = await opened(stack, tmp_path)
        await chosen.choose("t:a", {"length": "sentence", "grace": "2"}, [], "t:mo", NOW)
        await chosen.choose("t:a", {"length": "sentence", "grace": None, "off": None}, [], "t:other", LATER)
        logged = [(each.member, each.what, each.old, each.new) for each in await Changes(state).of(("t:a",), 9)]
        assert logged == [
            ("t:other", "grace", "2", ""),
            ("t:mo", "grace", "", "2"),
            ("t:mo", "length", "", "sentence"),
        ]


async def test_a_choice_and_the_schedules_that_follow_it_are_one(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, chosen = await opened(stack, tmp_path)
        schedules = Schedules(state, "2026a")
        added = await schedules.add(schedule(), "t:mo", NOW, 25)
        assert added
        move = Move(added, LATER, NOW.replace(tzinfo=None), "Europe/Paris")
        await chosen.choose("t:a", {"timezone": "Europe/Paris"}, [move], "t:mo", NOW)
        (now,) = await schedules.of("t:a")
        assert (now.zone, now.next_at, now.handled) == ("Europe/Paris", LATER, NOW.replace(tzinfo=None))
        broken = replace(move, schedule=now, zone=None)  # type: ignore[arg-type]  # what the database cannot take
        with pytest.raises(Exception, match="NOT NULL"):
            await chosen.choose("t:a", {"timezone": "Asia/Tokyo"}, [broken], "t:mo", NOW)
        assert await chosen.of(("t:a",)) == {"t:a": {"timezone": "Europe/Paris"}}
        assert await schedules.of("t:a") == [now]


async def test_fifty_who_choose_at_once_leave_one_value_and_a_whole_log(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, chosen = await opened(stack, tmp_path)
        await asyncio.gather(*(chosen.choose("t:a", {"grace": str(n)}, [], f"t:{n}", NOW) for n in range(50)))
        log = await Changes(state).of(("t:a",), 99)
        assert len(log) == 50
        assert (await chosen.of(("t:a",)))["t:a"] == {"grace": log[0].new}
        assert [each.old for each in log] == [each.new for each in log[1:]] + [""]


async def test_what_is_read_while_it_is_chosen_is_not_remembered_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        state, chosen = await opened(stack, tmp_path)
        ask, is_read, go_on = state.all, asyncio.Event(), asyncio.Event()

        async def slowly(sql: str, *values: object) -> list[Any]:
            rows = await ask(sql, *values)
            is_read.set()
            await go_on.wait()
            return rows

        monkeypatch.setattr(state, "all", slowly)
        reading = asyncio.ensure_future(chosen.of(("t:a",)))
        await is_read.wait()
        await chosen.choose("t:a", {"grace": "2"}, [], "t:mo", NOW)
        go_on.set()
        assert await reading == {"t:a": {}}
        assert await chosen.of(("t:a",)) == {"t:a": {"grace": "2"}}
