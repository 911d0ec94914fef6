"""The log: one line an event, and in no line a secret, a member's name or what a member said."""

import asyncio
import base64
import io
import json
import logging
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bot import logs
from bot.answers import Answers
from bot.app import App
from bot.commands import Argument, Command, Commands, Failure, safely
from bot.concealing import HIDDEN, MEMBER, Concealed
from bot.logs import OneLine
from bot.platforms.discord.serving import REFUSED
from bot.reply import Reply
from bot.settings import LogSettings
from tests.conftest import CALLER
from tests.platforms.discord.loopback import TOKEN, Loopback, loopback
from tests.platforms.discord.test_run import SECONDS_TO_START, ended, started

SECRET = "Zt8/+planted secret-=~%é\"'\\"  # noqa: S105 - of nobody
# Made up, in the shape of true ones.
DISCORD_TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"  # noqa: S105 - as above
SYNAPSE_TOKEN = "syt_a3J1emhvaw_EFvPuXjYHDzNkMFMnBTT_1ndsDw"  # noqa: S105 - as above
SERVICE_TOKEN = "mct_X1mCTY2bv6ZrKzQ4eRk9_aBcDe"  # noqa: S105 - as above
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTA6c2VjcmV0"

Write = Callable[..., str]


@pytest.fixture(params=["text", "json"])
def write(request: pytest.FixtureRequest) -> Write:
    """Write one record, with the error that is being handled if there is one; returns the line."""
    formatter = OneLine([SECRET], request.param == "json")

    def written(message: str, *arguments: object, name: str = "bot.x") -> str:
        error = sys.exc_info() if sys.exc_info()[0] else None
        record = logging.LogRecord(name, logging.ERROR, "", 0, message, arguments, error)
        line = formatter.format(record)
        assert line.isprintable()
        if request.param == "json":
            assert set(json.loads(line)) <= {"time", "level", "logger", "message", "error"}
        return line

    return written


def shapes(secret: str) -> Iterator[str]:
    """Give a secret in every shape in which it may turn up."""
    raw = secret.encode()
    yield from (secret, quote(secret), quote(secret, safe=""), json.dumps(secret), repr(secret), repr(raw), raw.hex())
    for before in ("", "a", "kruzhok:"):
        for after in ("", "z", "zz"):
            yield base64.b64encode(f"{before}{secret}{after}".encode()).decode()
            yield base64.urlsafe_b64encode(f"{before}{secret}{after}".encode()).decode()


def said_by(write: Write, error: Exception, cause: Exception | None = None) -> str:
    """Return the line of an error that was raised."""
    try:
        if cause:
            raise error from cause
        raise error
    except type(error):
        return write("failed: %r", error)


@pytest.mark.parametrize("shape", sorted(set(shapes(SECRET))), ids=lambda _: "shape")
def test_a_secret_is_concealed_in_every_shape(write: Write, shape: str) -> None:
    lines = [
        write("<%s>", shape),
        write("at https://example.org/?a=%s&b=1", shape),
        write(f"<{shape}>"),
        said_by(write, RuntimeError(f"https://example.org/{shape}", {"authorization": shape}), KeyError(shape)),
    ]
    for line in lines:
        assert HIDDEN in line
        # Of base64 a letter at either end depends on what stands beside it.
        assert shape[4:-4] not in line
        assert shape[4:16] not in line


@pytest.mark.parametrize(
    "text",
    [
        DISCORD_TOKEN,
        SYNAPSE_TOKEN,
        SERVICE_TOKEN,
        f"Authorization: Bot {DISCORD_TOKEN[:20]}",
        "{'Authorization': 'Bearer abcdefghijklmnop'}",
        "Bearer abcdefghijklmnop",
        "https://example.org/sync?access_token=abcdefghijklmnop&since=1",
        '{"type": "m.login.password", "password": "abcdefghijklmnop"}',
        "https://discord.com/api/v10/interactions/1234/abcdefghijklmnop/callback",
        f"https://discord.com/api/v10/webhooks/1000/{INTERACTION}/messages/@original",
    ],
)
def test_what_looks_like_a_token_is_concealed(write: Write, text: str) -> None:
    for line in (write("got %s", text), write(f"got {text}")):
        assert HIDDEN in line
        for part in (DISCORD_TOKEN[:20], SYNAPSE_TOKEN[4:], SERVICE_TOKEN[4:], "abcdefghijklmnop", INTERACTION):
            assert part not in line


