"""Tells systemd how the bot is: that it has started, what it does, that it goes on, that it stops."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

log = logging.getLogger(__name__)

_MICROSECONDS = 1_000_000
_LOOK_EVERY = 1.0
# While no chat service can be reached they are tried again here; to be started anew would not help.
_PATIENCE_SECONDS = 60
STOPPING = ("STOPPING=1", "STATUS=Stopping")


class Notifier:
    """The socket that systemd listens on (sd_notify(3)); where there is none, nobody is told.

    Args:
        environment: ``NOTIFY_SOCKET``, and how often systemd wants to hear from which process.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        own = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        within = environment.get("WATCHDOG_USEC", "") if own else ""
        self.within = int(within) / _MICROSECONDS if within.isascii() and within.isdigit() else 0.0

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Tell something, without waiting; what does not get through is not told again."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
                telling.setblocking(False)
                telling.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.debug("systemd could not be told: %s", error)


@asynccontextmanager
async def notified(
    notifier: Notifier,
    stop: asyncio.Event,
    is_ready: Callable[[], bool],
    is_stuck: Callable[[], bool],
    status: Callable[[], str],
) -> AsyncIterator[None]:
    """Keep systemd informed by the event loop itself: where that is stuck, systemd hears nothing, and starts it anew.

    Args:
        is_ready: Whether what was started does its work.
        is_stuck: Whether it goes on, and does not do it.
        status: What it does, in a few words.
    """
    telling = asyncio.ensure_future(_tell(notifier, stop, is_ready, is_stuck, status)) if notifier.is_heard else None
    try:
        yield
    finally:
        if telling:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        notifier.tell(*STOPPING)


async def _tell(
    notifier: Notifier,
    stop: asyncio.Event,
    is_ready: Callable[[], bool],
    is_stuck: Callable[[], bool],
    status: Callable[[], str],
) -> None:
    every = min(_LOOK_EVERY, notifier.within / 4) if notifier.within else _LOOK_EVERY
    was_ready, said = False, ""
    while not stop.is_set():
        lines = []
        if not was_ready and is_ready():
            was_ready = True
            lines.append("READY=1")
        if (now := status()) != said:
            said = now
            lines.append(f"STATUS={now}")
        if notifier.within and not is_stuck():
            lines.append("WATCHDOG=1")
        if not was_ready:
            lines.append(f"EXTEND_TIMEOUT_USEC={_PATIENCE_SECONDS * _MICROSECONDS}")
        if lines:
            notifier.tell(*lines)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every)
    notifier.tell(*STOPPING)
