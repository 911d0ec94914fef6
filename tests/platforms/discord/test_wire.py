"""The bot as a process of its own, through what goes wrong on the way to Discord: each answer comes all the same."""

import asyncio
import re
import signal
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.platforms.discord.serving import REFUSED
from tests.platforms.discord.loopback import Failure, Loopback, loopback
from tests.platforms.discord.test_run import PROMISED, SECONDS_TO_START, ended, started

# Discord waits so long for the first answer to an interaction.
PATIENCE = 3.0
# How long Discord takes for an answer that is sent while the bot is told to stop.
ANSWERING = 0.5
RATE_LIMITED: Failure = (
    429,
    {"Via": "1.1 google"},
    {"message": "You are being rate limited.", "retry_after": 0.3, "global": False},
)
UNAVAILABLE: Failure = (503, {}, {"message": "503: Service Unavailable", "code": 0})


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


@asynccontextmanager
async def running(state: Path, served: Loopback) -> AsyncIterator[Process]:
    """Run the bot until it is connected; the caller ends it, or it is killed."""
    served.ready.clear()
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        yield process


async def stopped(process: Process) -> str:
    """Tell the bot to stop, which must take no more than its time; returns what it wrote on standard error."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, out, err = await ended(process)
    assert (code, out) == (0, ""), err
    assert time.monotonic() - begun < PROMISED
    return err


def complaints(written: str) -> list[str]:
    """Return the lines on standard error that are about something wrong."""
    return [line for line in written.splitlines() if " INFO " not in line]


async def answer(served: Loopback, path: str, within: float = SECONDS_TO_START) -> Any:
    """Return the answer to one interaction; others that come before it are passed over."""
    async with asyncio.timeout(within):
        while True:
            where, body = await served.answered.get()
            if where == path:
                return body


def buttons(body: Any) -> dict[str, str]:
    """Return the custom ids of the buttons in an answer by their labels."""
    found = {}
    left = list(body["data"]["components"])
    while left:
        each = left.pop()
        left += each.get("components", [])
        if each["type"] == 2:
            found[each["label"]] = each["custom_id"]
    return found


@pytest.mark.parametrize("guilds", [1, 2000])
async def test_the_first_command_is_answered_within_five_seconds_of_the_start(
    state: Path, served: Loopback, guilds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    served.guilds = guilds
    begun = time.monotonic()
    async with running(state, served) as process:
        # Without a pause: it comes in between the servers.
        body = await answer(served, await served.slash("quote", words="Cheka"))
        first = time.monotonic() - begun
        assert "self-inflicted" in str(body)
        await asyncio.wait_for(served.guilds_told.wait(), 30)
        again = time.monotonic()
        assert "self-inflicted" in str(await answer(served, await served.slash("quote", words="Cheka"), PATIENCE))
        again = time.monotonic() - again
        await stopped(process)
    with capsys.disabled():
        print(f"\n{guilds} servers: first answer after {first:.2f} s; when all had come, in {again * 1e3:.0f} ms")
    assert first < PROMISED


async def test_commands_given_during_a_drop_are_answered_after_it(state: Path, served: Loopback) -> None:
    served.guilds = 1
    async with running(state, served) as process:
        for _ in range(3):
            served.resumed.clear()
            await served.drop()
            await asyncio.wait_for(served.resumed.wait(), SECONDS_TO_START)
            assert await answer(served, await served.slash("quote", words="Cheka"), PATIENCE)
        await stopped(process)
    assert served.identified == 1


@pytest.mark.parametrize("failure", [RATE_LIMITED, UNAVAILABLE], ids=["429", "503"])
async def test_an_answer_that_is_put_off_is_sent_again(state: Path, served: Loopback, failure: Failure) -> None:
    async with running(state, served) as process:
        served.failures = [failure]
        path = await served.slash("quote", words="Cheka")
        body = await answer(served, path, PATIENCE)
        assert "self-inflicted" in str(body)
        other = await answer(served, await served.slash("contents"), PATIENCE)
        assert "Criticisms" in str(other)
        await stopped(process)
    assert [sent for _, where, sent in served.requests if where == path] == [body, body]


async def test_waiting_for_one_answers_limit_keeps_nobody_else_waiting(state: Path, served: Loopback) -> None:
    status, headers, told = RATE_LIMITED
    async with running(state, served) as process:
        served.failures = [(status, headers, told | {"retry_after": 2})]
        first = await served.slash("quote", words="Cheka")
        await asyncio.wait_for(served.asked.wait(), SECONDS_TO_START)
        second = await served.slash("contents")
        assert (await asyncio.wait_for(served.answered.get(), 1.5))[0] == second
        assert (await asyncio.wait_for(served.answered.get(), PATIENCE))[0] == first
        await stopped(process)


# What comes in the place of an event, and whether discord.py can make nothing of it.
MALFORMED: tuple[tuple[str, Any, bool], ...] = (
    ("NO_SUCH_EVENT", {"x": 1}, False),
    ("INTERACTION_CREATE", {}, True),
    ("INTERACTION_CREATE", {"id": "1", "type": 99, "token": "x", "application_id": "1", "channel": None}, True),
    ("GUILD_CREATE", {"id": "5"}, False),
    ("GUILD_CREATE", {"id": "5", "name": None, "channels": [{}], "roles": [None]}, True),
    ("CHANNEL_UPDATE", {"id": "nothing"}, True),
    ("THREAD_LIST_SYNC", [], True),
)


async def test_malformed_events_end_nothing(state: Path, served: Loopback) -> None:
    served.guilds = 1
    async with running(state, served) as process:
        for event, data, _ in MALFORMED:
            await served.send(event, data)
            body = await answer(served, await served.slash("quote", words="Cheka"))
            assert "self-inflicted" in str(body), (event, data)
        told = await stopped(process)
    assert served.identified == 1
    logged = re.findall(r"an event could not be read: (\w+)", told)
    assert [name.upper() for name in logged] == [event for event, _, is_logged in MALFORMED if is_logged]


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        '{"op": 0}',
        *(
            pytest.param(each, marks=pytest.mark.extended)
            for each in ("[]", '{"op": 99, "d": null, "s": null, "t": null}')
        ),
    ],
)
async def test_after_a_frame_that_is_no_event_it_goes_on_or_begins_anew(
    state: Path, served: Loopback, frame: str
) -> None:
    async with running(state, served) as process:
        served.ready.clear()
        await served.send_text(frame)
        try:
            assert await answer(served, await served.slash("discuss"), PATIENCE)
        except (TimeoutError, ConnectionError):
            await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
            assert "Follow-ups" in str(await answer(served, await served.slash("discuss")))
        await stopped(process)


async def test_after_a_kill_old_buttons_are_answered(state: Path, served: Loopback) -> None:
    async with running(state, served) as process:
        body = await answer(served, await served.slash("quote", words="Cheka"))
        custom_ids = buttons(body)
        assert custom_ids
        kept = await answer(served, await served.slash("search", words="Serge " + "revolution party " * 12))
        kept_ids = [each for each in buttons(kept).values() if "#" in each]
        process.kill()
        await process.wait()
    async with running(state, served) as process:
        for custom_id in [*custom_ids.values(), *kept_ids]:
            pressed = await answer(served, await served.press(custom_id), PATIENCE)
            assert pressed["type"] in (4, 7)
            assert "no longer kept" not in str(pressed)
            assert "another version" not in str(pressed)
        await stopped(process)


@pytest.mark.extended
async def test_twenty_kills_amid_answers_lose_no_state(state: Path, served: Loopback) -> None:
    served.members = 1000
    for number in range(20):
        async with running(state, served) as process:
            for _ in range(number % 5 + 1):
                await served.slash("discuss")
            if number % 3:
                await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)
            process.kill()
            await process.wait()
    async with running(state, served) as process:
        assert "Follow-ups" in str(await answer(served, await served.slash("discuss")))
        assert not complaints(await stopped(process))


async def test_what_is_being_answered_when_it_is_told_to_stop_is_answered(state: Path, served: Loopback) -> None:
    async with running(state, served) as process:
        served.slow.clear()
        paths = {await served.slash("quote", words="Cheka"), await served.slash("search", words="Serge")}
        await asyncio.wait_for(served.asked.wait(), SECONDS_TO_START)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        asyncio.get_running_loop().call_later(ANSWERING, served.slow.set)
        code, out, err = await ended(process)
        assert ANSWERING <= time.monotonic() - begun < PROMISED
    assert (code, out, complaints(err)) == (0, "", [])
    assert {served.answered.get_nowait()[0] for _ in paths} == paths


async def test_a_revoked_token_is_told_once_and_not_tried_again(state: Path, served: Loopback) -> None:
    served.refuses = True
    async with started(state, "run", **served.environment) as process:
        code, out, err = await ended(process)
    assert (code, out, complaints(err)) == (78, "", [REFUSED])
    assert [path for _, path, _ in served.requests] == ["/users/@me"]


async def test_a_token_revoked_while_it_runs_is_told_once_and_not_tried_again(state: Path, served: Loopback) -> None:
    async with running(state, served) as process:
        served.close_code = 4004
        asked = len(served.requests)
        await served.drop(4004)
        code, out, err = await ended(process)
    assert (code, out, complaints(err)) == (78, "", [REFUSED])
    assert len(served.requests) == asked
    assert served.identified == 1
