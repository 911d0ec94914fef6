"""``setup`` asks, tries, writes and waits, at a real terminal and as a script does."""

import asyncio
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.platforms.discord.serving import REFUSED
from bot.settings import read_configuration
from bot.store.state import FILE
from tests.operating.test_online import CHANNEL, SERVER, Server
from tests.platforms.discord.loopback import APPLICATION, TOKEN, Loopback, _json, loopback
from tests.platforms.terminal.door import BOT, Finished, Screen, run, screen

WRONG = "a.wrong.token"


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


def here(served: Loopback) -> dict[str, str]:
    """The settings that lead the bot to the loopback, without a token."""
    return {name: value for name, value in served.environment.items() if name != "KRUZHOK_DISCORD_TOKEN"}


def typed(state: Path, served: Loopback, *words: str, stdin: bytes = b"", **more: str) -> Finished:
    """Let a script set it up."""
    return run(state, "setup", *words, typed=stdin, command=BOT, **here(served), **more)


def settings(state: Path) -> str:
    """Return what was written."""
    return (state / "settings.toml").read_text("utf-8")


async def at_terminal(state: Path, served: Loopback, talk: Any, *words: str) -> tuple[str, int]:
    """Let somebody sit at a terminal; returns all that was shown, and the exit code."""

    def sit() -> tuple[str, int]:
        with screen(state, "setup", *words, columns=80, rows=40, **here(served)) as shown:
            talk(shown)
            code = shown.end()
            return shown.shown, code

    return await asyncio.to_thread(sit)


def interrupt(shown: Screen) -> None:
    """Press Ctrl-C: the terminal would send this, if it were the one that controls the session."""
    shown.process.send_signal(signal.SIGINT)


async def test_somebody_types_the_token_and_is_shown_how_to_go_on(tmp_path: Path, served: Loopback) -> None:
    state = tmp_path / "state"

    def talk(shown: Screen) -> None:
        shown.until("token on Discord (not shown): ")
        shown.type(f"{TOKEN}\r")
        shown.until("Discord knows the bot as Kruzhok.")
        shown.until("homeserver's address")
        shown.type("\r")
        shown.until("token = (not shown)")
        shown.until("Write it? [Y/n] ")
        shown.type("\r")
        shown.until(f"client_id={APPLICATION}")

    shown, code = await at_terminal(state, served, talk, "--no-wait")
    assert code == 0
    assert shown.count(f"client_id={APPLICATION}") == 2
    assert shown.rstrip().endswith("To start the bot: ./kruzhok run")
    assert TOKEN not in shown
    assert settings(state) == f'[discord]\ntoken = "{TOKEN}"\n'
    assert stat.S_IMODE((state / "settings.toml").stat().st_mode) == 0o600
    configuration = read_configuration({"KRUZHOK_STATE": str(state)})
    assert configuration.discord
    assert configuration.discord.token == TOKEN


async def test_a_wrong_token_is_asked_for_again(tmp_path: Path, served: Loopback) -> None:
    served.refuses = True

    def talk(shown: Screen) -> None:
        shown.until("(not shown): ")
        shown.type(f"{WRONG}\r")
        shown.until("Discord does not accept the bot's token.")
        served.refuses = False
        shown.until("(not shown): ")
        shown.type(f"{TOKEN}\r")
        shown.until("homeserver's address")
        shown.type("\r")
        shown.until("Write it? [Y/n] ")
        shown.type("n\r")
        shown.until("Nothing was written.")

    shown, code = await at_terminal(tmp_path / "state", served, talk, "--no-wait")
    assert code == 0
    assert not {WRONG, TOKEN} & set(shown.split())
    assert not (tmp_path / "state").exists()


async def test_leaving_everything_out_writes_nothing(tmp_path: Path, served: Loopback) -> None:
    def talk(shown: Screen) -> None:
        shown.until("(not shown): ")
        shown.type("\r")
        shown.until("homeserver's address")
        shown.type("\r")
        shown.until("Nothing was set up.")

    _, code = await at_terminal(tmp_path / "state", served, talk)
    assert code == 0
    assert not (tmp_path / "state").exists()


async def test_ctrl_c_ends_it_while_it_asks(tmp_path: Path, served: Loopback) -> None:
    def talk(shown: Screen) -> None:
        shown.until("(not shown): ")
        interrupt(shown)

    shown, code = await at_terminal(tmp_path / "state", served, talk)
    assert code == 130
    assert "Traceback" not in shown


