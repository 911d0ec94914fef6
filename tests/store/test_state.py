"""The state database is made once, moves on by whole migrations, and refuses in words what it cannot use."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack, closing
from pathlib import Path

import aiosqlite
import pytest

from bot.settings import SHIPPED_DATA
from bot.store.state import FILE, State, StateError, migrate, migrations, open_state

NEWEST = len(migrations())

# Opens the state as the bot does, when told to, and says the version that it found.
OPENS = """
import asyncio, sys
from contextlib import AsyncExitStack
from pathlib import Path
from bot.store.state import open_state

async def main():
    async with AsyncExitStack() as stack:
        state = await open_state(stack, Path(sys.argv[1]))
        print((await state.all("PRAGMA user_version"))[0][0])

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
"""


def schema(path: Path) -> list[tuple[str, str]]:
    """Return what the database is made of, and its version."""
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        return [*made, ("version", str(connection.execute("PRAGMA user_version").fetchone()[0]))]


async def open_and_close(folder: Path) -> None:
    """Open the state once."""
    async with AsyncExitStack() as stack:
        await open_state(stack, folder)


async def migrated(path: Path, scripts: list[tuple[int, str]]) -> None:
    """Run migrations on a database."""
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await migrate(connection, scripts)


async def test_a_fresh_database_equals_a_migrated_one(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    scripts = migrations()
    for version in range(1, NEWEST + 1):
        await migrated(tmp_path / "step-by-step", scripts[:version])
    assert schema(tmp_path / "step-by-step") == schema(tmp_path / FILE)
    assert schema(tmp_path / FILE)[-1] == ("version", str(NEWEST))


async def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    before = schema(tmp_path / FILE)
    await open_and_close(tmp_path)
    assert schema(tmp_path / FILE) == before


async def test_a_migration_that_fails_changes_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "state"
    good = (1, "CREATE TABLE one (a TEXT) STRICT;")
    bad = (2, "CREATE TABLE two (a TEXT) STRICT;\nINSERT INTO one VALUES ('x');\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await migrated(path, [good, bad])
    assert [name for name, _ in schema(path)] == ["one", "version"]
    assert schema(path)[-1] == ("version", "1")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM one").fetchone() == (0,)
    await migrated(path, [good, (2, bad[1].replace("nowhere VALUES (1)", "two VALUES ('y')"))])
    assert [name for name, _ in schema(path)] == ["one", "two", "version"]


async def test_statements_are_told_apart_as_sqlite_does(tmp_path: Path) -> None:
    script = (
        "-- a remark; with a semicolon\nCREATE TABLE one (a TEXT) STRICT;\n"
        "CREATE TRIGGER two AFTER INSERT ON one BEGIN\n  UPDATE one SET a = 'x;y';\n"
        "  DELETE FROM one WHERE a = ';';\nEND;\n"
        "INSERT INTO one VALUES ('a;\nb');\n-- the end\n"
    )
    await migrated(tmp_path / "state", [(1, script)])
    with closing(sqlite3.connect(tmp_path / "state")) as connection:
        assert connection.execute("SELECT a FROM one").fetchall() == [("x;y",)]


def test_migrations_are_numbered_without_a_gap(tmp_path: Path) -> None:
    assert [number for number, _ in migrations()] == list(range(1, NEWEST + 1))
    for name in ("0001_one.sql", "0003_three.sql"):
        (tmp_path / name).write_text("")
    with pytest.raises(StateError, match="not numbered"):
        migrations(tmp_path)


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    await open_and_close(tmp_path)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(StateError) as caught:
        await open_and_close(tmp_path)
    assert f"version {NEWEST + 1}" in str(caught.value)
    assert "newer Kruzhok" in str(caught.value)
    assert schema(tmp_path / FILE)[-1] == ("version", str(NEWEST + 1))


async def filled(folder: Path) -> Path:
    """Make a state with some rows in it, in several pages."""
    async with AsyncExitStack() as stack:
        state = await open_state(stack, folder)
        async with state.write() as transaction:
            await transaction.each(
                "INSERT INTO given VALUES (?, 'r', 'quote', ?, ?)",
                [(f"group {n % 7}", f"{n}.1", n) for n in range(6000)],
            )
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / FILE


@pytest.mark.parametrize("at", [0, 16, 100, 4096, 8192], ids=lambda at: f"byte {at}")
async def test_a_damaged_file_is_refused_in_words(tmp_path: Path, at: int) -> None:
    """Where a page has its head, sixteen bytes are noise."""
    path = await filled(tmp_path)
    noise = bytearray(path.read_bytes())
    noise[at : at + 16] = random.Random(at).randbytes(16)
    path.write_bytes(noise)
    with pytest.raises(StateError, match=r"state\.sqlite is damaged.*Restore a backup, or move the file away"):
        await open_and_close(tmp_path)
    assert path.read_bytes()[: len(noise)] == noise


async def test_damage_anywhere_is_refused_or_harmless(tmp_path: Path) -> None:
    path = await filled(tmp_path)
    whole = path.read_bytes()
    refused = 0
    for seed in range(40):
        dice = random.Random(seed)
        noise = bytearray(whole)
        at = dice.randrange(len(whole) - 16)
        noise[at : at + 16] = dice.randbytes(16)
        path.write_bytes(noise)
        try:
            async with AsyncExitStack() as stack:
                state = await open_state(stack, tmp_path)
                await state.all("SELECT count(*) FROM given")
        except StateError:
            refused += 1
    assert refused >= 20


@pytest.mark.parametrize("content", [b"This is a text, not a database. " * 40, b"SQLite format 3\0", b"\0" * 4096])
async def test_what_is_no_database_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StateError, match=r"state\.sqlite is damaged"):
        await open_and_close(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


async def test_every_table_is_strict_and_the_database_durable(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        tables = await state.all(
            "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'"
        )
        assert tables
        assert [name for name, strict in tables if not strict] == []
        expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        async with state.write() as transaction:
            assert {name: (await transaction.all(f"PRAGMA {name}"))[0][0] for name in expected} == expected


@pytest.mark.parametrize("kind", ["a file", "below a file", "no folder can be made"])
async def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, kind: str) -> None:
    (tmp_path / "file").write_text("x")
    folder = {
        "a file": tmp_path / "file",
        "below a file": tmp_path / "file" / "state",
        "no folder can be made": Path("/proc/self/kruzhok"),
    }[kind]
    with pytest.raises(StateError, match=r"cannot be opened. KRUZHOK_STATE"):
        await open_and_close(folder)


async def test_a_folder_where_the_file_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(StateError, match="cannot be opened"):
        await open_and_close(tmp_path)


def test_of_several_processes_that_start_at_once_one_migrates(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPENS, tmp_path],
            cwd=SHIPPED_DATA.parent,
            env=dict(os.environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate() for process in processes] == [(f"{NEWEST}\n", "")] * 6


async def test_a_write_happens_whole_or_not_at_all(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        with pytest.raises(ZeroDivisionError):
            await add(state, "a", fail=True)
        assert await items(state) == []
        await add(state, "b")
        assert await items(state) == ["b"]


async def test_a_writer_that_is_cancelled_leaves_the_next_one_free(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        for turns in range(12):
            task = asyncio.create_task(add(state, f"cancelled {turns}"))
            for _ in range(turns):
                await asyncio.sleep(0)  # lets the task come one step further; no time passes
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await add(state, f"{turns}")
        kept = await items(state)
        assert [item for item in kept if item.isdigit()] == sorted(map(str, range(12)))


async def test_a_full_disk_is_no_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        await add(state, "before")
        await limit_pages(state, (await state.all("PRAGMA page_count"))[0][0])
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await add(state, "x" * 100_000)
        await limit_pages(state, 100_000)
        await add(state, "then")
        assert await items(state) == ["before", "then"]


async def test_nobody_sees_what_is_not_committed(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        async with state.write() as transaction:
            await transaction.run("INSERT INTO given VALUES ('g', 'r', 'quote', 'a', 0)")
            assert await items(state) == []
        assert await items(state) == ["a"]


async def limit_pages(state: State, most: int) -> None:
    """Make the disk full, or empty again."""
    async with state.write() as transaction:
        await transaction.all(f"PRAGMA max_page_count = {most}")


async def add(state: State, item: str, fail: bool = False) -> None:
    """Write one row, in two steps."""
    async with state.write() as transaction:
        await transaction.run("INSERT INTO given VALUES ('g', 'r', 'quote', ?, 0)", item)
        await transaction.run("UPDATE given SET given_at = 1 / ? WHERE item = ?", 1, item)
        if fail:
            raise ZeroDivisionError


async def items(state: State) -> list[str]:
    """Return what was written."""
    return [row[0] for row in await state.all("SELECT item FROM given ORDER BY item")]
