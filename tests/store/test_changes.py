"""Who changed what: newest first, for a group with its server, and without a name for those who want that."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.changes import KEPT, Changes, record_change
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)


async def opened(stack: AsyncExitStack, folder: Path) -> tuple[State, Changes]:
    """Open the log of changes, with four in it."""
    state = await open_state(stack, folder)
    async with state.write() as transaction:
        for number, (scope, member) in enumerate([("t:a", "mo"), ("t:s", "mo"), ("t:b", "jo"), ("t:a", "jo")]):
            at = NOW + timedelta(hours=number)
            await record_change(transaction, scope, member, f"grace {number}", "1", "2", at)
    return state, Changes(state)


async def test_a_group_sees_its_own_and_its_servers_newest_first(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, changes = await opened(stack, tmp_path)
        assert [each.what for each in await changes.of(("t:a", "t:s"), 9)] == ["grace 3", "grace 1", "grace 0"]
        assert [each.what for each in await changes.of(("t:a", "t:s"), 2)] == ["grace 3", "grace 1"]
        (only,) = await changes.of(("t:b",), 9)
        assert (only.scope, only.member, only.old, only.new) == ("t:b", "jo", "1", "2")
        assert only.changed_at == NOW + timedelta(hours=2)


async def test_a_member_finds_and_takes_back_their_name_everywhere(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, changes = await opened(stack, tmp_path)
        assert [each.scope for each in await changes.by("mo")] == ["t:s", "t:a"]
        assert await changes.forget_who("mo") == 2
        assert await changes.by("mo") == []
        assert [each.member for each in await changes.of(("t:a",), 9)] == ["jo", ""]
        assert await changes.forget_who("mo") == 0


async def test_what_is_older_than_its_age_is_gone(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, changes = await opened(stack, tmp_path)
        await changes.forget_before(NOW + timedelta(hours=1))
        assert [each.what for each in await changes.of(("t:a", "t:s", "t:b"), 9)] == ["grace 3", "grace 2", "grace 1"]
        assert timedelta(days=90) == KEPT


async def test_a_change_that_does_not_happen_is_not_logged(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, changes = await opened(stack, tmp_path)

        async def fail() -> None:
            async with state.write() as transaction:
                await record_change(transaction, "t:z", "mo", "grace", "", "2", NOW)
                raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            await fail()
        assert await changes.of(("t:z",), 9) == []
