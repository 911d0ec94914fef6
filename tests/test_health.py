"""How the running bot is can be asked on its machine: truly, in time, and without a word about anybody."""

import asyncio
import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.answers import Answers
from bot.app import App
from bot.commands import safely
from bot.errors import Refused, UserError
from bot.health import GRACE, LONGEST_ROUND, NO_METRICS, Health, told
from bot.metrics import Metrics
from bot.operating.health import NOWHERE, SILENT
from bot.platforms.discord.custom_id import COMMAND, Press
from bot.settings import HealthSettings
from bot.store.schedules import Schedule
from bot.store.state import FILE
from tests.conftest import CALLER
from tests.platforms.discord.loopback import TOKEN, Loopback, loopback
from tests.platforms.discord.test_run import ended, started
from tests.platforms.discord.test_run_delivery import Channel, overdue

PATIENCE, LOOK_EVERY = 20, 0.02
SECONDS_TO_SAY = 10.0


def free_port() -> int:
    """Return a port on which nobody listens now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def fetched(port: int, path: str) -> tuple[int, str]:
    """Ask the running bot; status 0 if nobody answers yet."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
            return response.status, await response.text()
    except aiohttp.ClientError:
        return 0, ""


async def until_it_says(port: int, wanted: int, words: str = "") -> str:
    """Wait until the bot answers so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status, text = await fetched(port, "/healthz")
            if status == wanted and words in text:
                return text
            await asyncio.sleep(LOOK_EVERY)  # another process is asked


async def health_command(state: Path, port: int, **variables: str) -> tuple[int, str, str]:
    """Ask by ``./kruzhok health``."""
    asked = {"KRUZHOK_HEALTH": f"127.0.0.1:{port}"} | variables
    async with started(state, "health", **asked) as process:
        return await ended(process)


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


async def test_a_running_bot_says_how_it_is_and_what_it_does(state: Path, served: Loopback) -> None:
    channel = Channel()
    served.others = channel.answer
    await overdue(state)
    port = free_port()
    async with started(state, "run", **served.environment, KRUZHOK_HEALTH=f"127.0.0.1:{port}") as process:
        await asyncio.wait_for(served.ready.wait(), PATIENCE)
        await served.slash("quote", words="a private question about anna")
        await asyncio.wait_for(served.answered.get(), PATIENCE)
        await served.press(Press(COMMAND, "quote Cheka").custom_id)
        await asyncio.wait_for(served.answered.get(), PATIENCE)
        report = json.loads(await until_it_says(port, 200, '"due": 0'))
        assert report["platforms"]["discord"]["connected"]
        assert report["deliveries"]["latest"] is not None
        assert report["database"] == {"writable": True}
        assert await health_command(state, port) == (0, "All is well.\n", "")
        status, text = await fetched(port, "/metrics")
        assert status == 200
        for line in (
            'kruzhok_answers_total{command="quote",outcome="answered"} 2.0',
            'kruzhok_answer_seconds_bucket{command="quote",le="+Inf"} 2.0',
            'kruzhok_posts_total{outcome="posted"} 1.0',
            'kruzhok_platform_up{platform="discord"} 1.0',
            "kruzhok_database_writable 1.0",
            "kruzhok_errors_total 0.0",
        ):
            assert f"\n{line}\n" in text
        assert not re.search(rf"private|anna|{TOKEN}|Cheka|discord:", text + json.dumps(report))
        await served.drop()
        await asyncio.wait_for(served.resumed.wait(), PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[:2] == (0, "")


async def test_a_bot_that_is_not_connected_says_so(state: Path) -> None:
    port = free_port()
    nowhere = {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": "http://127.0.0.1:9"}
    async with started(state, "run", **nowhere, KRUZHOK_HEALTH=f"127.0.0.1:{port}") as process:
        report = json.loads(await until_it_says(port, 503, "cannot be reached"))
        assert not report["platforms"]["discord"]["connected"]
        code, out, err = await health_command(state, port)
        assert (code, out) == (1, "")
        assert err.startswith("discord is not connected: Discord cannot be reached.")
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0


async def test_where_nobody_answers_that_is_said_in_time(state: Path) -> None:
    port = free_port()
    assert await health_command(state, port) == (1, "", f"{SILENT.format(address=f'127.0.0.1:{port}')}\n")
    assert await health_command(state, port, KRUZHOK_HEALTH="") == (1, "", f"{NOWHERE}\n")


@asynccontextmanager
async def hostile(answer: bytes, ends: bool) -> AsyncIterator[int]:
    """Serve something else in the bot's place; gives the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        while not ends and await reader.read(1_000):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        (b"", False),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"[" * 60_000, True),
        (b"HTTP/1.0 200 OK\r\n\r\n[]", True),
        (b"HTTP/1.0 200 OK\r\n\r\n{}", True),
        (b'HTTP/1.0 200 OK\r\n\r\n{"reasons": 1}', True),
        (b"\xff" * 200_000, True),
    ],
    ids=["nothing", "deep", "list", "empty", "number", "long"],
)
async def test_whatever_else_answers_is_no_bot(state: Path, answer: bytes, ends: bool) -> None:
    async with hostile(answer, ends) as port:
        begun = monotonic()
        code, out, err = await health_command(state, port)
        assert monotonic() - begun < SECONDS_TO_SAY
    assert (code, out) == (1, "")
    assert err.startswith("No bot answers")


