"""A state of every earlier version starts, and keeps everything that was in it."""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.caller import Caller
from bot.recurrence.zones import TZDATA_VERSION
from bot.settings import SHIPPED_DATA, Settings
from bot.store.state import FILE, migrations

NEWEST = len(migrations())
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
MODERATOR = Caller("discord:9", "discord:7", is_moderator=True, server="discord:server:1")


def at(**time: float) -> int:
    """Return a time as the database keeps it."""
    return round((NOW + timedelta(**time)).timestamp() * 1000)


ROOM = "matrix:!a:example.org"
THERE = ("discord", "discord:7", "discord:server:1")
SINCE, DATA = ("Europe/Paris", "2026-11-01"), (TZDATA_VERSION, at(days=-5))
POSTED = ("", "holder", 1, at(days=-5), "7", "70", "https://discord.com/x", "70", at(days=-5))
# What each version brought, with rows as a circle of some months would have them.
ROWS: dict[int, dict[str, list[tuple[object, ...]]]] = {
    1: {
        "given": [
            ("discord:7", "price-serge", "quote", "7.2", at(days=-20)),
            ("discord:7", "price-serge", "prompt", "opening-admired", at(days=-3)),
        ]
    },
    2: {
        "button_line": [("k" * 20, f"search {'Kronstadt ' * 12}", at(days=-100))],
        "published_commands": [("1000", "f" * 64, '{"quote": 1}')],
    },
    3: {
        "known_group": [("discord:7", "discord:server:1", None), ("discord:8", "discord:server:2", at(days=-2))],
        "setting": [("discord:7", "timezone", "Europe/Paris"), ("discord:server:1", "length", "long")],
        "change": [(1, "discord:7", "discord:9", "timezone", "UTC", "Europe/Paris", at(days=-30))],
        "own_prompt": [("discord:7", 1, "price-serge", "What would you have done?", "7.2", at(days=-10))],
        "prompt_set_aside": [("discord:7", "price-serge", "opening-admired")],
        "schedule": [
            (
                "s1",
                *THERE,
                1,
                "prompt",
                "thursdays 19:00",
                *SINCE,
                "2026-11-26T19:00",
                at(days=2),
                *DATA,
                "",
                None,
                None,
                0,
            ),
            ("s2", *THERE, 2, "quote", "daily 08:00", *SINCE, "", None, *DATA, "nobody came", at(days=-4), None, 0),
        ],
        "occurrence": [("k1", "s1", *THERE[:2], "2026-11-26T19:00", at(days=-5), None, "posted", 1, "p1", *POSTED)],
        "notice": [(1, "discord", "discord:7", "Schedule 2 is paused.", at(days=-4), None)],
    },
    4: {
        "matrix_stream": [("@kruzhok:example.org KRUZHOK", "s1_2_3")],
        "matrix_command": [(1, ROOM, "$1", "{}", "unreadable", "session", at(hours=-1))],
        "matrix_message": [(1, "t1", ROOM, "$0", ROOM, "m.room.message", "{}", "{}", at(hours=-1))],
        "matrix_answer": [("$2", ROOM, "$0", ROOM, "", "{}", at(hours=-1))],
        "matrix_poll": [("$3", ROOM, "$4", at(hours=-1))],
    },
}


def made(path: Path, version: int) -> None:
    """Make a state as a Kruzhok of that version has left it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for number, script in migrations()[:version]:
            connection.executescript(script)
            connection.execute(f"PRAGMA user_version = {number}")
            for table, rows in ROWS[number].items():
                for row in rows:
                    marks = ", ".join("?" * len(row))
                    connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)  # noqa: S608


def kept(path: Path, tables: Iterable[str]) -> dict[str, list[dict[str, object]]]:
    """Return the rows of tables, by column."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = {each: connection.execute(f"SELECT * FROM {each} ORDER BY 1, 2").fetchall() for each in tables}  # noqa: S608
    return {table: [dict(each) for each in found] for table, found in rows.items()}


def tables_until(version: int) -> list[str]:
    """Return the tables that a version knows."""
    return [table for number in range(1, version + 1) for table in ROWS[number]]


def opened(folder: Path) -> AbstractAsyncContextManager[App]:
    """Start the bot on a state."""
    return open_app(Settings(folder, (SHIPPED_DATA,)), now=lambda: NOW)


def test_every_version_has_rows_in_every_table_that_it_brought() -> None:
    brought = {number: set(re.findall(r"CREATE TABLE (\w+)", script)) for number, script in migrations()}
    assert {number: set(tables) for number, tables in ROWS.items()} == brought


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
async def test_everything_is_kept(state: Path, version: int) -> None:
    made(state / FILE, version)
    before = kept(state / FILE, tables_until(version))
    assert all(before.values())
    async with opened(state):
        pass
    after = kept(state / FILE, tables_until(version))
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        # A later version may add columns; it may not lose or change one.
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    with closing(sqlite3.connect(state / FILE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
async def test_a_circle_goes_on_where_it_was(state: Path, version: int) -> None:
    made(state / FILE, version)
    async with opened(state) as app:
        zone = (await app.values.of(MODERATOR))["timezone"]
        export = str(await app.commands.answer(MODERATOR, "/privacy export"))
    assert "opening-admired" in export
    if version >= 3:
        assert zone == "Europe/Paris"
        assert "thursdays 19:00" in export
        assert "Schedule 2 is paused." in export


async def test_what_the_next_version_plans_begins_where_the_last_one_ended(state: Path) -> None:
    """A post that was made before the upgrade is not made again after it."""
    made(state / FILE, 3)
    async with opened(state) as app:
        assert [each.number for each in await app.scheduling._schedules.of("discord:7")] == [1, 2]
        due = await app.scheduling._schedules.due("discord", NOW + timedelta(days=3), 10)
        assert [each.id for each in due] == ["s1"]
        assert set(await app.scheduling._occurrences.decided("s1")) == {"2026-11-26T19:00"}