@pytest.mark.parametrize(
    "text",
    [
        "@anna:example.org",
        "@anna=2f:matrix.example.org:8448",
        "https://matrix.example.org/_matrix/client/v3/profile/%40anna%3Aexample.org",
        "<@123456789>",
        "<@!123456789>",
        "https://discord.com/api/v10/users/123456789/channels",
    ],
)
def test_members_are_not_named(write: Write, text: str) -> None:
    line = write("%s", text)
    assert MEMBER in line
    assert "anna" not in line
    assert "123456789" not in line


def test_circles_and_ordinary_words_stay(write: Write) -> None:
    said = (
        "a post in discord:123456789012345678 failed; matrix:!room:example.org waits: token, password and basic things"
    )
    assert said in write("%s", said)


def test_one_event_is_one_line(write: Write) -> None:
    hostile = "a\r\nERROR bot.run: forged\x1b[2J\x00\u202e\u2028"
    line = said_by(write, OSError(hostile))
    assert len(line.splitlines()) == 1
    assert "OSError" in line


def test_an_error_is_told_with_what_it_came_of_and_where(write: Write) -> None:
    def fail() -> None:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError) as caught:
        fail()
    line = said_by(write, ExceptionGroup("several", [OSError("No space left on device")]), caught.value)
    for said in ("ExceptionGroup: several", "OSError: No space left on device", "ZeroDivisionError: division by zero"):
        assert said in line
    assert "tests/test_logs.py:" in line
    assert " fail < tests/test_logs.py:" in line


def test_a_mistake_in_logging_shows_nothing(write: Write) -> None:
    assert SECRET not in write("%d %d", SECRET)
    assert "%d %d" in write("%d %d", SECRET)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a private question about Anna"),
        ValueError("invalid literal for int() with base 10: 'a private question about Anna'"),
        RuntimeError("no stem for privat"),
        OSError("fts5: syntax error near ANNA"),
    ],
)
async def test_what_a_member_said_is_left_out_of_what_came_of_it(write: Write, error: Exception) -> None:
    async def fail(caller: object, words: str) -> Reply:
        try:
            raise error
        except Exception as first:
            raise RuntimeError("while it was looked for") from first

    words = Argument("words", "", required=True, rest=True, number=False)
    commands = Commands([Command("search", "", (words,), fail)], answers=Answers())
    with pytest.raises(RuntimeError) as caught:
        await commands.answer(CALLER, "/search a private question about Anna")
    line = said_by(write, caught.value)
    assert type(error).__name__ in line
    assert "while it was looked for" in line
    for word in ("private", "question", "Anna", "ANNA", "privat "):
        assert word not in line


def test_an_error_that_is_told_within_a_sentence_quotes_nobody(write: Write) -> None:
    with pytest.raises(OSError, match="private") as caught, Answers().one("quote", "a private question"):
        raise OSError("no such thing: private")
    line = write("nobody could be told: %s (%d)", caught.value, 7)
    assert "nobody could be told: [left out: it may quote a member] (7)" in line


async def test_what_goes_wrong_for_another_reason_is_told(write: Write) -> None:
    with pytest.raises(OSError, match="No space") as caught, Answers().one("quote", "a private question"):
        raise OSError("No space left on device")
    assert "No space left on device" in said_by(write, caught.value)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged in this process, as ``run`` logs; afterwards all is as it was."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in ("bot", "cogs", "nio")})
    raises = logging.raiseExceptions
    stream, stderr = io.StringIO(), sys.stderr
    sys.stderr = stream
    try:
        logs.begin(LogSettings("json", "debug"), [SECRET])
        yield stream
    finally:
        sys.stderr = stderr
        logging.captureWarnings(False)
        logging.raiseExceptions = raises
        root.handlers[:], level, levels = before
        root.setLevel(level)
        for name, each in levels.items():
            logging.getLogger(name).setLevel(each)


