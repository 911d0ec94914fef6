"""Looks at what is kept: the state database, what is planned in it, the library's index."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from bot.features.planning import next_times
from bot.library.index import checksum, reading_folders
from bot.operating.findings import Finding, ok, problem, warning
from bot.recurrence.zones import TZDATA_VERSION, zone
from bot.reply import day_and_time
from bot.store.looking import damage_in, versions_in
from bot.store.occurrences import Occurrences
from bot.store.overview import Figures, Overview
from bot.store.schedules import Schedules
from bot.store.state import FILE, UNFINISHED, State

_SHOWN = 3
# A lease and some tries; what is later than this has no process that is at it.
_LATE = timedelta(minutes=15)
_RESTORE = "Put a backup back: ./kruzhok restore FILE"


def library(data: Sequence[Path], state: Path) -> Finding:
    """Look whether the index of the readings is of what they are now."""
    folders = reading_folders(data)
    if not folders:
        return problem("library", "There is no reading.", "Install Kruzhok anew: the folder data/ is part of it.")
    number = f"{len(folders)} reading{'s' if len(folders) > 1 else ''}"
    if (state / f"library-{checksum(folders)}.sqlite").exists():
        return ok("library", f"The index of {number} is up to date.")
    return ok("library", f"The index of {number} is built at the next start.")


def without_readings(data: Sequence[Path]) -> Iterator[Finding]:
    """Look which of the folders of readings are not there, or hold none: what is meant to be read is not."""
    for root in data:
        if not root.is_dir():
            cure = "Make it, or put KRUZHOK_DATA right (in a file: data, under [folders])."
            yield warning("library", f"{root}, a folder of readings, is not there.", cure)
        elif not reading_folders([root]):
            cure = "A reading is a folder in it with source.txt and reading.toml; the README says more."
            yield warning("library", f"There is no reading in {root}.", cure)


def unfinished(folder: Path) -> Iterator[Finding]:
    """Look whether a restoring was broken off."""
    if (folder / UNFINISHED).exists():
        cure = "Run ./kruzhok restore with the same file again."
        yield problem("restoring", "A backup was restored, and not to the end; no bot starts so.", cure)


def no_state(folder: Path, error: Exception) -> Finding:
    """Return that the state cannot be looked at."""
    if not (folder / FILE).exists():
        return ok("state", f"{folder / FILE} is not there yet; it is made at the first start.")
    return problem("state", str(error), f"Is it this user's? Otherwise: {_RESTORE[0].lower()}{_RESTORE[1:]}")


async def state(opened: State, folder: Path) -> Finding:
    """Look whether the database is whole, and of a version that this program knows."""
    try:
        version, newest = await versions_in(opened)
    except sqlite3.Error as error:
        return problem("state", f"{folder / FILE} is damaged: {error}.", _RESTORE)
    if version > newest:
        said = f"The state has version {version}, and this Kruzhok knows versions up to {newest}."
        return problem("state", said, "Start the newer Kruzhok again, or restore a backup from before the upgrade.")
    damage = await damage_in(opened)
    if damage:
        return problem("state", f"{folder / FILE} is damaged: {damage.splitlines()[0][:200]}.", _RESTORE)
    later = "" if version == newest else f", and is brought to version {newest} at the next start"
    return ok("state", f"The state is whole and has version {version}{later}.")


async def figures(opened: State, now: datetime) -> Figures | None:
    """Return how it stands with deliveries; None if the state is of another version."""
    version, newest = await versions_in(opened)
    return await Overview(opened).figures(TZDATA_VERSION, now - _LATE) if version == newest else None


async def planned(opened: State, found: Figures) -> list[Finding]:
    """Look what comes next, what rests, and what moderators do not know yet."""
    overview = Overview(opened)
    findings = [await _next(opened, overview, found), _last(found)]
    if found.late:
        said = f"{_number(found.late, 'post')} should have been made by now."
        findings.append(warning("late", said, "Is the bot running (./kruzhok run)? Its log says what keeps it."))
    for group, number, why in await overview.paused(_SHOWN):
        cure = "Its moderators can put that right and resume it: /schedule resume"
        findings.append(warning("paused", f"Schedule {number} of {group} rests: {why}.", cure))
    if found.untold:
        said = f"Moderators see {_number(found.untold, 'notice')} when they next look at /schedule list."
        findings.append(ok("notices", said))
    return findings


async def _next(opened: State, overview: Overview, found: Figures) -> Finding:
    """Say which posts come next, over all groups."""
    schedules = Schedules(opened, TZDATA_VERSION)
    occurrences = Occurrences(opened, schedules)
    coming: list[tuple[datetime, str]] = []
    for group, number in await overview.soonest(_SHOWN):
        schedule = await schedules.numbered(group, number)
        if schedule is None:
            continue
        for time in next_times(schedule, await occurrences.decided(schedule.id), _SHOWN):
            shown = f"{day_and_time(time.at.astimezone(zone(schedule.zone)))} {schedule.zone}"
            coming.append((time.at, f"{shown}: {schedule.what} in {group}"))
    if not coming:
        return ok("next posts", "Nothing is scheduled.")
    listed = "; ".join(text for _, text in sorted(coming)[:_SHOWN])
    return ok("next posts", f"Of {_number(found.running, 'schedule')}: {listed}.")


def _last(found: Figures) -> Finding:
    said = f"The last was made at {found.last_post:%Y-%m-%d %H:%M} UTC." if found.last_post else "None was made yet."
    return ok("last post", said)


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
