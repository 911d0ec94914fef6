"""What is wrong is found, each thing with its cure; and whatever is looked at stays as it was, to the byte."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operating import machine
from bot.operating.doctor import EXIT_CODES, look_over
from bot.operating.findings import Finding, State, worst
from bot.operating.manifest import IDENTITY, KEYS, SETTINGS
from bot.platforms.matrix.crypto_store import make_store
from bot.platforms.matrix.identity import Identity, write_identity
from bot.store.state import FILE, UNFINISHED, migrations
from tests.operating.folders import make
from tests.platforms.discord.loopback import loopback
from tests.platforms.discord.test_run import started
from tests.platforms.terminal.door import BOT, Finished, run

SECONDS = 30.0  # far more than a start takes, so that only what hangs fails
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
Contents = dict[str, tuple[bytes, int, int]]


def contents(folder: Path, but: str = "-shm") -> Contents:
    """Return all that is in a folder: content, mode and when it was changed; what readers share is everybody's."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() and not path.name.endswith(but) else b"",
            path.stat().st_mode,
            0 if path.name.endswith(but) else path.stat().st_mtime_ns,
        )
        for path in [folder, *folder.rglob("*")]
    }


def looked(
    state: Path, variables: Mapping[str, str] | None = None, now: datetime = NOW, online: bool = False
) -> list[Finding]:
    """Look over a state folder, and see that nothing in it changed."""
    before = contents(state, but="nothing") if state.exists() else {}
    environment = {"KRUZHOK_STATE": str(state), **(variables or {})}
    findings = asyncio.run(look_over(environment, now, online))
    assert (contents(state, but="nothing") if state.exists() else {}) == before
    return findings


def doctor(state: Path, variables: Mapping[str, str], *words: str) -> Finished:
    """Let it look as it is typed."""
    return run(state, "doctor", *words, typed=b"", command=BOT, **variables)


def named(findings: list[Finding], name: str) -> list[Finding]:
    """Return what was found of one thing."""
    return [each for each in findings if each.name == name]


def one(findings: list[Finding], name: str) -> Finding:
    """Return the one thing that was found."""
    (found,) = named(findings, name)
    return found


def with_device(state: Path) -> Identity:
    """Give a state folder a true Matrix device."""
    folder = state / "matrix"
    folder.mkdir(mode=0o700)
    identity = Identity("http://127.0.0.1:9", "@kruzhok:localhost", "DEVICE", "secret-token", "secret-pickle")
    make_store(state / KEYS, identity.user, identity.device, identity.pickle_key)
    write_identity(folder, identity)
    return identity


MATRIX = {
    "KRUZHOK_MATRIX_HOMESERVER": "http://127.0.0.1:9",
    "KRUZHOK_MATRIX_USER": "@kruzhok:localhost",
    "KRUZHOK_MATRIX_TOKEN": "secret-token",
}


def test_on_a_new_machine_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    state = tmp_path / "state"
    done = doctor(state, {})
    assert done.code == 0, done.out
    assert "it is made at the first start" in done.out
    assert "All is well." in done.out
    assert done.err == ""
    assert not state.exists()


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = one(looked(tmp_path / "file" / "state"), "state folder")
    assert (found.state, f"cannot make it in {tmp_path / 'file'}" in found.text) == ("problem", True)
    assert found.cure.startswith("Make it")


@pytest.mark.parametrize(
    ("bytes_", "said"),
    [
        (0, "0 MB"),
        (1, "1 kB"),
        (345_678, "346 kB"),
        (1_000_000, "1 MB"),
        (49_600_000, "50 MB"),
        (1_250_000_000, "1.2 GB"),
    ],
)
def test_little_room_is_not_said_to_be_none(bytes_: int, said: str) -> None:
    assert machine.size(bytes_) == said


