"""``ask``: one answer, exit codes, a clock, a clean standard output."""

import json
import signal
import sqlite3
import sys
from pathlib import Path

import pytest

from bot import __version__
from tests.platforms.terminal.door import PATIENCE, asking, run

# Runs the bot with a bug in /about.
WITH_A_BUG = """\
import sys
from bot.features.about import About
async def about(self, caller):
    raise RuntimeError("the secret of a bug")
About.about = about
from bot.__main__ import main
sys.exit(main(sys.argv[1:]))
"""

IMPORTS = """\
import sys
from bot.__main__ import main
code = main(sys.argv[1:])
print(code, *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def test_one_answer_in_plain_text(state: Path) -> None:
    done = run(state, "ask", "/quote Cheka")
    assert (done.code, done.err) == (0, "")
    assert "the Cheka) the power to arrest, try, and execute people" in done.out
    assert "Wayne Price, quoting Victor Serge" in done.out
    assert "¶ 7." in done.out


def test_the_line_may_come_as_several_words(state: Path) -> None:
    assert run(state, "ask", "/quote", "Cheka").out == run(state, "ask", "/quote Cheka").out


def test_nothing_found_is_an_answer(state: Path) -> None:
    done = run(state, "ask", "/quote xylophone")
    assert done.code == 0
    assert "Nothing found" in done.out


@pytest.mark.parametrize("line", ["/nosuch", "/summary", "/summary 99", "", "/search Serge page:99"])
def test_a_usage_error_is_one_sentence_and_exit_code_2(state: Path, line: str) -> None:
    done = run(state, "ask", line)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert done.err.strip()


def test_a_refusal_is_exit_code_77(state: Path) -> None:
    done = run(state, "ask", "/privacy delete group")
    assert (done.code, done.out) == (77, "")
    assert "moderators" in done.err
    assert run(state, "ask", "--moderator", "/privacy delete group").code == 0


def test_a_bug_is_logged_and_told_in_one_fixed_sentence(state: Path) -> None:
    command = (sys.executable, "-c", WITH_A_BUG)
    done = run(state, "ask", "/about", command=command)
    assert (done.code, done.out) == (70, "")
    assert "the secret of a bug" in done.err
    assert done.err.endswith("\nSomething went wrong here; it has been logged.\n")
    done = run(state, "ask", "--json", "/about", command=command)
    assert done.code == 70
    assert json.loads(done.out)["error"] == {"kind": "bug", "message": "Something went wrong here; it has been logged."}
    assert "secret" not in done.out


def test_another_reading_is_asked_by_its_slug(state: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "reading.toml").write_text('title = "Wheels"\nauthor = "A. Wright"\nlanguage = "en"\n', "utf-8")
    (folder / "source.txt").write_text("A wheel without spokes is a disc.\n\nRoads came before carriages.\n", "utf-8")
    own = tmp_path / "state"
    done = run(own, "ask", "--reading", "wheels", "/quote carriages", KRUZHOK_DATA=str(tmp_path))
    assert done.code == 0
    assert "“Roads came before carriages.”" in done.out
    done = run(own, "ask", "/quote carriages", "--reading", "wheel", KRUZHOK_DATA=str(tmp_path))
    assert done.code == 2
    assert "wheels" in done.err


def test_now_is_the_time_that_is_given(tmp_path: Path) -> None:
    run(tmp_path, "ask", "--now", "2026-05-01T02:30:00+02:00", "/discuss")
    stored = json.loads(run(tmp_path, "ask", "--moderator", "--json", "/privacy export").out)
    assert "2026-05-01T00:30:00" in stored["text"]


@pytest.mark.parametrize(
    "words",
    [
        ["ask"],
        ["ask", "--jsonl", "/quote"],
        ["ask", "--json", "--jsonl"],
        ["ask", "--now", "tomorrow", "/quote"],
        ["ask", "--now", "2026-05-01T00:30:00", "/quote"],
        ["nosuch"],
        ["--nosuch"],
    ],
)
def test_a_wrong_command_line_is_exit_code_2(state: Path, words: list[str]) -> None:
    done = run(state, *words)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


def test_version_and_help(state: Path) -> None:
    assert run(state, "--version").out == f"Kruzhok {__version__}\n"
    done = run(state, "--help")
    assert done.code == 0
    assert "ask" in done.out
    for code in ("0", "2", "70", "77", "78"):
        assert f"\n  {code} " in done.out


def test_a_newer_state_database_is_refused_in_words(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.sqlite") as connection:
        connection.execute("PRAGMA user_version = 9999")
    connection.close()
    done = run(tmp_path, "ask", "/quote Cheka")
    assert (done.code, done.out) == (78, "")
    assert done.err.startswith("Kruzhok cannot start: ")
    assert "9999" in done.err
    assert "Traceback" not in done.err


def test_a_state_folder_that_cannot_be_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(tmp_path, "ask", "/quote Cheka", KRUZHOK_STATE=str(tmp_path / "file" / "folder"))
    assert (done.code, done.out) == (78, "")
    assert "KRUZHOK_STATE" in done.err
    assert "Traceback" not in done.err


def test_any_encoding_of_the_terminal_will_do(state: Path) -> None:
    done = run(state, "ask", "/quote Cheka", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.code == 0
    assert "execute people" in done.out


def test_a_reader_that_leaves_is_no_bug(state: Path) -> None:
    with asking(state) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        process.stdin.write(b'{"line": "/quote Cheka"}\n')
        assert process.wait(PATIENCE) == 141
        assert process.stderr.read() == b""


def test_control_c_ends_a_script_that_waits(state: Path) -> None:
    with asking(state) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b'{"line": "/quote Cheka"}\n')
        assert process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr.read() == b""


def test_an_answer_imports_no_chat_library_and_nothing_for_show(state: Path) -> None:
    done = run(state, "ask", "/quote Cheka", command=(sys.executable, "-c", IMPORTS))
    code, *modules = done.err.split()
    assert code == "0"
    assert {"aiosqlite", "rapidfuzz"} <= set(modules)
    assert not {"discord", "nio", "rich", "prompt_toolkit"} & set(modules)


def test_a_chat_imports_no_chat_library(state: Path) -> None:
    done = run(state, typed=b"/quote Cheka\n", command=(sys.executable, "-c", IMPORTS))
    code, *modules = done.err.split()
    assert code == "0"
    assert not {"discord", "nio"} & set(modules)
