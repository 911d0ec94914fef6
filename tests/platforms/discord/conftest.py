"""A circle on a simulated Discord for every test; a bug that was logged fails the test."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.platforms.discord.circle import Circle, meeting


@pytest.fixture
async def circle(state: Path) -> AsyncIterator[Circle]:
    """Bring a circle together, with the bot in it."""
    async with meeting(state) as met:
        yield met


@pytest.fixture(autouse=True)
def nothing_went_wrong(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where an error was logged, unless the test is about that."""
    yield
    if request.node.get_closest_marker("goes_wrong") is None:
        wrong = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not wrong, [record.getMessage() for record in wrong]