def test_a_secret_that_comes_to_be_known_later_is_kept_out(logged: io.StringIO) -> None:
    logs.keep_out("another planted secret")
    logging.getLogger("bot.x").info("%s and %s", SECRET, "another planted secret")
    assert json.loads(logged.getvalue())["message"] == f"{HIDDEN} and {HIDDEN}"


def test_libraries_that_quote_members_are_not_listened_to(logged: io.StringIO) -> None:
    for name, level in (("nio.events", logging.ERROR), ("discord.gateway", logging.INFO), ("asyncio", logging.DEBUG)):
        logging.getLogger(name).log(level, "a private question")
    logging.getLogger("bot.x").debug("seen")
    assert [json.loads(line)["message"] for line in logged.getvalue().splitlines()] == ["seen"]


@pytest.mark.goes_wrong
async def test_a_task_that_nobody_waits_for_is_told_in_one_line(logged: io.StringIO) -> None:
    async def fail() -> None:
        raise KeyError("a private question")

    task = asyncio.get_running_loop().create_task(fail())
    await asyncio.wait({task})
    del task
    line = json.loads(logged.getvalue())
    assert line["message"] == "Task exception was never retrieved"
    assert "private" not in str(line)


@pytest.mark.goes_wrong
async def test_a_bug_in_a_command_is_logged_without_what_was_asked(app: App, logged: io.StringIO) -> None:
    def broken(*_: object) -> None:
        raise LookupError("nothing for a private question")

    app.quotes._readings.of = broken  # type: ignore[method-assign,assignment]  # there is no other way to provoke a bug
    answer = await safely(app.commands.answer(CALLER, "/quote a private question"))
    assert isinstance(answer, Failure)
    assert answer.kind == "bug"
    (line,) = [json.loads(each) for each in logged.getvalue().splitlines()]
    assert line["message"] == "a command failed"
    assert "LookupError" in line["error"]
    assert "private" not in str(line)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_line_of_a_running_bot_has_a_token_a_name_or_a_text(state: Path, form: str) -> None:
    async with loopback() as served:
        # What Discord refuses, what it sends that is broken, and what takes too long are all logged.
        served.failures = [(500, {}, {"message": f"{TOKEN} a private question of anna"}), (404, {}, {"code": 10062})]
        variables = served.environment | {"KRUZHOK_LOG": form, "KRUZHOK_LOG_LEVEL": "debug"}
        async with started(state, "run", **variables) as process:
            await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
            await provoke(served)
            process.send_signal(signal.SIGTERM)
            code, out, err = await ended(process)
    assert (code, out) == (0, "")
    lines = err.splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert line.isprintable()
        for secret in (TOKEN, "private", "question", "anna", "token5", "Traceback"):
            assert secret not in line, line
        if form == "json":
            assert json.loads(line)["logger"]


async def test_why_it_ends_is_a_line_like_all_others(state: Path) -> None:
    async with loopback() as served:
        served.refuses = True
        async with started(state, "run", **served.environment, KRUZHOK_LOG="json") as process:
            code, out, err = await ended(process)
    assert (code, out) == (78, "")
    (line,) = err.splitlines()
    assert json.loads(line)["message"] == REFUSED


async def provoke(served: Loopback) -> None:
    """Let the bot meet what it logs."""
    await served.slash("quote", words="a private question of anna")
    await served.asked.wait()
    await served.send("GUILD_CREATE", {"id": "a private question", "name": TOKEN})
    await served.send("INTERACTION_CREATE", {"id": "anna", "data": {"name": "a private question"}})
    await served.slash("search", words="a private question", page="anna")
    await served.slash("contents")
    await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)


def test_concealing_takes_no_time() -> None:
    concealed = Concealed([SECRET, TOKEN])
    for text in ("a" * 100_000, "@a" * 50_000, "a.b." * 25_000, "%40" * 30_000, "-" * 100_000, "token=" * 20_000):
        concealed.without(text)
