"""What systemd is told: that the bot has started when it answers, that it goes on while it does, and that it stops."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from bot.notify import STOPPING, Notifier, notified
from tests.platforms.discord.loopback import TOKEN, Loopback, loopback
from tests.platforms.discord.test_run import ended, started

PATIENCE = 20


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as opened:
        opened.bind(address)
        opened.setblocking(False)
        yield opened


async def heard(listener: socket.socket) -> list[str]:
    """Return the lines of the next message."""
    loop = asyncio.get_running_loop()
    return (await asyncio.wait_for(loop.sock_recv(listener, 4_096), PATIENCE)).decode().split("\n")


async def heard_until(listener: socket.socket, line: str) -> list[str]:
    """Return everything that is told up to a line."""
    told: list[str] = []
    while line not in told:
        told += await heard(listener)
    return told


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


@pytest.mark.parametrize("kind", ["file", "abstract"])
async def test_a_running_bot_tells_that_it_started_goes_on_and_stops(
    state: Path, tmp_path: Path, served: Loopback, kind: str
) -> None:
    address = str(tmp_path / "notify") if kind == "file" else f"\0kruzhok-{os.getpid()}-{tmp_path.name}"
    variables = {"NOTIFY_SOCKET": address.replace("\0", "@"), "WATCHDOG_USEC": "400000"}
    with listening(address) as listener:
        async with started(state, "run", **served.environment, **variables) as process:
            before = await heard_until(listener, "READY=1")
            assert served.identified == 1
            assert "STATUS=discord: connected" in before + await heard(listener)
            for _ in range(3):
                assert "WATCHDOG=1" in await heard_until(listener, "WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            told = await heard_until(listener, STOPPING[0])
            assert STOPPING[1] in told
            assert await ended(process) == (0, "", "")


async def test_a_bot_that_reaches_nobody_is_not_ready_and_asks_for_patience(state: Path, tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    nowhere = {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": "http://127.0.0.1:9"}
    with listening(address) as listener:
        async with started(state, "run", **nowhere, NOTIFY_SOCKET=address) as process:
            told: list[str] = []
            while not any("cannot be reached" in line for line in told):
                told += await heard(listener)
            assert "EXTEND_TIMEOUT_USEC=60000000" in told
            process.send_signal(signal.SIGTERM)
            told += await heard_until(listener, STOPPING[0])
            assert await ended(process)
    assert "READY=1" not in told
    assert TOKEN not in "".join(told)


@pytest.mark.goes_wrong
async def test_where_the_loop_or_the_deliveries_are_stuck_systemd_hears_nothing(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    stuck = False
    stop = asyncio.Event()
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"})
    with listening(address) as listener:
        async with notified(notifier, stop, lambda: True, lambda: stuck, lambda: "here"):
            assert await heard(listener) == ["READY=1", "STATUS=here", "WATCHDOG=1"]
            await heard_until(listener, "WATCHDOG=1")
            stuck = True
            before = drained(listener)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.get_running_loop().sock_recv(listener, 4_096), 0.1)
            assert set(before) <= {"WATCHDOG=1"}
            stuck = False
            await heard_until(listener, "WATCHDOG=1")
            drained(listener)
            sleep(0.1)  # noqa: ASYNC251 - this is the stuck loop
            assert drained(listener) == []
        assert drained(listener)[-2:] == list(STOPPING)


def drained(listener: socket.socket) -> list[str]:
    """Return everything that was told and not heard yet."""
    told: list[str] = []
    try:
        while True:
            told += listener.recv(4_096).decode().split("\n")
    except BlockingIOError:
        return told


@pytest.mark.parametrize(
    ("environment", "within"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "120000000"}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": str(os.getpid())}, 120.0),
        ({"WATCHDOG_USEC": "120000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
    ],
)
def test_systemd_says_how_often_it_wants_to_hear(environment: dict[str, str], within: float) -> None:
    assert Notifier(environment).within == within


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "@nobody-listens-here", "/" + "x" * 300])
def test_where_nobody_listens_nothing_happens(address: str) -> None:
    begun = monotonic()
    Notifier({"NOTIFY_SOCKET": address}).tell("READY=1")
    assert monotonic() - begun < 1
