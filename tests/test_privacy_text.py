"""PRIVACY.md says the same as the schema and as ``privacy show``: no table and no column that it does not name."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.features.privacy import ABOUT_GROUPS
from bot.features.upkeep import HISTORY_KEPT, LEFT_KEPT, LINES_KEPT, NOTICES_KEPT
from bot.store.changes import KEPT as CHANGES_KEPT
from bot.store.groups import OF_GROUPS
from bot.store.state import migrations

TEXT = (Path(__file__).parent.parent / "PRIVACY.md").read_text("utf-8")
PARTS = {part.partition("\n")[0]: part for part in TEXT.split("\n## ")}
_NAMES = re.compile(r"`([a-z_]+)`")


def schema(path: str = ":memory:", further: str = "") -> dict[str, set[str]]:
    """Return the columns of every table that the migrations make."""
    with closing(sqlite3.connect(path)) as connection:
        for _, script in migrations():
            connection.executescript(script)
        connection.executescript(further)
        rows = connection.execute(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'"
        ).fetchall()
    tables: dict[str, set[str]] = {}
    for table, column in rows:
        tables.setdefault(table, set()).add(column)
    return tables


def tables_named(part: str) -> list[str]:
    """Return the tables that have a row with what, why and how long in a part of the text."""
    rows = re.findall(r"^\| (`.*?) \| (.+) \| (.+) \| (.+) \|$", PARTS[part], re.MULTILINE)
    return [name for row in rows for name in _NAMES.findall(row[0])]


def columns_named() -> dict[str, set[str]]:
    """Return the columns that are named of each table: those before a colon, not those that explain them."""
    rows = re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", PARTS["Every column"], re.MULTILINE)
    return {table: set(_NAMES.findall(re.sub(r":[^·]*", "", columns))) for table, columns in rows}


def problems(tables: dict[str, set[str]]) -> list[str]:
    """Return what the text does not say, or says of what is not there."""
    explained = [*tables_named("About groups"), *tables_named("About neither")]
    found = [f"{table}: why and how long is not said" for table in tables.keys() - set(explained)]
    found += [f"{table}: there is no such table" for table in set(explained) - tables.keys()]
    named = columns_named()
    for table in sorted(tables.keys() | named.keys()):
        there, said = tables.get(table, set()), named.get(table, set())
        found += [f"{table}.{column}: not named" for column in sorted(there - said)]
        found += [f"{table}.{column}: there is no such column" for column in sorted(said - there)]
    return found + [f"{table}: said twice" for table in set(explained) if explained.count(table) > 1]


def test_every_table_and_every_column_is_named_and_no_other() -> None:
    assert problems(schema()) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("CREATE TABLE diary (member TEXT) STRICT", ["diary: why and how long is not said", "diary.member: not named"]),
        ("ALTER TABLE given ADD COLUMN member TEXT", ["given.member: not named"]),
        ("ALTER TABLE given DROP COLUMN given_at", ["given.given_at: there is no such column"]),
        ("DROP TABLE button_line", ["button_line: there is no such table"]),
    ],
)
def test_a_change_of_the_schema_that_is_not_said_would_be_found(change: str, problem: list[str]) -> None:
    assert set(problem) <= set(problems(schema(further=change)))


def test_what_is_about_groups_is_what_is_deleted_with_them() -> None:
    """The text, what ``privacy show`` tells, and what ``privacy delete group`` deletes are the same tables."""
    assert set(tables_named("About groups")) == OF_GROUPS.keys() == ABOUT_GROUPS.keys()
    with_group = {table for table, columns in schema().items() if columns & {"group_id", "scope"}}
    assert with_group == OF_GROUPS.keys()


def test_only_one_table_has_a_column_for_people_and_the_text_says_when_it_is_emptied() -> None:
    about_people = {"member", "user", "user_id", "author", "sender", "name_of", "nick"}
    found = {f"{table}.{column}" for table, columns in schema().items() for column in columns & about_people}
    assert found == {"change.member"}
    assert f"for {CHANGES_KEPT.days} days" in PARTS["About people"]
    assert "/privacy delete` takes it out at once" in PARTS["About people"]


def test_it_is_kept_as_long_as_it_says() -> None:
    def row(table: str) -> str:
        return next(line for line in TEXT.splitlines() if line.startswith(f"| `{table}`"))

    assert f"{CHANGES_KEPT.days} days" in row("change")
    assert f"{HISTORY_KEPT.days} days" in row("occurrence")
    assert f"{NOTICES_KEPT.days} days" in row("notice")
    assert f"{LEFT_KEPT.days} days" in row("known_group")
    assert f"{LINES_KEPT.days} days" in row("button_line")
    # The same in the answer to /privacy show.
    assert f"{HISTORY_KEPT.days} days" in ABOUT_GROUPS["occurrence"][1]
    assert f"{NOTICES_KEPT.days} days" in ABOUT_GROUPS["notice"][1]
    assert f"{CHANGES_KEPT.days} days" in ABOUT_GROUPS["change"][1]
