"""What a group was given is remembered for that group alone, one thing at a time, and outlives a crash."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.settings import SHIPPED_DATA
from bot.store.given import Given
from bot.store.state import open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
CHOICES = [f"7.{number}" for number in range(1, 51)]

# Gives one thing after the other and says so each time, for as long as it lives.
GIVES = """
import asyncio, sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from bot.store.given import Given
from bot.store.state import open_state

async def main():
    async with AsyncExitStack() as stack:
        given = Given(await open_state(stack, Path(sys.argv[1])))
        for number in range(1_000_000):
            item, _ = await given.give_first("g", "r", "quote", [f"1.{number}"], datetime(2026, 5, 1, tzinfo=UTC))
            print(item, flush=True)

asyncio.run(main())
"""


async def opened(stack: AsyncExitStack, folder: Path) -> Given:
    """Open the memory of groups."""
    return Given(await open_state(stack, folder))


async def test_fifty_who_ask_at_once_get_fifty_different_things(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = await opened(stack, tmp_path)
        answers = await asyncio.gather(*(given.give_first("g", "r", "quote", CHOICES, NOW) for _ in CHOICES))
        assert sorted(item for item, _ in answers) == sorted(CHOICES)
        assert not any(again for _, again in answers)


async def test_fifty_over_two_connections_get_fifty_different_things(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        both = [await opened(stack, tmp_path), await opened(stack, tmp_path)]
        answers = await asyncio.gather(
            *(both[number % 2].give_first("g", "r", "quote", CHOICES, NOW) for number in range(len(CHOICES)))
        )
        assert sorted(item for item, _ in answers) == sorted(CHOICES)


async def test_nothing_comes_again_before_everything_has(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = await opened(stack, tmp_path)
        first = [await given.give_first("g", "r", "prompt", ["a", "b", "c"], NOW) for _ in range(3)]
        then = [await given.give_first("g", "r", "prompt", ["a", "b", "c"], NOW) for _ in range(3)]
    assert first == [("a", False), ("b", False), ("c", False)]
    assert then == [("a", True), ("b", False), ("c", False)]


async def test_what_other_choices_were_given_is_not_forgotten(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = await opened(stack, tmp_path)
        for item in ("a", "b", "other"):
            await given.give_first("g", "r", "prompt", [item], NOW)
        assert await given.give_first("g", "r", "prompt", ["a", "b"], NOW) == ("a", True)
        assert set(await given.had("g", "r", "prompt")) == {"a", "other"}


async def test_groups_readings_and_kinds_do_not_know_of_one_another(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = await opened(stack, tmp_path)
        apart = [("g", "r", "quote"), ("h", "r", "quote"), ("g", "s", "quote"), ("g", "r", "prompt")]
        for group, reading, kind in apart:
            assert await given.give_first(group, reading, kind, ["a"], NOW) == ("a", False)
        assert await given.count("g") == [("r", "prompt", 1), ("r", "quote", 1), ("s", "quote", 1)]
        assert await given.forget("g") == 3
        assert await given.count("g") == []
        assert await given.count("h") == [("r", "quote", 1)]


async def test_what_was_had_comes_oldest_first_with_its_time(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = await opened(stack, tmp_path)
        for minutes, item in enumerate(["b", "c", "a"]):
            await given.give_first("g", "r", "quote", [item], NOW + timedelta(minutes=minutes))
        had = await given.had("g", "r", "quote")
        assert list(had) == ["b", "c", "a"]
        assert had["b"] == NOW.timestamp() * 1000
        assert [row[2] for row in await given.everything("g")] == ["b", "c", "a"]


def test_a_crash_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", GIVES, tmp_path],
        cwd=SHIPPED_DATA.parent,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    acknowledged = [process.stdout.readline().strip() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.communicate()[0].split()
    assert process.returncode == -signal.SIGKILL

    async def had() -> set[str]:
        async with AsyncExitStack() as stack:
            return set(await (await opened(stack, tmp_path)).had("g", "r", "quote"))

    assert set(acknowledged) - asyncio.run(had()) == set()