def test_folders_without_readings_are_named(tmp_path: Path, state: Path) -> None:
    gone, empty = tmp_path / "gone", tmp_path / "empty"
    empty.mkdir()
    found = named(looked(state, {"KRUZHOK_DATA": os.pathsep.join(map(str, (gone, empty)))}), "library")
    assert [each.state for each in found] == ["ok", "warning", "warning"]
    assert f"{gone}, a folder of readings, is not there." in found[1].text
    assert f"There is no reading in {empty}." in found[2].text


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_folder_in_one_of_anothers_is_a_problem(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    for state, said in ((closed / "state", f"cannot make it in {closed}"), (closed, "cannot be written by this user")):
        done = doctor(state, {})
        assert (done.code, said in done.out) == (2, True)


def test_it_says_the_same_as_json(state: Path) -> None:
    done = doctor(state, {}, "--json")
    told = json.loads(done.out)
    assert (done.code, told["state"]) == (0, "ok")
    names = [each["name"] for each in told["findings"]]
    assert names[:2] == ["python", "sqlite"]
    assert {"settings", "state folder", "disk", "library", "state", "clock", "time zones"} <= set(names)
    assert all(set(each) == {"name", "state", "text", "cure"} for each in told["findings"])


def test_everything_that_is_wrong_has_a_cure(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    (state / FILE).write_bytes(b"no database" * 1000)
    (state / SETTINGS).write_text('[discord]\ntokne = "x"\n[log]\nformat = "xml"\n')
    (state / FILE).chmod(0o644)
    findings = looked(state)
    assert [each for each in findings if each.state != "ok" and not each.cure] == []
    assert worst(findings) == "problem"
    assert {each.name for each in findings if each.state != "ok"} == {"settings", "state", "state folder"}


def test_the_exit_code_says_how_it_is() -> None:
    def with_state(*states: State) -> int:
        return EXIT_CODES[worst(Finding("x", each, "x") for each in states)]

    assert [with_state("ok"), with_state("ok", "warning"), with_state("problem", "warning"), with_state()] == [
        0,
        1,
        2,
        0,
    ]


def test_a_whole_state_is_left_as_it_is(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with_device(state)
    (state / "running.lock").touch()
    findings = looked(state, MATRIX)
    assert "whole and has version" in one(findings, "state").text
    assert one(findings, "matrix device").text == "The device DEVICE of @kruzhok:localhost is whole."
    assert [each for each in findings if each.state == "problem"] == []


def test_what_a_killed_bot_has_left_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with_device(state)
    script = (
        "import os, sqlite3, sys\n"
        "for path, sql in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    c = sqlite3.connect(path, isolation_level=None); c.execute(sql); globals()[path] = c\n"
        "os.kill(os.getpid(), 9)"
    )
    noticed = "INSERT INTO notice VALUES (1, 'discord', 'discord:1', 'x', 0, NULL)"
    commands: list[str | Path] = [
        sys.executable,
        "-c",
        script,
        state / FILE,
        noticed,
        state / KEYS,
        "CREATE TABLE more (x)",
    ]
    subprocess.run(commands, check=False)
    assert (state / f"{FILE}-wal").stat().st_size > 0
    assert (state / f"{KEYS}-wal").stat().st_size > 0
    findings = looked(state, MATRIX)
    assert "1 notice " in one(findings, "notices").text
    assert "is whole" in one(findings, "matrix device").text


async def test_while_the_bot_runs_nothing_is_changed(state: Path) -> None:
    async with loopback() as served, started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS)
        await settled(state)
        before = contents(state)
        done = await asyncio.to_thread(doctor, state, served.environment)
        assert contents(state) == before
        assert process.returncode is None
    assert done.code == 0, done.out
    assert "The state is whole" in done.out


async def settled(state: Path) -> None:
    """Wait until the bot has written what it writes at a start."""
    before: Contents = {}
    same = 0
    async with asyncio.timeout(SECONDS):
        while same < 20:  # another process writes
            await asyncio.sleep(0.02)
            same = same + 1 if contents(state) == before else 0
            before = contents(state)


@pytest.mark.parametrize("content", [b"no database " * 500, b"SQLite format 3\0" + bytes(8000), b""])
def test_what_is_no_database_is_found_and_no_crash(tmp_path: Path, content: bytes) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    (state / FILE).write_bytes(content)
    found = one(looked(state), "state")
    if content:
        assert found.state == "problem"
        assert "restore FILE" in found.cure
    else:
        assert "version 0, and is brought to version" in found.text


@pytest.mark.parametrize("at", range(0, 60_000, 4096))
def test_damage_is_found_and_no_crash(tmp_path: Path, at: int) -> None:
    state = make(tmp_path / "state", rows=3000, matrix=False, settings=False)
    noise = bytearray((state / FILE).read_bytes())
    noise[at : at + 16] = b"\xff" * 16
    (state / FILE).write_bytes(noise)
    assert one(looked(state), "state").state == "problem"


def test_a_newer_state_is_found(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with closing(sqlite3.connect(state / FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    found = one(looked(state), "state")
    assert found.state == "problem"
    assert "Start the newer Kruzhok again" in found.cure


@pytest.mark.parametrize("version", range(len(migrations())))
def test_an_older_state_is_well(tmp_path: Path, version: int) -> None:
    tmp_path.joinpath("state").mkdir()
    with closing(sqlite3.connect(tmp_path / "state" / FILE)) as connection:
        for _, script in migrations()[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
    found = one(looked(tmp_path / "state"), "state")
    assert found.state == "ok"
    assert "at the next start" in found.text


def test_all_problems_of_settings_are_told(tmp_path: Path) -> None:
    wrong = {"KRUZHOK_DISCORD_TOKEN_FILE": "/nowhere", "KRUZHOK_LOG": "xml", "KRUZHOK_STAT": "x"}
    findings = looked(tmp_path / "state", wrong)
    problems = named(findings, "settings")
    assert len(problems) == 3
    assert {each.state for each in problems} == {"problem"}
    assert named(findings, "disk"), "the rest is looked at all the same"


@pytest.mark.skipif(not machine.MODES_ARE_SAID, reason="modes say nothing here")
def test_what_others_can_read_is_found(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o640)
    (state / FILE).chmod(0o644)
    findings = looked(state, {"KRUZHOK_DISCORD_TOKEN_FILE": str(token)})
    assert one(findings, "secrets").cure == f"chmod 600 {token}"
    assert one(findings, "state folder").cure == f"chmod -R go= {state / FILE}"
    token.chmod(0o600)
    (state / FILE).chmod(0o600)
    findings = looked(state, {"KRUZHOK_DISCORD_TOKEN_FILE": str(token)})
    assert (one(findings, "secrets").state, one(findings, "state folder").state) == ("ok", "ok")


def test_a_secret_file_that_the_settings_file_names_is_looked_at(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    (state / SETTINGS).write_text('[discord]\ntoken_file = "token"\n')
    (state / "token").write_text("x")
    (state / "token").chmod(0o644)
    assert one(looked(state), "secrets").cure == f"chmod 600 {state / 'token'}"


def test_a_device_in_parts_is_found_with_its_true_place(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with_device(state)
    (state / IDENTITY).unlink()
    found = one(looked(state, MATRIX), "matrix device")
    assert found.state == "problem"
    assert str(state / "matrix") in found.text
    assert "kruzhok-looking" not in found.text + found.cure


def test_a_restored_device_that_cannot_log_in_is_found(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with_device(state)
    (state / "matrix" / "restored.json").write_text("{}")
    assert "KRUZHOK_MATRIX_PASSWORD" in one(looked(state, MATRIX), "matrix device").cure
    password = {"KRUZHOK_MATRIX_PASSWORD": "secret"}
    assert one(looked(state, MATRIX | password), "matrix device").state == "ok"


def test_a_restoring_that_was_broken_off_is_found(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    (state / UNFINISHED).write_text("{}")
    assert "restore with the same file" in one(looked(state), "restoring").cure


def test_the_next_three_posts_of_all_groups_are_said(state: Path) -> None:
    lines = (
        ("terminal:a", "/config timezone Europe/Paris"),
        ("terminal:a", "/schedule add prompt 2026-12-03 19:00"),
        ("terminal:b", "/schedule add quote daily 08:00"),
        ("terminal:c", "/schedule add prompt 2027-01-01 10:00"),
        ("terminal:d", "/schedule add prompt daily 09:00"),
        ("terminal:d", "/schedule pause 1"),
    )
    typed = "".join(
        json.dumps({"line": line, "group": group.partition(":")[2], "moderator": True}) + "\n" for group, line in lines
    )
    done = run(state, "ask", "--jsonl", "--now", "2026-12-01T12:00:00Z", typed=typed.encode())
    assert '"ok": false' not in done.out
    findings = looked(state, now=datetime(2026, 12, 1, 12, 0, tzinfo=UTC))
    text = one(findings, "next posts").text
    times = [
        "Wednesday 2 December 2026 08:00 UTC",
        "Thursday 3 December 2026 08:00 UTC",
        "3 December 2026 19:00 Europe/Paris",
    ]
    assert [text.find(each) for each in times] == sorted(text.find(each) for each in times)
    assert all(each in text for each in times)
    assert "January" not in text
    assert "rests" in one(findings, "paused").text
    assert named(findings, "late") == []
    late = one(looked(state, now=datetime(2026, 12, 2, 8, 30, tzinfo=UTC)), "late")
    assert "1 post should have been made" in late.text


def test_a_clock_that_cannot_be_right_is_found() -> None:
    assert machine.clock(datetime(1970, 1, 1, tzinfo=UTC), None).state == "problem"
    assert machine.clock(NOW, NOW + timedelta(hours=1)).state == "problem"
    assert machine.clock(NOW, NOW - timedelta(days=300)).state == "ok"


def test_old_time_zone_data_is_found() -> None:
    assert machine.time_zones(NOW.replace(year=2031), 0).state == "warning"
    assert "put right at the next start" in machine.time_zones(NOW, 2).text


def test_a_disk_that_fills_up_is_found(tmp_path: Path) -> None:
    assert machine.room(tmp_path / "not" / "there") > 0
    states = [machine.disk(tmp_path, free).state for free in (10_000_000, 100_000_000, 10_000_000_000)]
    assert states == ["problem", "warning", "ok"]


def test_a_folder_that_cannot_be_one_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert one(looked_at_file(tmp_path / "file"), "state folder").state == "problem"


def looked_at_file(path: Path) -> list[Finding]:
    """Look over what is no folder."""
    return asyncio.run(look_over({"KRUZHOK_STATE": str(path)}, NOW, online=False))


def test_no_secret_is_shown(tmp_path: Path) -> None:
    state = make(tmp_path / "state", matrix=False, settings=False)
    with_device(state)
    secrets = {"KRUZHOK_DISCORD_TOKEN": "planted-secret-token"}
    done = doctor(state, secrets | MATRIX, "--json")
    assert "secret-" not in done.out + done.err
