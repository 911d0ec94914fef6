"""``backup`` and ``restore`` as an operator types them, and as a timer does."""

import asyncio
import resource
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bot.operating.manifest import STATE
from tests.operating.folders import SECRET, make, told
from tests.platforms.discord.loopback import loopback
from tests.platforms.discord.test_run import started
from tests.platforms.terminal.door import ROOT, environment, run, screen

SECONDS = 30.0  # far more than a start takes, so that only what hangs fails


async def test_a_backup_is_made_while_the_bot_runs_and_restored_when_it_does_not(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "copy.tar"
    async with loopback() as served, started(state, "run", **served.environment):
        await asyncio.wait_for(served.ready.wait(), SECONDS)
        done = await asyncio.to_thread(run, state, "backup", str(file))
        assert (done.code, done.out, done.err) == (0, f"{file}\n", "")
        done = await asyncio.to_thread(run, state, "restore", str(file))
        assert (done.code, done.out) == (78, "")
        assert done.err.startswith("A bot runs on ")
        assert done.err.count("\n") == 1
    done = await asyncio.to_thread(run, state, "restore", str(file))
    assert (done.code, done.err) == (0, "")
    assert f"What was there before is in {state}/before-restoring-" in done.out
    assert done.out.endswith("Start the bot: ./kruzhok run\n")


def test_it_goes_through_pipes_as_well(tmp_path: Path) -> None:
    state, new = make(tmp_path / "state"), tmp_path / "new"
    made = subprocess.run(
        [sys.executable, "-m", "bot", "backup", "-"], env=environment(state), capture_output=True, check=True
    )
    done = run(new, "restore", "-", typed=made.stdout)
    assert done.code == 0, done.err
    assert told(new) == told(state)
    assert "becomes a new device" in done.out
    assert SECRET not in done.out + done.err + made.stderr.decode()


def test_a_timer_keeps_the_newest(tmp_path: Path) -> None:
    state, folder = make(tmp_path / "state"), tmp_path / "backups"
    folder.mkdir()
    for day in range(10, 15):
        (folder / f"kruzhok-202601{day}T000000Z.tar").touch()
    done = run(state, "backup", str(folder), "--keep", "3")
    assert done.code == 0, done.err
    assert len(list(folder.iterdir())) == 3
    assert done.out.count("removed: ") == 3


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup", "missing/copy.tar"), 2, "There is no folder"),
        (("backup", "copy.tar", "--keep", "3"), 2, "--keep is for a folder"),
        (("backup", ".", "--keep", "0"), 2, "at least 1"),
        (("backup",), 2, "Say where the backup is to be"),
        (("restore",), 2, "Say which backup is to be put back"),
        (("restore", "missing.tar"), 2, "cannot be read: No such file or directory. Name a backup"),
        (("restore", "."), 2, "Is a directory. Name a backup"),
        (("restore", "pyproject.toml"), 2, "is not a backup that Kruzhok has made."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    done = run(make(tmp_path / "state"), *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_no_backup_is_thrown_on_a_screen(tmp_path: Path) -> None:
    with screen(make(tmp_path / "state"), "backup", "-") as shown:
        shown.until("A backup is no text for a screen.")
        assert shown.end() == 2


def test_a_full_disk_has_a_code_of_its_own(tmp_path: Path) -> None:
    state = make(tmp_path / "state")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "backup", "-"],
            env=environment(state),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 73
    told = "The backup was not made, and nothing of it is left: No space left on device. Name another place"
    assert done.stderr.decode().startswith(told)


def test_it_works_where_other_settings_are_wrong(tmp_path: Path) -> None:
    state, file = make(tmp_path / "state"), tmp_path / "copy.tar"
    assert run(state, "backup", str(file), KRUZHOK_LOG="xml").code == 0
    with tarfile.open(file) as listed:
        assert STATE in listed.getnames()


def test_a_disk_without_room_for_the_index_is_said_in_a_sentence(tmp_path: Path) -> None:
    def with_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        [sys.executable, "-m", "bot", "ask", "/quote Cheka"],
        env=environment(tmp_path / "state"),
        capture_output=True,
        text=True,
        preexec_fn=with_little_room,
        check=False,
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert "the index of the readings cannot be written" in done.stderr
    assert "with room on its disk." in done.stderr
    assert "Something went wrong" not in done.stderr


def test_whoever_reads_only_the_beginning_leaves_no_noise(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "doctor"],
        env=environment(tmp_path / "state"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.communicate()[1] == b""
