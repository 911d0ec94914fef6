"""Several chat services in one process: what befalls one does not befall the others."""

import asyncio
import logging
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from aiohttp import web

from bot import services
from bot.condition import Condition
from bot.errors import CannotServe
from bot.platforms.discord.serving import REFUSED
from bot.services import Service, serve_all
from bot.store.alone import IN_USE
from tests.platforms.discord.loopback import Loopback, loopback
from tests.platforms.discord.test_run import SECONDS_TO_STOP, ended, started

# Two chat libraries take a while to be imported.
PATIENCE = 30
NOWHERE = {
    "KRUZHOK_MATRIX_HOMESERVER": "http://127.0.0.1:9",
    "KRUZHOK_MATRIX_USER": "kruzhok",
    "KRUZHOK_MATRIX_PASSWORD": "a planted password",
}


class Fake:
    """A chat service that fails as it is told, and is served afterwards."""

    def __init__(self, name: str, *failures: Exception) -> None:
        self.begun = asyncio.Queue[int]()
        self.failures = list(failures)
        self.service = Service(name, self.serve, Condition(lambda: datetime.now(UTC)))

    async def serve(self, stop: asyncio.Event) -> None:
        self.begun.put_nowait(1)
        if self.failures:
            raise self.failures.pop(0)
        self.service.condition.connected()
        await stop.wait()


def refusal(sentence: str = "Not you.") -> CannotServe:
    return CannotServe(sentence, is_refusal=True)


