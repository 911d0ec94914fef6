"""``run`` and ``invite`` as processes of their own, against a Discord on loopback."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.platforms.discord.serving import REFUSED
from bot.settings import SettingsError, read_configuration
from tests.platforms.discord.loopback import APPLICATION, COMMANDS, TOKEN, Loopback, loopback

ROOT = Path(__file__).parents[3]
PROMISED = 5.0  # seconds, on a machine that is no busier than the tests make it
SECONDS_TO_START, SECONDS_TO_STOP = 20, 20  # far more than either takes, so that only what hangs fails


@asynccontextmanager
async def started(state: Path, *words: str, **variables: str) -> AsyncIterator[Process]:
    """Start the bot with these settings and no others."""
    here = {"PATH": os.environ["PATH"], "HOME": str(state), "PYTHONPATH": str(ROOT), "KRUZHOK_STATE": str(state)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=here | variables, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(process: Process) -> tuple[int, str, str]:
    """Return exit code, output and errors of a process that ends by itself."""
    out, err = await asyncio.wait_for(process.communicate(), SECONDS_TO_START + SECONDS_TO_STOP)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


async def test_the_first_command_is_answered_in_time_and_a_signal_ends_it(state: Path, served: Loopback) -> None:
    begun = time.monotonic()
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        await served.slash("quote", words="Cheka")
        _, answer = await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)
        assert time.monotonic() - begun < PROMISED
        assert "self-inflicted" in str(answer)
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, out, err = await ended(process)
    assert (code, out, err) == (0, "", "")
    assert time.monotonic() - stopped < PROMISED
    assert [path for method, path, _ in served.requests if method == "PUT"] == [COMMANDS]


async def test_what_is_being_answered_is_finished(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        served.slow.clear()
        await served.slash("search", words="Serge")
        await asyncio.wait_for(served.asked.wait(), SECONDS_TO_START)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.5)
        served.slow.set()
        _, answer = await asyncio.wait_for(served.answered.get(), SECONDS_TO_STOP)
        assert "passages" in str(answer)
        code, _, err = await ended(process)
    assert (code, err) == (0, "")


async def test_an_answer_that_never_ends_does_not_keep_it(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        served.slow.clear()
        await served.slash("contents")
        await asyncio.wait_for(served.asked.wait(), SECONDS_TO_START)
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, err = await ended(process)
        served.slow.set()
    assert code == 0
    assert time.monotonic() - stopped < PROMISED
    assert "not finished" in err


async def test_a_broken_connection_is_resumed_by_the_same_way(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        await served.drop()
        await asyncio.wait_for(served.resumed.wait(), SECONDS_TO_START)
        await served.slash("contents")
        assert await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
    assert served.identified == 1


async def test_commands_are_not_sent_again_after_a_restart(state: Path, served: Loopback) -> None:
    for _ in range(2):
        served.ready.clear()
        async with started(state, "run", **served.environment) as process:
            await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
            process.send_signal(signal.SIGTERM)
            assert (await ended(process))[0] == 0
    assert [path for method, path, _ in served.requests if method == "PUT"] == [COMMANDS]
    assert served.identified == 2


async def test_a_refused_token_is_one_sentence_and_no_loop(state: Path, served: Loopback) -> None:
    served.refuses = True
    for word in ("run", "invite"):
        async with started(state, word, **served.environment) as process:
            assert await ended(process) == (78, "", f"{REFUSED}\n")
    assert len(served.requests) == 2


async def test_a_token_that_the_gateway_refuses_is_one_sentence_and_no_loop(state: Path, served: Loopback) -> None:
    served.close_code = 4004
    async with started(state, "run", **served.environment) as process:
        assert await ended(process) == (78, "", f"{REFUSED}\n")


async def test_the_invitation_is_two_links(state: Path, served: Loopback) -> None:
    async with started(state, "invite", **served.environment) as process:
        code, out, err = await ended(process)
    assert (code, err) == (0, "")
    assert out.count(f"client_id={APPLICATION}") == 2
    assert TOKEN not in out


async def test_where_nothing_answers_it_says_so(state: Path) -> None:
    nowhere = {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": "http://127.0.0.1:9"}
    async with started(state, "invite", **nowhere) as process:
        code, _, err = await ended(process)
    assert code == 69
    assert "cannot be reached" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("word", ["run", "invite"])
async def test_without_a_token_it_says_what_to_do(state: Path, word: str) -> None:
    async with started(state, word) as process:
        code, _, err = await ended(process)
    assert code == 78
    assert "KRUZHOK_DISCORD_TOKEN" in err
    assert err.count("\n") == 1


def test_a_token_is_read_from_a_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", "utf-8")
    settings = read_configuration({"KRUZHOK_DISCORD_TOKEN_FILE": str(file)})
    assert settings.discord is not None
    assert settings.discord.token == TOKEN
    assert TOKEN not in repr(settings)
    assert read_configuration({}).discord is None


@pytest.mark.parametrize(
    "variables",
    [
        {"KRUZHOK_DISCORD_TOKEN_FILE": "/nowhere/token"},
        {"KRUZHOK_DISCORD_TOKEN_FILE": os.devnull},
        {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": "discord.com"},
        {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_GATEWAY": "https://discord.com"},
    ],
)
def test_settings_that_cannot_be_are_told(variables: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="KRUZHOK_DISCORD"):
        read_configuration(variables)
