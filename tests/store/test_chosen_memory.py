"""What was chosen is remembered for a few seconds, and never longer than it holds."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

from bot.store.chosen import REMEMBERED_SECONDS, Chosen
from bot.store.groups import Groups
from bot.store.schedules import Schedules
from bot.store.state import open_state

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Seconds:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


async def two_processes(stack: AsyncExitStack, folder: Path, seconds: Seconds) -> list[Chosen]:
    """Open one database twice."""
    states = [await open_state(stack, folder) for _ in range(2)]
    return [Chosen(state, Schedules(state, "2026a"), seconds) for state in states]


async def test_a_choice_holds_here_at_once_and_elsewhere_within_seconds(tmp_path: Path) -> None:
    seconds = Seconds()
    async with AsyncExitStack() as stack:
        here, there = await two_processes(stack, tmp_path, seconds)
        for each in (here, there):
            assert (await each.of(("g",)))["g"] == {}
        await here.choose("g", {"grace": "3"}, (), "m", NOW)
        assert (await here.of(("g",)))["g"] == {"grace": "3"}
        seconds.passed += REMEMBERED_SECONDS + 0.1
        assert (await there.of(("g",)))["g"] == {"grace": "3"}


async def test_what_is_deleted_is_not_remembered(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        chosen = Chosen(state, Schedules(state, "2026a"), Seconds())
        await chosen.choose("g", {"grace": "3"}, (), "m", NOW)
        assert (await chosen.of(("g",)))["g"] == {"grace": "3"}
        await Groups(state, chosen).forget("g")
        assert (await chosen.of(("g",)))["g"] == {}
