"""Only a whole backup of ours is restored; nothing is lost by it, however it ends."""

import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.operating.manifest import IDENTITY, KEYS, SETTINGS, STATE, BackupError
from bot.operating.restore import restore
from bot.settings import SHIPPED_DATA
from bot.store.alone import alone
from bot.store.state import StateError
from tests.operating.folders import LATER, backup_of, entries, make, put_back, told

ROOT = SHIPPED_DATA.parent
ALWAYS = {"running.lock"}

DIES = """
import os, signal, sys
from pathlib import Path
from bot.operating.restore import restore
from tests.operating.folders import LATER

passed = []

def step(name):
    passed.append(name)
    print(name, flush=True)
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

with open(sys.argv[2], "rb") as stream:
    restore(Path(sys.argv[1]), stream, sys.argv[2], LATER, step)
"""
STEPS = (
    "unpacked",
    "checked",
    "noted",
    *(f"{name} aside" for name in (SETTINGS, "matrix", STATE)),
    *(f"{name} in place" for name in (SETTINGS, "matrix", STATE)),
    "all in place",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A backup."""
    folder = tmp_path_factory.mktemp("copied")
    return backup_of(make(folder / "state", "old"), folder / "copy.tar").read_bytes()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, object]]]:
    """A state that nothing here may change."""
    folder = make(tmp_path_factory.mktemp("kept") / "state", "new")
    kept = told(folder)
    yield folder, kept
    assert told(folder) == kept
    assert not any(name.startswith((".kruzhok", "before")) for name in entries(folder))


def refusal(state: Path, raw: bytes) -> str:
    """Return with what words something is refused."""
    with pytest.raises(BackupError) as caught:
        restore(state, io.BytesIO(raw), "copy.tar", LATER)
    return str(caught.value)


def test_what_was_there_is_kept_aside(tmp_path: Path, copy: bytes) -> None:
    state = make(tmp_path / "state", "new")
    kept = told(state)
    (tmp_path / "copy.tar").write_bytes(copy)
    aside = put_back(state, tmp_path / "copy.tar")
    assert aside == state / "before-restoring-20261128T110000Z"
    assert told(aside) == kept
    assert ("old.0",) in told(state)[STATE]  # type: ignore[operator]  # rows
    assert aside.stat().st_mode & 0o077 == 0
    again = put_back(state, tmp_path / "copy.tar")
    assert again == state / "before-restoring-20261128T110000Z-2"
    assert told(again) == told(state)


def test_what_the_backup_does_not_hold_stays(tmp_path: Path) -> None:
    file = backup_of(make(tmp_path / "bare", "old", matrix=False, settings=False), tmp_path / "copy.tar")
    state = make(tmp_path / "state", "new")
    kept = told(state)
    aside = put_back(state, file)
    assert aside
    assert told(state) == kept | {STATE: told(tmp_path / "bare")[STATE]}
    assert told(aside) == {STATE: kept[STATE]}
    assert not (state / "matrix" / "restored.json").exists()


def test_the_matrix_part_is_told_that_its_keys_are_a_copy(tmp_path: Path, copy: bytes) -> None:
    restore(tmp_path, io.BytesIO(copy), "copy.tar", LATER)
    note = tmp_path / "matrix" / "restored.json"
    assert json.loads(note.read_text()) == {
        "restored_at": "2026-11-28T11:00:00+00:00",
        "copy_made_at": "2026-11-28T03:00:00+00:00",
    }
    assert note.stat().st_mode & 0o077 == 0


def test_a_killed_bots_log_is_not_lost(tmp_path: Path, copy: bytes) -> None:
    """What is only in the log beside the database belongs to what is kept aside."""
    state = make(tmp_path / "state", "new")
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute(\"INSERT INTO given VALUES ('g', 'r', 'quote', 'last', 0)\"); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, state / STATE], check=False)
    assert (state / f"{STATE}-wal").stat().st_size > 0
    (tmp_path / "copy.tar").write_bytes(copy)
    aside = put_back(state, tmp_path / "copy.tar")
    assert aside
    assert ("last",) in told(aside)[STATE]  # type: ignore[operator]  # rows
    assert ("last",) not in told(state)[STATE]  # type: ignore[operator]  # rows


def test_a_damaged_state_is_kept_aside_as_it_is(tmp_path: Path, copy: bytes) -> None:
    state = make(tmp_path / "state", "new")
    (state / STATE).write_bytes(b"This is no database. " * 500)
    (state / f"{STATE}-wal").write_bytes(b"nor this")
    (tmp_path / "copy.tar").write_bytes(copy)
    aside = put_back(state, tmp_path / "copy.tar")
    assert aside
    assert (aside / STATE).read_bytes() == b"This is no database. " * 500
    assert ("old.0",) in told(state)[STATE]  # type: ignore[operator]  # rows


def test_it_waits_for_no_bot_and_no_chat_to_end(tmp_path: Path, copy: bytes) -> None:
    state = make(tmp_path / "state", "new")
    kept = told(state)
    with alone(state), pytest.raises(StateError, match=r"A bot runs on .* already"):
        restore(state, io.BytesIO(copy), "copy.tar", LATER)
    for name in (STATE, KEYS):
        with closing(sqlite3.connect(state / name, isolation_level=None)) as chat:
            chat.execute("BEGIN")
            chat.execute("SELECT * FROM sqlite_schema").fetchall()
            with pytest.raises(StateError, match=f"{name} is in use by another process"):
                restore(state, io.BytesIO(copy), "copy.tar", LATER)
    assert told(state) == kept
    assert entries(state) == {STATE, SETTINGS, "matrix", IDENTITY, KEYS, *ALWAYS}


@pytest.mark.parametrize("step", STEPS)
def test_after_a_kill_everything_is_there_and_the_same_command_ends_it_well(
    tmp_path: Path, copy: bytes, step: str
) -> None:
    state = make(tmp_path / "state", "new")
    kept = told(state)
    file = tmp_path / "copy.tar"
    file.write_bytes(copy)
    done = subprocess.run(
        [sys.executable, "-c", DIES, state, file, step], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == -signal.SIGKILL, done
    assert tuple(done.stdout.split("\n")[:-1]) == STEPS[: STEPS.index(step) + 1]
    if step in STEPS[:2]:
        with alone(state):
            assert told(state) == kept
    else:
        with pytest.raises(StateError, match="not to the end"), alone(state):
            pass
    aside = put_back(state, file)
    assert aside
    assert told(aside) == kept
    assert told(state) == told(put_back_anew(tmp_path / "anew", file))
    assert {path.name for path in state.iterdir()} == {STATE, SETTINGS, "matrix", aside.name, *ALWAYS}


def put_back_anew(folder: Path, file: Path) -> Path:
    """Restore to an empty folder."""
    put_back(folder, file)
    return folder


def test_after_a_kill_a_bad_backup_brings_back_what_was_there(tmp_path: Path, copy: bytes) -> None:
    state = make(tmp_path / "state", "new")
    kept = told(state)
    (tmp_path / "copy.tar").write_bytes(copy)
    subprocess.run(
        [sys.executable, "-c", DIES, state, tmp_path / "copy.tar", f"{STATE} in place"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    refusal(state, copy[:-512])
    with alone(state):
        assert told(state) == kept
    assert not list(state.glob("before-*"))


def test_16_random_bytes_anywhere_are_found(before: tuple[Path, dict[str, object]], copy: bytes) -> None:
    for seed in range(60):
        dice = random.Random(seed)
        at = dice.randrange(len(copy) - 16)
        noise = bytearray(copy)
        noise[at : at + 16] = dice.randbytes(16)
        assert "copy.tar" in refusal(before[0], bytes(noise)), f"seed {seed}, byte {at}"


def test_one_bit_in_every_part_is_found(before: tuple[Path, dict[str, object]], copy: bytes) -> None:
    """Of the first kilobytes, and of the last, with heads, padding and end, one byte in 37."""
    for at in (*range(0, 6000, 37), *range(len(copy) - 6000, len(copy), 37)):
        noise = bytearray(copy)
        noise[at] ^= 1
        assert "copy.tar" in refusal(before[0], bytes(noise)), f"byte {at}"


def test_what_is_cut_off_or_goes_on_is_refused(before: tuple[Path, dict[str, object]], copy: bytes) -> None:
    for size in {0, 1, 511, 512, 513, 1024, *range(0, len(copy), 8192), len(copy) - 1024, len(copy) - 1}:
        said = refusal(before[0], copy[:size])
        assert "ends too early" in said or "not a backup that Kruzhok has made" in said
    assert "something follows after its end" in refusal(before[0], copy + b"\0")
    assert "something follows after its end" in refusal(before[0], copy + copy)


def test_its_size_is_no_matter_of_memory_or_belief(tmp_path: Path, copy: bytes) -> None:
    """The stream gives little at a time, as a pipe does."""

    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 700))

    restore(tmp_path, Pipe(copy), "-", LATER)
    assert ("old.0",) in told(tmp_path)[STATE]  # type: ignore[operator]  # rows


def test_a_disk_that_cannot_be_written_changes_nothing(tmp_path: Path, copy: bytes) -> None:
    """So many bytes for any one file as are not enough."""
    state = make(tmp_path / "state", "new")
    kept = told(state)
    (tmp_path / "copy.tar").write_bytes(copy)
    script = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n" + DIES
    )
    done = subprocess.run(
        [sys.executable, "-c", script, state, tmp_path / "copy.tar", ""],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "was not restored, and nothing was changed" in done.stderr
    with alone(state):
        assert told(state) == kept
    assert entries(state) == {STATE, SETTINGS, "matrix", IDENTITY, KEYS, *ALWAYS}
