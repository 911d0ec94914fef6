"""Says how the running bot is: looks at everything that can fail, and tells whoever asks on the machine."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from bot import __version__
from bot.app import App
from bot.condition import Condition
from bot.settings import HealthSettings
from bot.store.standing import Due

log = logging.getLogger(__name__)

# Connections break and are resumed within seconds; this is nothing to be told.
GRACE = timedelta(seconds=60)
LATE_AFTER = timedelta(minutes=5)
# A round of deliveries waits for slow services, but for no longer than this.
LONGEST_ROUND = 180.0
# How long a look holds; whoever asks more often gets the same.
_KEPT_SECONDS = 2.0
_POSTED = "after record"
_UNKEPT = {"Cache-Control": "no-store"}
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
NO_METRICS = (
    "There are no metrics: the package prometheus-client is not installed. `pip install prometheus-client` adds it."
)
CANNOT_LISTEN = "Nobody can ask how the bot is: {address} cannot be listened on ({why}). The bot goes on without it."


@dataclass(frozen=True, slots=True)
class Report:
    """How the bot is.

    Attributes:
        reasons: Why it is not well, a sentence each; none if it is.
        rest: For how many seconds no delivery looked at the outbox, at worst; None if nobody delivers.
        latest_post: When a post was last made (UTC).
    """

    reasons: tuple[str, ...]
    started: datetime
    platforms: dict[str, Condition]
    due: Due
    rest: float | None
    latest_post: datetime | None
    why_not_writable: str

    def __str__(self) -> str:
        platforms = {
            name: {
                "connected": each.is_connected,
                "since": _time(each.since),
                "latest": _time(each.latest),
                "why": each.why,
            }
            for name, each in self.platforms.items()
        }
        deliveries = {
            "latest": _time(self.latest_post),
            "due": self.due.due,
            "late": self.due.late,
            "looked_seconds_ago": None if self.rest is None else round(self.rest, 1),
        }
        told = {
            "well": not self.reasons,
            "reasons": self.reasons,
            "version": __version__,
            "started": _time(self.started),
            "platforms": platforms,
            "deliveries": deliveries,
            "database": {"writable": not self.why_not_writable},
        }
        return json.dumps(told, indent=1) + "\n"


def _time(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def is_stuck(app: App, now: float) -> bool:
    """Whether deliveries make no progress; ``now`` is in seconds that never go back."""
    return any(now - looked > LONGEST_ROUND for looked in app.delivery.looked_at.values())


class Health:
    """Looks at the running bot."""

    def __init__(self, app: App, latest_post: datetime | None) -> None:
        self._app = app
        self._started = app.now()
        self._latest_post = latest_post
        self._looking = asyncio.Lock()
        self._kept: tuple[float, Report] | None = None

    def step(self, name: str) -> None:
        """Note a step of a delivery."""
        if name == _POSTED:
            self._latest_post = self._app.now()

    async def look(self) -> Report:
        """Return how the bot is, now or some moments ago."""
        async with self._looking:
            if self._kept is None or monotonic() - self._kept[0] > _KEPT_SECONDS:
                self._kept = (monotonic(), await self._look())
            return self._kept[1]

    async def _look(self) -> Report:
        app, now = self._app, self._app.now()
        why = await app.standing.why_not_writable()
        rest = max((monotonic() - looked for looked in app.delivery.looked_at.values()), default=None)
        return Report(
            reasons=tuple(self._reasons(now, why)),
            started=self._started,
            platforms=dict(app.conditions.all),
            due=await app.standing.due(now, LATE_AFTER),
            rest=rest,
            latest_post=self._latest_post,
            why_not_writable=why,
        )

    def _reasons(self, now: datetime, why_not_writable: str) -> Iterator[str]:
        for name, each in self._app.conditions.all.items():
            was_connected = each.latest is not None and not each.is_refused
            if not each.is_connected and not (was_connected and each.since and now - each.since < GRACE):
                yield f"{name} is not connected: {each.why.rstrip('.')}."
        if why_not_writable:
            yield f"The state database cannot be written: {why_not_writable}."
        if is_stuck(self._app, monotonic()):
            yield "Deliveries make no progress."


@asynccontextmanager
async def told(
    settings: HealthSettings, health: Health, write_metrics: Callable[[Report], bytes] | None
) -> AsyncIterator[None]:
    """Answer ``/healthz``, and ``/metrics`` if somebody writes them; the bot goes on also where this cannot be."""
    from aiohttp import web

    async def healthz(request: web.Request) -> web.Response:
        report = await health.look()
        return web.Response(
            text=str(report), status=503 if report.reasons else 200, content_type="application/json", headers=_UNKEPT
        )

    async def written(request: web.Request) -> web.Response:
        if write_metrics is None:
            return web.Response(text=f"{NO_METRICS}\n", status=501)
        return web.Response(body=write_metrics(await health.look()), headers=_UNKEPT | {"Content-Type": _PROMETHEUS})

    application = web.Application()
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/metrics", written)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, settings.host, settings.port).start()
        except OSError as error:
            address = f"{settings.host}:{settings.port}"
            log.error("%s", CANNOT_LISTEN.format(address=address, why=error.strerror))
        yield
    finally:
        await runner.cleanup()
