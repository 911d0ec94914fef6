"""A state folder belongs to one running bot at a time, and is free again however that ended."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from bot.settings import SHIPPED_DATA
from bot.store.alone import FILE, alone, is_held
from bot.store.state import UNFINISHED, StateError, open_state

HOLDS = """
import sys
from pathlib import Path
from bot.store.alone import alone

with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process hold a folder."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, folder],
        cwd=SHIPPED_DATA.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_one_is_refused_in_words_until_the_first_has_ended(tmp_path: Path) -> None:
    with holding(tmp_path) as process:
        assert is_held(tmp_path)
        with pytest.raises(StateError, match=r"A bot runs on .* already"), alone(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        with alone(tmp_path):
            assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_nobody_but_a_restoring_may_go_on_where_one_was_not_finished(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).write_text("{}")
    with pytest.raises(StateError, match="not to the end"), alone(tmp_path):
        pass
    with alone(tmp_path, unfinished=True):
        pass


def test_the_folder_is_made_and_looking_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "state"
    assert not is_held(folder)
    assert not folder.parent.exists()
    with alone(folder):
        assert (folder / FILE).stat().st_mode & 0o077 == 0


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="KRUZHOK_STATE must name a folder"), alone(tmp_path / "file"):
        pass


def test_nobody_begins_anew_where_a_restoring_was_not_finished(tmp_path: Path) -> None:
    """Neither a chat nor a script, which would find no database for a moment."""
    (tmp_path / UNFINISHED).write_text("{}")

    async def opened() -> None:
        async with AsyncExitStack() as stack:
            await open_state(stack, tmp_path)

    with pytest.raises(StateError, match="not to the end"):
        asyncio.run(opened())
    assert {path.name for path in tmp_path.iterdir()} == {UNFINISHED}
