"""A backup is whole and consistent, whatever goes on meanwhile, or there is none."""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.operating.backup import OURS, NotWritten, back_up, back_up_to, remove_older
from bot.operating.manifest import IDENTITY, KEYS, SETTINGS, STATE, BackupError
from bot.settings import SHIPPED_DATA
from bot.store.state import FILE, UNFINISHED
from tests.operating.folders import NOW, SECRET, backup_of, entries, make, put_back, told

ROOT = SHIPPED_DATA.parent

# Receives messages: their keys are kept first, then where it stands is; and takes from one row what it gives another.
HAMMERS = """
import itertools, sqlite3, sys
state, keys = (sqlite3.connect(path, timeout=30, isolation_level=None) for path in sys.argv[1:])
state.execute("PRAGMA synchronous = OFF")
keys.execute("PRAGMA synchronous = OFF")
state.execute("INSERT INTO setting VALUES ('a', 'units', '1000000'), ('b', 'units', '0'), ('c', 'position', '0')")
print("begun", flush=True)
for number in itertools.count(1):
    keys.execute("UPDATE account SET number = ?", (number,))
    state.execute("BEGIN IMMEDIATE")
    state.execute("UPDATE setting SET value = CAST(value AS INTEGER) - 1 WHERE scope = 'a'")
    state.execute("INSERT INTO given VALUES ('hammer', 'r', 'quote', ?, 0)", (str(number),))
    state.execute("UPDATE setting SET value = CAST(value AS INTEGER) + 1 WHERE scope = 'b'")
    state.execute("UPDATE setting SET value = ? WHERE scope = 'c'", (str(number),))
    state.execute("COMMIT")
"""

# Makes a backup with so many bytes for any one file at most.
CRAMPED = """
import resource, signal, sys
from pathlib import Path
from bot.operating.backup import NotWritten, back_up
from tests.operating.folders import NOW

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    back_up(Path(sys.argv[1]), Path(sys.argv[2]), NOW)
except NotWritten as error:
    print(error)
"""

DIES = """
import os, signal, sys
from pathlib import Path
from bot.operating.backup import back_up
from tests.operating.folders import NOW

def step(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

back_up(Path(sys.argv[1]), Path(sys.argv[2]), NOW, step)
"""