def silence() -> CannotServe:
    return CannotServe("Nobody answers.", is_refusal=False)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing wait long before it is tried again."""
    monkeypatch.setattr(services, "FIRST_RETRY", 0.001)
    monkeypatch.setattr(services, "LONGEST_RETRY", 0.002)


@pytest.mark.goes_wrong
@pytest.mark.usefixtures("impatient")
async def test_what_fails_is_tried_again_and_the_other_does_not_suffer(caplog: pytest.LogCaptureFixture) -> None:
    well, unwell = Fake("Well"), Fake("Unwell", silence(), RuntimeError("a bug"), silence())
    stop = asyncio.Event()
    running = asyncio.ensure_future(serve_all([well.service, unwell.service], stop, Random(1)))
    async with asyncio.timeout(PATIENCE):
        for _ in range(4):
            await unwell.begun.get()
    assert unwell.service.condition.is_connected
    assert (well.begun.qsize(), running.done()) == (1, False)
    stop.set()
    assert await running == []
    again = [record.message for record in caplog.records if "tried again" in record.message]
    assert again == [
        "Nobody answers. It is tried again in 0 s.",
        "Serving Unwell failed, which is a mistake of Kruzhok's. It is tried again in 0 s.",
        "Nobody answers. It is tried again in 0 s.",
    ]


async def test_tries_come_further_and_further_apart() -> None:
    class Dice(Random):
        def uniform(self, a: float, b: float) -> float:
            pauses.append((a, b))
            return 0.0

    pauses: list[tuple[float, float]] = []
    failing = Fake("Failing", *(silence() for _ in range(12)))
    stop = asyncio.Event()
    records: list[logging.LogRecord] = []
    running = asyncio.ensure_future(serve_all([failing.service], stop, Dice()))
    async with asyncio.timeout(PATIENCE):
        for _ in range(13):
            await failing.begun.get()
    stop.set()
    await running
    assert pauses == [(0.5, 1.5)] * 12
    assert records == []


@pytest.mark.goes_wrong
async def test_who_refuses_the_bot_is_left_alone_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    refusing, well = Fake("Refusing", refusal()), Fake("Well")
    stop = asyncio.Event()
    running = asyncio.ensure_future(serve_all([refusing.service, well.service], stop, Random(1)))
    async with asyncio.timeout(PATIENCE):
        await refusing.begun.get()
        await well.begun.get()
    stop.set()
    assert await running == ["Not you."]
    assert [record.message for record in caplog.records] == ["Not you."]
    assert (refusing.begun.qsize(), refusing.service.condition.is_refused) == (0, True)


@pytest.mark.goes_wrong
async def test_it_ends_when_all_refuse_the_bot() -> None:
    both = [Fake("One", refusal("One.")), Fake("Two", refusal("Two."))]
    async with asyncio.timeout(PATIENCE):
        assert await serve_all([each.service for each in both], asyncio.Event(), Random(1)) == ["One.", "Two."]


async def test_a_stop_does_not_wait_for_the_next_try() -> None:
    failing = Fake("Failing", silence())
    stop = asyncio.Event()
    running = asyncio.ensure_future(serve_all([failing.service], stop, Random(1)))
    await failing.begun.get()
    stop.set()
    async with asyncio.timeout(0.5):
        await running


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


@asynccontextmanager
async def refusing_homeserver() -> AsyncIterator[dict[str, str]]:
    """Serve a homeserver that lets nobody in; gives the settings that lead there."""

    async def refuse(request: web.Request) -> web.Response:
        if request.path.endswith("/versions"):
            return web.json_response({"versions": ["v1.11"]})
        return web.json_response({"errcode": "M_FORBIDDEN", "error": "Invalid username or password"}, status=403)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield NOWHERE | {"KRUZHOK_MATRIX_HOMESERVER": f"http://127.0.0.1:{runner.addresses[0][1]}"}
    finally:
        await runner.cleanup()


async def test_discord_answers_while_matrix_cannot_be_reached(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment, **NOWHERE) as process:
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        assert b"It is tried again in" in line
        await asyncio.wait_for(served.ready.wait(), PATIENCE)
        await served.slash("quote", words="Cheka")
        assert await asyncio.wait_for(served.answered.get(), PATIENCE)
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, err = await ended(process)
    assert code == 0
    assert time.monotonic() - stopped < SECONDS_TO_STOP
    assert "planted" not in err


async def test_one_that_refuses_the_bot_does_not_end_the_other(state: Path, served: Loopback) -> None:
    async with refusing_homeserver() as refusing, started(state, "run", **served.environment, **refusing) as process:
        assert process.stderr is not None
        line = await asyncio.wait_for(process.stderr.readline(), PATIENCE)
        assert b"ERROR" in line
        await asyncio.wait_for(served.ready.wait(), PATIENCE)
        await served.slash("quote", words="Cheka")
        assert await asyncio.wait_for(served.answered.get(), PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0


async def test_where_both_refuse_the_bot_it_ends_with_both_reasons(state: Path, served: Loopback) -> None:
    served.refuses = True
    async with refusing_homeserver() as refusing, started(state, "run", **served.environment, **refusing) as process:
        code, out, err = await ended(process)
    assert (code, out) == (78, "")
    assert REFUSED in err.splitlines()
    assert len(err.splitlines()) == 3


async def read_until(stream: asyncio.StreamReader, words: bytes) -> list[str]:
    """Read lines until one has these words, or there are no more."""
    lines = []
    while (line := await stream.readline()) and words not in line:
        lines.append(line.decode())
    return lines


@pytest.mark.parametrize(("used", "unused"), [("discord", "nio"), ("nio", "discord")])
async def test_a_chat_library_is_imported_only_where_its_service_is_configured(
    state: Path, served: Loopback, used: str, unused: str
) -> None:
    variables = served.environment if used == "discord" else NOWHERE
    async with started(state, "run", PYTHONPROFILEIMPORTTIME="1", **variables) as process:
        assert process.stderr is not None
        reading = asyncio.ensure_future(read_until(process.stderr, b"tried again"))
        ready = asyncio.ensure_future(served.ready.wait())
        # Whoever profiles imports is slow.
        await asyncio.wait({reading, ready}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        process.send_signal(signal.SIGTERM)
        lines = await asyncio.wait_for(reading, SECONDS_TO_STOP) + (await ended(process))[2].splitlines()
        ready.cancel()
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert used in imported
    assert unused not in imported


async def test_only_one_bot_runs_on_a_state_folder(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), PATIENCE)
        async with started(state, "run", **served.environment) as second:
            code, _, err = await ended(second)
        assert (code, err) == (78, f"Kruzhok cannot start: {IN_USE.format(folder=state)}\n")
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
