"""Schedules and settings: an idle look at the outbox, the next time of old rules, settings beside aiosqlite."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic, perf_counter, perf_counter_ns

import aiosqlite

from bot.features.group_values import GroupValues
from bot.recurrence.occurrences import upcoming
from bot.recurrence.when import parse
from bot.recurrence.zones import TZDATA_VERSION, zone
from bot.store.chosen import Chosen
from bot.store.claims import Claims
from bot.store.occurrence import Occurrence, Planned, key_of
from bot.store.occurrences import Occurrences
from bot.store.schedules import Move, Schedules
from bot.store.state import FILE, milliseconds, open_state
from tests.bench.table import Table, Timing, tell

_NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
_SIZES, _LARGE = (1_000, 100_000), 1_000_000
_LOOKS, _DUE = 300, 200
_RULES = ("daily 08:00", "thursdays 19:00", "every 2 weeks on sunday 18:00", "first monday 20:00", "last friday 19:30")
_YEARS = (0, 10)
_REPEATED = 300
_CALLERS, _EACH = (1, 50), 40
_COLUMNS = (
    "id, platform, group_id, server, number, what, rule, zone, start, handled, next_at, tzdata, computed_at, paused,"
    " paused_at, removed_at, created_at"
)


def measure(folder: Path, full: bool) -> Iterator[Table]:
    """Measure outboxes of 1,000 and 100,000 schedules, and of 1,000,000 if ``full``; rules; settings."""
    looked = []
    for size in (*_SIZES, *((_LARGE,) if full else ())):
        tell(f"{size:,} schedules")
        looked.append(asyncio.run(_looking(folder / str(size), size)))
    yield Table(
        "The outbox, ms: p50 / p99",
        ("schedules", "idle look", f"look with {_DUE} due", f"plan and claim {_DUE}, a post", "idle aim"),
        looked,
    )
    yield Table("The next time of a rule, µs", ("rule", *(f"begun {years} years ago" for years in _YEARS)), _rules())
    yield Table(
        "Settings, ms a call: p50 / p99",
        ("callers", "read", "bare read", "write", "bare write"),
        asyncio.run(_settings(folder / "settings")),
    )


async def _looking(folder: Path, size: int) -> Sequence[str]:
    async with AsyncExitStack() as stack:
        state = await open_state(stack, folder)
        _fill(folder / FILE, size)
        schedules = Schedules(state, TZDATA_VERSION)
        occurrences, claims = Occurrences(state, schedules), Claims(state, "bench")

        async def look(now: datetime) -> None:
            await schedules.due("discord", now, _DUE)
            await claims.claim("discord", now, now + timedelta(seconds=90), 1)

        idle = await _timed(lambda: look(_NOW), _LOOKS)
        then = _NOW + timedelta(days=2)
        busy = await _timed(lambda: schedules.due("discord", then, _DUE), 50)
        begun = perf_counter()
        due = await schedules.due("discord", then, _DUE)
        plans = [
            Planned(
                Move(each, each.next_at and each.next_at + timedelta(days=700), None, each.zone),
                (Occurrence(key_of(each.id, "1"), each.id, each.group, "1", then, then),),
                "",
            )
            for each in due
        ]
        await occurrences.plan(plans, then)
        for _ in due:
            await claims.claim("discord", then, then + timedelta(seconds=90), 1)
        a_post = (perf_counter() - begun) * 1000 / len(due)
    return (f"{size:,}", str(idle), str(busy), f"{a_post:.2f}", "1")


def _fill(path: Path, size: int) -> None:
    """Make schedules that are due from tomorrow on, one a second."""
    tomorrow = milliseconds(_NOW + timedelta(days=1))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            f"INSERT INTO schedule ({_COLUMNS}) VALUES (?, 'discord', ?, '', 1, 'prompt', 'thursdays 19:00',"  # noqa: S608
            f" 'Europe/Paris', '2026-04-30', '', ?, '{TZDATA_VERSION}', 0, '', NULL, NULL, 0)",
            ((f"{number:032x}", f"discord:{number}", tomorrow + number * 1000) for number in range(size)),
        )


def _rules() -> list[Sequence[str]]:
    there = zone("Europe/Paris")
    rows: list[Sequence[str]] = []
    for rule in _RULES:
        when, taken = parse(rule), []
        for years in _YEARS:
            start, after = date(_NOW.year - years, 1, 5), _NOW.replace(tzinfo=None)
            begun = perf_counter_ns()
            for _ in range(_REPEATED):
                next(upcoming(when, start, there, after))
            taken.append(f"{(perf_counter_ns() - begun) / _REPEATED / 1000:.0f}")
        rows.append((rule, *taken))
    return rows


async def _settings(folder: Path) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    async with AsyncExitStack() as stack:
        state = await open_state(stack, folder)
        bare = await stack.enter_async_context(aiosqlite.connect(folder / "bare.sqlite", isolation_level=None))
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            await bare.execute(f"PRAGMA {pragma}")
        await bare.execute("CREATE TABLE setting (scope TEXT, name TEXT, value TEXT, PRIMARY KEY (scope, name)) STRICT")
        chosen = Chosen(state, Schedules(state, TZDATA_VERSION), monotonic)
        for callers in _CALLERS:
            read = await _together(callers, lambda n: GroupValues(chosen).at(f"discord:{n}", "discord:server:1"))
            bare_read = await _together(callers, lambda n: _bare_read(bare, n))
            write = await _together(callers, lambda n: chosen.choose(f"discord:{n}", {"grace": str(n)}, (), "m", _NOW))
            bare_write = await _together(callers, lambda n: _bare_write(bare, n))
            rows.append((str(callers), str(read), str(bare_read), str(write), str(bare_write)))
    return rows


async def _bare_read(connection: aiosqlite.Connection, number: int) -> None:
    scopes = (f"discord:{number}", "discord:server:1")
    await connection.execute_fetchall("SELECT scope, name, value FROM setting WHERE scope IN (?, ?)", scopes)


async def _bare_write(connection: aiosqlite.Connection, number: int) -> None:
    await connection.execute(
        "INSERT INTO setting VALUES (?, 'grace', ?) ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value",
        (f"discord:{number}", str(number)),
    )


async def _together(callers: int, ask: Callable[[int], Awaitable[object]]) -> Timing:
    """Ask from several sides at once, each one after the other."""
    times: list[int] = []

    async def one(caller: int) -> None:
        for number in range(_EACH):
            begun = perf_counter_ns()
            await ask(caller * _EACH + number)
            times.append(perf_counter_ns() - begun)

    await asyncio.gather(*(one(caller) for caller in range(callers)))
    return Timing(sorted(times))


async def _timed(ask: Callable[[], Awaitable[object]], number: int) -> Timing:
    times = []
    for _ in range(number):
        begun = perf_counter_ns()
        await ask()
        times.append(perf_counter_ns() - begun)
    return Timing(sorted(times))