@contextmanager
def hammering(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process write as fast as it can."""
    with subprocess.Popen(
        [sys.executable, "-c", HAMMERS, state / STATE, state / KEYS], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        yield process
        assert process.poll() is None
        process.kill()


def test_what_is_put_back_is_what_was_there(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    file = backup_of(state, tmp_path / "copy.tar")
    new = tmp_path / "new"
    assert put_back(new, file) is None
    assert told(new) == told(state)
    private = {path.name: path.stat().st_mode & 0o077 for path in (file, new / STATE, new / KEYS, new / IDENTITY)}
    assert private == dict.fromkeys(private, 0)
    assert (new / "matrix").stat().st_mode & 0o077 == 0


def test_any_tar_lists_it_and_its_table_of_contents_comes_first(tmp_path: Path) -> None:
    file = backup_of(make(tmp_path / "state"), tmp_path / "copy.tar")
    with tarfile.open(file) as listed:
        assert listed.getnames() == ["manifest.json", SETTINGS, IDENTITY, STATE, KEYS]
        manifest = listed.extractfile("manifest.json")
        assert manifest
        assert json.load(manifest)["made_at"] == NOW.isoformat()


def test_only_what_is_there_is_in_it(tmp_path: Path) -> None:
    file = backup_of(make(tmp_path / "state", matrix=False, settings=False), tmp_path / "copy.tar")
    with tarfile.open(file) as listed:
        assert listed.getnames() == ["manifest.json", STATE]


def test_neither_its_name_nor_what_it_says_of_itself_holds_a_secret(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    file = backup_of(make(tmp_path / "state"), tmp_path / "backups")
    with tarfile.open(file) as listed:
        manifest = listed.extractfile("manifest.json")
        assert manifest
        assert SECRET not in f"{file} {manifest.read()!r} {listed.getmembers()} {[m.pax_headers for m in listed]}"


def test_while_others_write_it_is_of_one_moment(tmp_path: Path) -> None:
    state = make(tmp_path / "state", rows=3000)
    with hammering(state):
        files = [backup_of(state, tmp_path / f"{number}.tar") for number in range(12)]
    positions = []
    for number, file in enumerate(files):
        new = tmp_path / f"new-{number}"
        put_back(new, file)  # looks at the integrity of both
        with closing(sqlite3.connect(new / STATE)) as connection:
            units = dict(connection.execute("SELECT scope, value FROM setting"))
            given = connection.execute("SELECT count(*) FROM given WHERE group_id = 'hammer'").fetchone()[0]
        with closing(sqlite3.connect(new / KEYS)) as connection:
            keys = connection.execute("SELECT number FROM account").fetchone()[0]
        assert int(units["a"]) + int(units["b"]) == 1_000_000
        assert int(units["b"]) == int(units["c"]) == given
        assert keys >= given, "the keys are older than what was received by them"
        positions.append(given)
    assert positions == sorted(positions)
    assert positions[-1] > positions[0]


def test_a_device_that_changes_meanwhile_is_copied_again(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    changes = iter(["x"])

    def step(name: str) -> None:
        if name == f"{KEYS} copied":
            for each in changes:
                (state / IDENTITY).write_text(json.dumps({"item": each}))

    put_back(tmp_path / "new", back_up(state, tmp_path / "copy.tar", NOW, step))
    assert json.loads((tmp_path / "new" / IDENTITY).read_text()) == {"item": "x"}


def test_a_device_that_keeps_changing_is_not_copied(tmp_path: Path) -> None:
    state = make(tmp_path / "state")

    def step(name: str) -> None:
        if name == f"{KEYS} copied":
            (state / IDENTITY).write_text((state / IDENTITY).read_text() + " ")

    with pytest.raises(BackupError, match="the Matrix device changed meanwhile"):
        back_up(state, tmp_path / "copy.tar", NOW, step)
    assert entries(tmp_path) - entries(state) >= {"state"}
    assert not (tmp_path / "copy.tar").exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    (tmp_path / "copy.tar").write_text("precious")
    with pytest.raises(UserError, match="is there already"):
        backup_of(state, tmp_path / "copy.tar")
    assert (tmp_path / "copy.tar").read_text() == "precious"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    with pytest.raises(UserError, match="is there already"):
        back_up(state, tmp_path / "copy.tar", NOW, lambda name: (tmp_path / "copy.tar").touch())
    assert (tmp_path / "copy.tar").stat().st_size == 0
    assert {path.name for path in tmp_path.iterdir()} == {"state", "copy.tar"}


def test_in_a_folder_it_gets_a_name_and_only_ours_are_ever_removed(tmp_path: Path) -> None:
    state, folder = make(tmp_path / "state"), tmp_path / "backups"
    folder.mkdir()
    others = {"kruzhok-old.tar", "kruzhok-20260101T000000Z.tar.gz", "notes.txt", "kruzhok-20200101T000000Z.tar"}
    for name in others - {"kruzhok-20200101T000000Z.tar"}:
        (folder / name).touch()
    (folder / "kruzhok-20200101T000000Z.tar").mkdir()
    for days in range(4):
        back_up(state, folder, NOW + timedelta(days=days))
    removed = remove_older(folder, keep=2)
    assert [path.name for path in removed] == ["kruzhok-20261128T030000Z.tar", "kruzhok-20261129T030000Z.tar"]
    left = {path.name for path in folder.iterdir()}
    assert left == others | {"kruzhok-20261130T030000Z.tar", "kruzhok-20261201T030000Z.tar"}
    assert remove_older(folder, keep=2) == []


def test_where_nothing_can_be_made_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is nothing to back up"):
        backup_of(tmp_path / "nowhere", tmp_path / "copy.tar")
    state = make(tmp_path / "state")
    with pytest.raises(UserError, match=r"no folder .*missing"):
        backup_of(state, tmp_path / "missing" / "copy.tar")
    (state / UNFINISHED).write_text("{}")
    with pytest.raises(UserError, match="not to the end"):
        backup_of(state, tmp_path / "copy.tar")


def test_a_damaged_state_is_no_backup(tmp_path: Path) -> None:
    state = make(tmp_path / "state", rows=6000)
    noise = bytearray((state / FILE).read_bytes())
    noise[4096:4112] = b"\xff" * 16
    (state / FILE).write_bytes(noise)
    with pytest.raises(Exception, match=r"state\.sqlite.*(damaged|malformed)"):
        backup_of(state, tmp_path / "copy.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"state"}


def test_a_state_that_a_restore_would_refuse_is_no_backup(tmp_path: Path) -> None:
    """It can be copied, and yet a value is none that its column takes."""
    state = make(tmp_path / "state")
    for sql in ("replace(sql, ') STRICT', ')')", "sql || ' STRICT'"):
        with closing(sqlite3.connect(state / FILE)) as connection, connection:
            if "||" in sql:
                connection.execute("UPDATE given SET item = x'00' WHERE item = '7.1.5'")
            connection.execute("PRAGMA writable_schema = ON")
            connection.execute(f"UPDATE sqlite_schema SET sql = {sql} WHERE name = 'given'")  # noqa: S608 - ours
    with pytest.raises(BackupError, match=r"state\.sqlite is damaged. Older backups are kept"):
        backup_of(state, tmp_path / "copy.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"state"}


@pytest.mark.parametrize("moment", ["while copying", "while writing the file"])
def test_where_there_is_no_room_it_says_so_and_leaves_nothing(tmp_path: Path, moment: str) -> None:
    state = make(tmp_path / "state", rows=600)
    whole = len(backup_of(state, tmp_path / "whole.tar").read_bytes())
    most = whole // 2 if moment == "while copying" else whole - 1000
    before = entries(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CRAMPED, state, tmp_path / "copy.tar", str(most)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "The backup was not made, and nothing of it is left" in done.stdout
    assert entries(tmp_path) == before


def test_a_stream_that_takes_no_more_is_said(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    with Path("/dev/full").open("wb") as full:
        with pytest.raises(NotWritten, match="No space left on device"):
            back_up_to(full, state, NOW)
        with pytest.raises(OSError, match="No space left"):
            full.close()
    out = io.BytesIO()
    back_up_to(out, state, NOW)
    assert out.getvalue() == backup_of(state, tmp_path / "copy.tar").read_bytes()


@pytest.mark.parametrize("step", [f"{STATE} copied", f"{KEYS} copied", "written"])
def test_a_kill_leaves_no_half_file_under_its_name_and_its_rest_goes_later(tmp_path: Path, step: str) -> None:
    state, folder = make(tmp_path / "state"), tmp_path / "backups"
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", DIES, state, folder, step], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path for path in folder.iterdir() if OURS.fullmatch(path.name)] == []
    for left in (*state.glob(".kruzhok-*"), *folder.glob(".kruzhok-*")):
        os.utime(left, (0, 0))
    backup_of(state, folder)
    assert [path.name for path in folder.iterdir()] == ["kruzhok-20261128T030000Z.tar"]
    assert [path.name for path in state.glob(".*")] == []
