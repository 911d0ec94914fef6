"""What tests share: the bot as it is shipped, opened in a folder of its own."""

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import is_hypothesis_test, settings

from bot.app import App, open_app
from bot.caller import Caller
from bot.library.index import build_index, checksum, reading_folders
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings
from bot.store.state import FILE, open_state
from tests import examples

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
CALLER = Caller(user="reader", group="test:1")
# Folders whose tests take long, by the clock, for they wait for processes. Images are built when deliveries are over,
# for both keep the disk busy.
FIRST = ("soak", "delivery", "operating", "deploy", "tests", "matrix", "discord", "terminal")

Ask = Callable[..., Awaitable[Reply]]


def pytest_configure(config: pytest.Config) -> None:
    """Say how many examples properties are tried with, before any test module is read."""
    usual = settings.get_profile(settings.get_current_profile_name())
    number = examples.ALL if is_extended(config) else examples.QUICK
    settings.register_profile("kruzhok", usual, max_examples=number)
    settings.load_profile("kruzhok")
    config.option.loadscopereorder = False  # by the number of tests in a file; ours is below


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run tests in one process more than there are processors: many wait, for other processes or for time to pass."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let every property be among the extended tests too, where it is tried with more examples; long files come first.

    A file that begins late and takes long keeps one process at it after the others have ended.
    """
    for item in items if is_extended(config) else ():
        if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj):
            item.add_marker("extended")
    items.sort(key=lambda item: FIRST.index(item.path.parent.name) if item.path.parent.name in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """Let the collector pass over what all tests share, for it looks through the rest often."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Collect what a file's tests left open when its last one ends, lest another file's be blamed for it."""
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()


def is_extended(config: pytest.Config) -> bool:
    """Whether the extended tests are run, and they alone."""
    return str(config.option.markexpr).startswith("extended")


@pytest.fixture(scope="session")
def shipped_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of the shipped readings, built once."""
    folders = reading_folders([SHIPPED_DATA])
    path = tmp_path_factory.mktemp("index") / f"library-{checksum(folders)}.sqlite"
    build_index(folders, path)
    return path


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state database as a first start makes it; to be copied, for each one that is made waits for the disk."""
    folder = tmp_path_factory.mktemp("new")

    async def made() -> None:
        async with AsyncExitStack() as stack:
            await open_state(stack, folder)

    asyncio.run(made())
    return folder / FILE


@pytest.fixture
def state(tmp_path: Path, shipped_index: Path) -> Path:
    """A state folder of one test's own, with the index of the shipped readings in it."""
    folder = tmp_path / "state"
    folder.mkdir()
    shutil.copy(shipped_index, folder)
    return folder


@pytest.fixture
def begun(state: Path, new_database: Path) -> Path:
    """The same folder with an empty database in it."""
    shutil.copy(new_database, state)
    return state


@pytest.fixture
async def app(begun: Path) -> AsyncIterator[App]:
    """The bot as it is shipped, on 1 May 2026, with dice that fall the same each time."""
    async with open_app(Settings(begun, (SHIPPED_DATA,)), now=lambda: NOW, random=Random(1)) as opened:
        yield opened


@pytest.fixture
def ask(app: App) -> Ask:
    """Type a line, as somebody in a group: ``await ask("/quote Cheka")``."""

    async def typed(line: str, caller: Caller = CALLER) -> Reply:
        return await app.commands.answer(caller, line)

    return typed
