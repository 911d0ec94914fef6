"""Lines that do not fit into a button stand under a key."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.button_lines import ButtonLines, key_of
from bot.store.published import Published
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[State]:
    async with AsyncExitStack() as stack:
        yield await open_state(stack, tmp_path)


async def test_equal_lines_are_one_row_under_one_key(opened: State) -> None:
    lines = ButtonLines(opened)
    await lines.keep(["quote a", "quote b", "quote a"], NOW)
    await lines.keep(["quote a"], NOW)
    assert await lines.line(key_of("quote a")) == "quote a"
    assert await lines.line("nothing") is None
    assert await opened.all("SELECT count(*) FROM button_line") == [(2,)]


async def test_a_line_that_is_offered_again_is_kept_longer(opened: State) -> None:
    lines = ButtonLines(opened)
    await lines.keep(["quote a", "quote b"], NOW - timedelta(days=2))
    await lines.keep(["quote a"], NOW)
    await lines.forget_before(NOW - timedelta(days=1))
    assert await lines.line(key_of("quote a"))
    assert await lines.line(key_of("quote b")) is None


async def test_what_was_published_is_known_by_application_and_hash(opened: State) -> None:
    published = Published(opened)
    await published.record("1", "old", {"quote": 1})
    await published.record("1", "new", {"quote": 2})
    assert await published.ids("1", "new") == {"quote": 2}
    assert await published.ids("1", "old") is None
    assert await published.ids("2", "new") is None
