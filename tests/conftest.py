"""What tests share: the bot as it is shipped, opened in a folder of its own."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.app import App, open_app
from bot.caller import Caller
from bot.library.index import build_index, checksum, reading_folders
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
CALLER = Caller(user="reader", group="test:1")

Ask = Callable[..., Awaitable[Reply]]


@pytest.fixture(scope="session")
def shipped_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the shipped readings, built once."""
    folders = reading_folders([SHIPPED_DATA])
    path = tmp_path_factory.mktemp("index") / f"library-{checksum(folders)}.sqlite"
    build_index(folders, path)
    return path


@pytest.fixture
def state(tmp_path: Path, shipped_index: Path) -> Path:
    """A state folder of one test's own, with the index of the shipped readings in it."""
    folder = tmp_path / "state"
    folder.mkdir()
    shutil.copy(shipped_index, folder)
    return folder


@pytest.fixture
async def app(state: Path) -> AsyncIterator[App]:
    """The bot as it is shipped, on 1 May 2026, with dice that fall the same each time."""
    async with open_app(Settings(state, (SHIPPED_DATA,)), now=lambda: NOW, random=Random(1)) as opened:
        yield opened


@pytest.fixture
def ask(app: App) -> Ask:
    """Type a line, as somebody in a group: ``await ask("/quote Cheka")``."""

    async def typed(line: str, caller: Caller = CALLER) -> Reply:
        return await app.commands.answer(caller, line)

    return typed
