"""The chat: over a pipe, and at a pseudo-terminal with keys."""

import re
import stat
from pathlib import Path

import pytest

from tests.platforms.terminal.door import CONTROL_C, CONTROL_D, run, screen
from tests.platforms.terminal.hostile import LINES

GREETED = "Begin to read"
PROMPT = "\n>"  # keys that are pressed before it is there may be lost
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def test_a_pipe_gets_plain_answers_and_nothing_else(state: Path) -> None:
    done = run(state, typed="/quote Cheka\n\n!read ¶1\nread ¶2".encode())
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("“Cheka”\n\n    “")
    assert done.out.count("\nTry: ") == 3
    assert "\x1b" not in done.out


def test_an_empty_pipe_ends_in_silence(state: Path) -> None:
    done = run(state)
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    "goodbye",
    ["/quit", "EXIT", *(pytest.param(each, marks=pytest.mark.extended) for each in ("/exit", "!quit", "quit"))],
)
def test_quit_leaves(state: Path, goodbye: str) -> None:
    done = run(state, typed=f"{goodbye}\n/quote Cheka\n".encode())
    assert (done.code, done.out) == (0, "")


def test_what_is_no_command_may_be_words_to_look_for(state: Path) -> None:
    done = run(state, typed=b"what did the Cheka do\n1\n")
    assert "There is no command “what”" in done.out
    assert "Try: /quote what did the Cheka do · /search what did the Cheka do" in done.out
    assert "execute people" in done.out


def test_hostile_lines_do_not_end_the_chat(state: Path) -> None:
    lines = [line.encode("utf-8", "surrogatepass").replace(b"\n", b" ") for line in LINES]
    done = run(state, typed=b"\n".join([*lines, b"\xff\xfe\x1b[2J", b"/quote Cheka", b""]))
    assert (done.code, done.err) == (0, "")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.out)
    assert "Something went wrong" not in done.out
    assert "execute people" in done.out.split("\n\n“Cheka”\n")[-1]


def test_another_reading_can_be_talked_about(state: Path) -> None:
    done = run(state, "--reading", "nosuch", typed=b"/about\n")
    assert (done.code, done.out) == (2, "")
    assert "price-serge" in done.err
    assert run(state, "--reading", "price-serge", typed=b"/about\n").code == 0


def test_a_person_is_greeted_helped_and_answered(state: Path) -> None:
    with screen(state) as person:
        greeting = person.until(GREETED)
        assert "Wayne Price" in greeting
        assert "/help" in person.until(PROMPT) + greeting
        person.type("/quote Che")
        person.until("Cheka  3×")
        person.type("\t\r")
        assert "execute" in person.until("Another")
        assert "/quote Cheka after:7" in person.until("Context")
        person.until("/cite 7")
        person.until(PROMPT)
        person.type("2\r")
        person.until("Next paragraph")
        person.until(PROMPT)
        person.type("/summary ")
        person.until("3 His Authoritarian Defense")
        person.type("\x15/discuss kind:eva")
        person.until("kind:evaluative")
        person.type("\x15/quote section:")
        person.until("section:4")
        person.type("\x15" + CONTROL_D)
        assert person.end() == 0
    assert "Traceback" not in person.raw


@pytest.mark.parametrize(
    ("key", "typed"),
    [
        (CONTROL_D, ""),
        (CONTROL_C, "/quote Che"),
        pytest.param(CONTROL_C, "", marks=pytest.mark.extended),
        pytest.param(CONTROL_D, "/quote Che", marks=pytest.mark.extended),
    ],
)
def test_control_c_and_control_d_leave_at_once(state: Path, key: str, typed: str) -> None:
    with screen(state) as person:
        person.until(PROMPT)
        person.type(typed)
        if typed:
            person.until("Cheka")
        person.type(key)
        assert person.end() == 0
    assert "Traceback" not in person.raw


def test_what_was_typed_is_remembered_for_its_owner_alone(tmp_path: Path) -> None:
    with screen(tmp_path) as person:
        person.until(PROMPT)
        person.type("/read ¶3\r")
        person.until("Next paragraph")
        person.until(PROMPT)
        person.type("/quit\r")
        assert person.end() == 0
    history = tmp_path / "history"
    assert "/read ¶3" in history.read_text("utf-8")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    with screen(tmp_path) as person:
        person.until(PROMPT)
        person.type("/re")
        person.until("ad ¶3")  # suggested, once what was typed before has been read
        person.type("\x1b[C\r")
        person.until("Next paragraph")
        person.until(PROMPT)
        person.type(CONTROL_D)
        assert person.end() == 0


def test_colour_is_left_out_where_it_is_not_wanted(state: Path) -> None:
    for words in (("ask", "/quote Cheka"), ()):
        for no_color, coloured in (("", True), ("1", False)):
            with screen(state, *words, NO_COLOR=no_color) as person:
                person.until("▌" if words else PROMPT)
                person.type("" if words else CONTROL_D)
                person.end()
            assert bool(COLOUR.search(person.raw)) == coloured, (words, no_color)


def test_a_terminal_that_can_only_print_gets_plain_text(state: Path) -> None:
    with screen(state, TERM="dumb") as person:
        person.until("> ")
        person.type("/quote Cheka\n")
        person.until("\nTry: ")
        person.type("/quit\n")
        assert person.end() == 0
    assert "\x1b" not in person.raw
    with screen(state, "ask", "/quote Cheka", TERM="dumb") as person:
        assert person.end() == 0
    assert "\x1b" not in person.raw


@pytest.mark.parametrize("columns", [30, 40])
def test_narrow_terminals_are_filled_and_not_overrun(state: Path, columns: int) -> None:
    with screen(state, "ask", "/discuss Kronstadt", columns=columns) as person:
        assert person.end() == 0
    lines = person.shown.splitlines()
    assert columns - 12 < max(map(len, lines)) <= columns


def test_a_pasted_escape_sequence_is_not_echoed(state: Path) -> None:
    with screen(state, "ask", "/quote \x1b]0;gotcha\x07\x1b[31mred\x1b[0m") as person:
        assert person.end() == 0
    assert "\x1b]0;" not in person.raw
    assert "\x1b[31m" not in person.raw