async def test_a_script_says_everything_by_flags(tmp_path: Path, served: Loopback) -> None:
    state, token = tmp_path / "state", tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    token.chmod(0o600)
    done = await asyncio.to_thread(typed, state, served, "--discord-token-file", str(token), "--yes", "--no-wait")
    assert (done.code, done.err) == (0, "")
    assert settings(state) == f'[discord]\ntoken_file = "{token}"\n'
    assert TOKEN not in done.out
    done = await asyncio.to_thread(
        typed, state, served, "--discord-token-file", "-", "--yes", "--no-wait", stdin=f"{TOKEN}\n".encode()
    )
    assert (done.code, done.err) == (0, "")
    assert settings(state) == f'[discord]\ntoken = "{TOKEN}"\n'


async def test_what_was_there_is_kept(tmp_path: Path, served: Loopback) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "settings.toml").write_text('# ours\n[log]\nlevel = "debug"\n')
    done = await asyncio.to_thread(
        typed, state, served, "--discord-token-file", "-", "--yes", "--no-wait", stdin=TOKEN.encode()
    )
    assert done.code == 0, done.err
    assert settings(state) == f'# ours\n[log]\nlevel = "debug"\n\n[discord]\ntoken = "{TOKEN}"\n'


async def test_another_folder_is_told_to_be_named_at_each_start(tmp_path: Path, served: Loopback) -> None:
    other = tmp_path / "other"
    words = ("--state", str(other), "--discord-token-file", "-", "--yes", "--no-wait")
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *words, stdin=TOKEN.encode())
    assert f"export KRUZHOK_STATE={other}" in done.out
    assert TOKEN in settings(other)


async def test_what_counts_before_the_file_is_said(tmp_path: Path, served: Loopback) -> None:
    words = ("--discord-token-file", "-", "--yes", "--no-wait")
    more = {"KRUZHOK_DISCORD_TOKEN": "another"}
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *words, stdin=TOKEN.encode(), **more)
    assert "KRUZHOK_DISCORD_TOKEN is set in the environment, which counts before the file." in done.out


@pytest.mark.parametrize(
    ("words", "stdin", "code", "said"),
    [
        (("--yes",), "", 2, "There is nobody to ask. Say what is to be set up: on Discord with --discord-token-file"),
        pytest.param((), "", 2, "on Matrix with --matrix-homeserver", marks=pytest.mark.extended),
        pytest.param(
            ("--minutes", "soon"), "", 2, "“soon” is no number of minutes from 0 to 1440.", marks=pytest.mark.extended
        ),
        (("--minutes", "nan"), "", 2, "is no number of minutes"),
        pytest.param(("--minutes", "-1"), "", 2, "is no number of minutes", marks=pytest.mark.extended),
        (("--discord-token-file", "/nowhere/token", "--yes"), "", 2, "/nowhere/token cannot be read"),
        (("--discord-token-file", "-", "--yes"), "two words", 78, "more than one word"),
        (("--matrix-homeserver", "example", "--yes"), "", 2, "Say it with --matrix-user."),
        pytest.param(
            ("--matrix-token-file", "-", "--yes"),
            "secret",
            2,
            "Say it with --matrix-homeserver.",
            marks=pytest.mark.extended,
        ),
        pytest.param(
            ("--matrix-token-file", "-", "--matrix-password-file", "-", "--yes"),
            "secret",
            2,
            "not both",
            marks=pytest.mark.extended,
        ),
    ],
)
async def test_a_script_that_says_too_little_is_told(
    tmp_path: Path, served: Loopback, words: tuple[str, ...], stdin: str, code: int, said: str
) -> None:
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *words, stdin=stdin.encode())
    assert done.code == code
    assert said in done.err
    assert not (tmp_path / "state").exists()


async def test_a_refused_token_is_one_sentence_and_nothing_is_written(tmp_path: Path, served: Loopback) -> None:
    served.refuses = True
    words = ("--discord-token-file", "-", "--yes", "--no-wait")
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *words, stdin=WRONG.encode())
    assert (done.code, done.out, done.err) == (78, "", f"{REFUSED}\n")
    assert not (tmp_path / "state").exists()


async def test_where_nothing_answers_it_says_so(tmp_path: Path, served: Loopback) -> None:
    served.port = 9
    words = ("--discord-token-file", "-", "--yes", "--no-wait")
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *words, stdin=TOKEN.encode())
    assert done.code == 69
    assert "cannot be reached" in done.err


