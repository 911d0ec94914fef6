"""What moderators are to be told is kept until they were told, and for the platform that tells them."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.store.notices import Notices, notice
from bot.store.state import open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)


async def opened(stack: AsyncExitStack, folder: Path) -> Notices:
    """Open the notices, with four in them."""
    state = await open_state(stack, folder)
    async with state.write() as transaction:
        for platform, group, text in (("d", "d:1", "one"), ("d", "d:2", "two"), ("m", "m:1", "three")):
            await notice(transaction, platform, group, text, NOW)
        await notice(transaction, "d", "d:1", "four", NOW + timedelta(hours=1))
    return Notices(state)


async def test_a_group_reads_its_own_oldest_first(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        notices = await opened(stack, tmp_path)
        read = await notices.of("d:1")
        assert [(each.text, each.group, each.noticed_at) for each in read] == [
            ("one", "d:1", NOW),
            ("four", "d:1", NOW + timedelta(hours=1)),
        ]


async def test_what_was_told_is_told_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        notices = await opened(stack, tmp_path)
        first, _ = await notices.of("d:1")
        await notices.told([first.number], NOW)
        assert [each.text for each in await notices.of("d:1")] == ["four"]
        assert [each.text for each in await notices.of("d:2")] == ["two"]


async def test_a_platform_is_given_what_came_after_the_last_that_it_told(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        notices = await opened(stack, tmp_path)
        first, second, _ = await notices.after("d", 0)
        assert (first.text, second.text) == ("one", "two")
        assert [each.text for each in await notices.after("d", second.number)] == ["four"]
        assert [each.text for each in await notices.after("m", 0)] == ["three"]


async def test_only_what_was_told_is_forgotten(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        notices = await opened(stack, tmp_path)
        first, _ = await notices.of("d:1")
        await notices.told([first.number], NOW)
        await notices.forget_before(NOW + timedelta(milliseconds=1))
        assert [each.text for each in await notices.after("d", 0)] == ["two", "four"]
