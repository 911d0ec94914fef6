"""Settings as a file: given out, shown as a difference, taken in whole or not at all."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features.group_values import SETTINGS
from bot.reply import Code, Reply
from tests.examples import examples
from tests.features.conftest import SERVER, Circle, Clock, opened, said
from tests.features.test_group_settings import OTHER, Rooms, changeable


def codes(reply: Reply) -> list[str]:
    """Return the texts to be copied in an answer: the whole file, and the braces alone."""
    return [piece.text for piece in reply.pieces if isinstance(piece, Code)]


async def chosen(circle: Circle, scope: str = "terminal:a") -> dict[str, str]:
    """Return what is kept as chosen."""
    rows = (await circle.app.groups.everything(scope)).get("setting", [])
    return {str(row["name"]): str(row["value"]) for row in rows}


@pytest.mark.parametrize("form", [0, 1], ids=["file", "braces"])
@pytest.mark.parametrize("scope", ["here", "server"])
async def test_what_is_exported_is_the_same_where_it_is_imported(circle: Circle, form: int, scope: str) -> None:
    circle.app.places.add(Rooms(circle.folder))
    for name in changeable():
        await circle.ask(f"/config {name} {OTHER[name]} scope:{scope}")
    text = codes(await circle.ask(f"/config export scope:{scope}"))[form]
    shown = await circle.ask(f"/config import {text}", circle.elsewhere)
    assert shown.title == "What would change"
    assert await chosen(circle, "terminal:c") == {}
    await circle.press(shown, "Apply", circle.elsewhere)
    first = await chosen(circle, SERVER if scope == "server" else "terminal:a")
    assert await chosen(circle, "terminal:c") == first
    assert set(first) == set(changeable())
    assert codes(await circle.ask("/config export", circle.elsewhere)) == codes(
        await circle.ask(f"/config export {scope}")
    )
    again = await circle.ask(f"/config import {text}", circle.elsewhere)
    assert again.title == "Nothing would change"


async def test_the_difference_is_shown_first_and_undone_whole(circle: Circle) -> None:
    await circle.ask("/config grace 2")
    await circle.ask("/config length sentence")
    before = await chosen(circle)
    shown = await circle.ask('/config import {length = "sentence", timezone = "Europe/Paris"}')
    assert "grace: 2 h → default (6 h)" in said(shown)
    assert "timezone: default (UTC) → Europe/Paris" in said(shown)
    assert "length" not in said(shown)
    assert await chosen(circle) == before
    applied = await circle.press(shown, "Apply")
    assert await chosen(circle) == {"length": "sentence", "timezone": "Europe/Paris"}
    log = said(await circle.ask("/config log"))
    assert "grace: 2 h → default" in log
    assert "timezone: default → Europe/Paris" in log
    await circle.press(applied, "Undo")
    assert await chosen(circle) == before


async def test_values_are_read_as_people_write_them_in_toml(circle: Circle) -> None:
    text = '[settings]\ngrace = 2 # hours\nprivate = true\noff = ["quote", "search"]\nTIMEZONE = "europe/paris"\n'
    await circle.ask(f"/config import {text} apply:yes")
    assert await chosen(circle) == {
        "grace": "2",
        "private": "on",
        "off": "quote, search",
        "timezone": "Europe/Paris",
    }


async def test_schedules_follow_a_zone_that_is_imported(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask('/config import {timezone = "Europe/Paris"} apply:yes')
    assert "(Europe/Paris): next Thursday 7 May 2026 19:00" in said(await circle.ask("/schedule list"))


async def test_every_problem_is_said_at_once_and_nothing_is_changed(circle: Circle) -> None:
    with pytest.raises(UserError) as caught:
        await circle.ask(
            '/config import {timezone = "Europe/Berln", length = "page", grace = 99, foo = "x", off = "confg",'
            ' private = 1979-05-27, threads = {a = 1}, notices = "#x", afterwards = "stop"} apply:yes'
        )
    message = str(caught.value)
    for problem in (
        "Nothing is changed.",
        "timezone: “Europe/Berln” is not the name of a time zone. Did you mean Europe/Berlin?",
        "length: length is sentence or passage or paragraph, not “page”.",
        "grace: “99” is not a number of hours from 0 to 48.",
        "There is no setting “foo”.",
        "off: “confg” cannot be switched off.",
        "private: It is written in quotation marks, like private = ",
        "threads: It is written in quotation marks",
        "notices: In the terminal there is one place",
    ):
        assert problem in message
    assert "afterwards:" not in message
    assert await chosen(circle) == {}


DEEP = "settings = " + "[" * 4_000 + "]" * 4_000
HOSTILE = {
    "deep lists": DEEP,
    "deep tables": "settings" + ".a" * 4_000 + " = 1",
    "a long number": "[settings]\ngrace = " + "9" * 9_000,
    "a long number in hexadecimal": "[settings]\ngrace = 0x" + "f" * 9_000,
    "a long number below nothing": "[settings]\ngrace = -" + "9" * 9_000,
    "infinity": "[settings]\ngrace = inf",
    "a date": "[settings]\ngrace = 1979-05-27T07:32:00Z",
    "another table": "[schedules]\na = 1",
    "two tables": "[settings]\n[other]",
    "a list of tables": "[[settings]]\ngrace = 1",
    "no table": "grace = 1",
    "a key that is there twice": "[settings]\ngrace = 1\ngrace = 2",
    "a key that is there twice in other letters": "[settings]\ngrace = 1\nGrace = 2",
    "an unknown escape": '[settings]\nlength = "\\q"',
    "nothing at the end": "[settings]\nlength = ",
    "NUL": "[settings]\nlength = \0",
    "NUL escaped": '[settings]\n"\\u0000" = "\\u0000"',
    "half a character": "[settings]\nlength = \ud800",
    "half a character escaped": '[settings]\nlength = "\\ud800"',
    "an empty key": '[settings]\n"" = ""',
    "a megabyte": "[settings]\n" + "# x\n" * 250_000,
    "a thousand keys": "[settings]\n" + "\n".join(f"a{number}=1" for number in range(1_000)),
    "lists in lists": '[settings]\noff = [["quote"]]',
    "no TOML": "Dear Kruzhok, please be quiet.",
    "braces and more": "{} grace = 1",
    "braces that do not end": "{grace = 1",
    "another scope": '{length = "sentence"} scope:everywhere',
    "another answer": '{length = "sentence"} apply:perhaps',
    "nothing": "",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_file_of_settings_is_refused_in_a_sentence(circle: Circle, name: str) -> None:
    with pytest.raises(UserError) as caught:
        await circle.ask(f"/config import {HOSTILE[name]}")
    assert str(caught.value)
    assert len(str(caught.value)) < 4_000
    with pytest.raises(UserError):
        await circle.ask(f"/config import {HOSTILE[name]} apply:yes")
    assert await chosen(circle) == {}


NAMES = st.sampled_from([*(each.name for each in SETTINGS), "settings", "x", "", "\0", "é"])
VALUES = st.recursive(
    st.sampled_from(["on", "none", "default", "Europe/Paris", "\x7f", "\n", "here", "quote", "“"]).map(
        lambda text: '"' + text.replace("\n", "\\n").replace("\x7f", "\\u007f") + '"'
    )
    | st.integers().map(str)
    | st.sampled_from(["true", "1979-05-27", "07:32:00", "nan", "1e400"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=4))
@examples(60, HealthCheck.function_scoped_fixture)
async def test_whatever_is_imported_is_taken_in_whole_or_refused(circle: Circle, lines: list[tuple[str, str]]) -> None:
    before = await chosen(circle)
    text = "[settings]\n" + "\n".join(f"{name or chr(34) * 2} = {value}" for name, value in lines)
    try:
        reply = await circle.ask(f"/config import {text} apply:yes")
    except UserError:
        assert await chosen(circle) == before
    else:
        assert reply.title in ("Settings taken in", "Nothing would change")
        kept = {name for name, value in lines if value != '"default"'}
        assert set(await chosen(circle)) == kept


async def test_the_import_names_no_more_than_twenty_problems(circle: Circle) -> None:
    with pytest.raises(UserError, match=r"And 980 more\.$"):
        await circle.ask(f"/config import {HOSTILE['a thousand keys']}")


async def test_an_import_survives_a_restart(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        circle = await opened(stack, tmp_path, Clock())
        await circle.ask('/config import {length = "sentence"} apply:yes')
    async with AsyncExitStack() as stack:
        circle = await opened(stack, tmp_path, Clock())
        assert await chosen(circle) == {"length": "sentence"}