class Growing(Server):
    """A server into which the bot comes when it is told to; messages are posted there."""

    def __init__(self, served: Loopback) -> None:
        super().__init__()
        self.is_there = False
        self.looked = asyncio.Event()
        self.messages: list[dict[str, Any]] = []
        self._served = served

    async def answer(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        if request.path == "/users/@me/guilds":
            self.looked.set()
            return _json([{"id": SERVER["id"], "name": SERVER["name"]}] if self.is_there else [])
        if request.method == "POST" and request.path.endswith("/messages"):
            self.messages.append(body)
            sent = {"id": "77", "channel_id": CHANNEL["id"], "timestamp": "2026-05-01T00:00:00+00:00"}
            return _json(
                sent | {"content": body.get("content", ""), "author": {"id": str(APPLICATION), "username": "K"}}
            )
        if request.method == "POST" and request.path.endswith("/threads"):
            return _json({"id": "77", "type": 11, "name": "x", "guild_id": SERVER["id"], "parent_id": CHANNEL["id"]})
        if request.method == "GET" and request.path.endswith("/messages"):
            return _json([])
        return await super().answer(request, body) if request.method == "GET" else None

    async def come(self) -> None:
        """Let the bot be invited."""
        self.is_there = True
        told = {**SERVER, "channels": [{**CHANNEL, "permission_overwrites": []}]}
        told["roles"] = [{**role, "permissions": str(self.allowed)} for role in SERVER["roles"]]
        await self._served.send("GUILD_CREATE", told)


async def test_it_waits_for_the_first_server_and_posts_a_prompt_there(tmp_path: Path, served: Loopback) -> None:
    state, server = tmp_path / "state", Growing(served)
    served.others = server.answer
    loop = asyncio.get_running_loop()

    def talk(shown: Screen) -> None:
        shown.until("(not shown): ")
        shown.type(f"{TOKEN}\r")
        shown.until("homeserver's address")
        shown.type("\r")
        shown.until("Write it? [Y/n] ")
        shown.type("\r")
        shown.until("Waiting for the first server")
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(served.ready.wait(), 30), loop).result()
        asyncio.run_coroutine_threadsafe(server.come(), loop).result()
        shown.until(f"Kruzhok is in “{SERVER['name']}”.")
        shown.until(f"1  #{CHANNEL['name']}")
        shown.until("Enter for nowhere: ")
        shown.type("1\r")
        shown.until("Posted in ")

    shown, code = await at_terminal(state, served, talk)
    assert code == 0, shown
    posts = [each for each in server.messages if "enforce_nonce" in each]
    assert len(posts) == 1
    with closing(sqlite3.connect(state / FILE)) as connection:
        assert connection.execute("SELECT state, counted FROM occurrence").fetchall() == [("posted", 0)]
        assert connection.execute("SELECT count(*) FROM schedule WHERE removed_at IS NULL").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM given").fetchone() == (0,), "it uses nothing up"


async def test_waiting_ends_by_ctrl_c_and_by_time(tmp_path: Path, served: Loopback) -> None:
    server = Growing(served)
    served.others = server.answer
    words = ("--discord-token-file", str(tmp_path / "token"))
    (tmp_path / "token").write_text(TOKEN)

    def talk(shown: Screen) -> None:
        shown.until("Write it? [Y/n] ")
        shown.type("y\r")
        shown.until("Ctrl-C ends it.")
        interrupt(shown)
        shown.until("None has come yet.")

    shown, code = await at_terminal(tmp_path / "state", served, talk, *words)
    assert (code, "Traceback" in shown) == (0, False), shown
    further = (*words, "--yes", "--minutes", "0.02")
    done = await asyncio.to_thread(typed, tmp_path / "state", served, *further)
    assert done.code == 0, done.err
    assert "None has come yet." in done.out


async def test_where_the_bot_runs_already_it_is_not_started_twice(tmp_path: Path, served: Loopback) -> None:
    from bot.store.alone import alone

    state = tmp_path / "state"
    with alone(state):
        words = ("--discord-token-file", "-", "--yes")
        done = await asyncio.to_thread(typed, state, served, *words, stdin=TOKEN.encode())
    assert done.code == 0, done.err
    assert "The bot runs already. Restart it" in done.out
    assert served.identified == 0
