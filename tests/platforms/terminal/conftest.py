"""One folder of databases, one script and one list of commands for all tests of the terminal."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import open_app
from bot.settings import SHIPPED_DATA, Settings
from tests.platforms.terminal.door import Script, script


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for databases, with the index in it."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def command_names(state: Path) -> list[str]:
    """Return the name of every command."""

    async def names() -> list[str]:
        async with open_app(Settings(state, (SHIPPED_DATA,))) as app:
            return [each.name for each in app.commands.all]

    return asyncio.run(names())


@pytest.fixture(scope="session")
def asked(state: Path) -> Iterator[Script]:
    """Return a script that every test may ask."""
    with script(state) as started:
        yield started