@pytest.fixture
def health(app: App) -> Health:
    app.conditions.of("discord").connected()
    return Health(app, None)


async def test_a_connection_that_is_resumed_is_nothing_to_be_told(app: App, health: Health) -> None:
    condition = app.conditions.of("discord")
    condition.disconnected("it broke")
    assert (await health.look()).reasons == ()
    assert condition.since is not None
    condition.since -= GRACE
    (reason,) = (await Health(app, None).look()).reasons
    assert reason == "discord is not connected: it broke."
    condition.connected()
    assert (await Health(app, None).look()).reasons == ()


async def test_who_refuses_the_bot_is_told_at_once(app: App, health: Health) -> None:
    app.conditions.of("discord").disconnected("The token is refused.", is_refused=True)
    assert (await health.look()).reasons == ("discord is not connected: The token is refused.",)


async def test_deliveries_that_make_no_progress_are_told(app: App, health: Health) -> None:
    app.delivery.looked_at["discord"] = monotonic() - LONGEST_ROUND - 1
    assert (await health.look()).reasons == ("Deliveries make no progress.",)


async def test_a_database_that_cannot_be_written_is_told(app: App, health: Health, state: Path) -> None:
    with closing(sqlite3.connect(state / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        (reason,) = (await health.look()).reasons
    assert reason == "The state database cannot be written: somebody else holds it."
    assert (await Health(app, None).look()).reasons == ()
    await app.standing._state._writer.execute_fetchall("PRAGMA query_only = ON")
    (reason,) = (await Health(app, None).look()).reasons
    assert reason == "The state database cannot be written: attempt to write a readonly database."


async def test_what_is_due_and_late_is_counted(app: App, health: Health) -> None:
    now = app.now()
    for minutes in (-1, 0, 10):
        await app.scheduling._schedules.add(due_before(minutes, now), "", now, 10)
    report = await health.look()
    assert (report.due.due, report.due.late) == (2, 1)


def due_before(minutes: int, now: datetime) -> Schedule:
    """Return a schedule that has been due for so long."""
    due = now - timedelta(minutes=minutes)
    return Schedule(
        id=f"{minutes:016}",
        group=f"discord:{minutes + 100}",
        server="",
        number=0,
        what="prompt",
        rule="daily 00:00",
        zone="UTC",
        start=due.date(),
        handled=due.replace(tzinfo=None) - timedelta(minutes=1),
        next_at=due,
    )


async def test_answers_are_counted_by_command_and_outcome_and_by_nothing_else(app: App) -> None:
    counted: list[tuple[str, str]] = []
    answers = Answers(lambda command, outcome, seconds: counted.append((command, outcome)))
    app.commands._answers = answers
    for line in ("/quote Cheka", "/search", "/xyzzy anna", "/config show", "/cite ¶99999"):
        await safely(app.commands.answer(CALLER, line))
    assert counted == [
        ("quote", "answered"),
        ("unknown", "usage"),
        ("unknown", "usage"),
        ("config show", "refused"),
        ("cite", "usage"),
    ]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(UserError("x"), "usage"), (Refused("x"), "refused"), (KeyError("x"), "bug"), (None, "answered")],
)
def test_an_answer_within_another_is_the_same(error: Exception | None, outcome: str) -> None:
    counted: list[tuple[str, str, float]] = []
    ticks = iter([1.0, 3.5])
    answers = Answers(lambda *each: counted.append(each), lambda: next(ticks))

    def give() -> None:
        with answers.one("component", ""), answers.one("quote", ""):
            if error:
                raise error

    if error:
        with pytest.raises(type(error)):
            give()
    else:
        give()
    assert counted == [("quote", outcome, 2.5)]


async def test_metrics_are_what_prometheus_reads(health: Health) -> None:
    metrics = Metrics()
    metrics.count_answer("quote", "answered", 0.02)
    metrics.count_step("given up")
    metrics.count_step("before claim")
    families = {each.name: each for each in text_string_to_metric_families(metrics.write(await health.look()).decode())}
    assert all(name.startswith("kruzhok_") for name in families)
    labels = {label for each in families.values() for sample in each.samples for label in sample.labels}
    assert labels <= {"command", "outcome", "platform", "le"}
    assert all(each.documentation for each in families.values())


async def test_without_the_package_health_is_told_all_the_same(health: Health) -> None:
    port = free_port()
    async with told(HealthSettings("127.0.0.1", port), health, None):
        assert (await fetched(port, "/healthz"))[0] == 200
        assert await fetched(port, "/metrics") == (501, f"{NO_METRICS}\n")
        assert (await fetched(port, "/"))[0] == 404


def test_where_nobody_asks_nothing_is_imported_for_it() -> None:
    code = "import sys, bot.run; print('prometheus_client' in sys.modules, 'aiohttp.web' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


@pytest.mark.goes_wrong
async def test_an_address_that_is_taken_ends_nothing(health: Health, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        async with told(HealthSettings("127.0.0.1", port), health, None):
            assert "cannot be listened on" in caplog.text
