"""When schedules come next, and what is due of them; no clock, no database."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.features.group_values import MOST_HOURS
from bot.recurrence.clock_changes import instant
from bot.recurrence.occurrences import Occurrence as Time
from bot.recurrence.occurrences import upcoming
from bot.recurrence.when import parse
from bot.recurrence.zones import zone
from bot.reply import day_and_time
from bot.store.occurrence import MISSED, WAITING, Occurrence, Planned, key_of
from bot.store.schedules import LOCAL, Move, Schedule

# A post that comes later than this says so.
LATE = timedelta(minutes=5)
# Of many that were missed, these are named.
_NAMED = 3
_REMEMBERED = 10


def coming(schedule: Schedule, decided: Container[str] = (), after: datetime | None = None) -> Iterator[Time]:
    """Give the times of a schedule's rule that come after what is handled, and about which nothing was decided.

    Args:
        decided: Local times, as the database keeps them.
        after: A local time; by default that up to which the schedule is handled.
    """
    since = schedule.handled if after is None else after
    for time in upcoming(parse(schedule.rule), schedule.start, zone(schedule.zone), since):
        if local_text(time.local) not in decided:
            yield time


def local_text(local: datetime) -> str:
    """Return a local time as the database keeps it."""
    return local.strftime(LOCAL)


def local_now(zone_name: str, now: datetime) -> datetime:
    """Return what clocks show in a zone, to the minute."""
    return now.astimezone(zone(zone_name)).replace(tzinfo=None, second=0, microsecond=0)


def next_move(schedule: Schedule, decided: Container[str] = (), handled: datetime | None = None) -> Move:
    """Return when a schedule is due next, if it is handled up to another local time."""
    until = schedule.handled if handled is None else handled
    following = next(coming(replace(schedule, handled=until), decided), None)
    return Move(schedule, following.at if following else None, until, schedule.zone)


def from_now(schedule: Schedule, zone_name: str, now: datetime, decided: Container[str] = ()) -> Move:
    """Return when a schedule is due in a zone from now on; its local times stay, and nothing past becomes due."""
    shown = local_now(zone_name, now)
    handled = shown if schedule.handled is None else max(schedule.handled, shown)
    there = replace(schedule, zone=zone_name, handled=handled)
    for time in coming(there, decided):
        if time.at > now:
            return Move(schedule, time.at, handled, zone_name)
        handled = time.local  # of an hour that comes twice, the first was past
    return Move(schedule, None, handled, zone_name)


def moved_to_zone(schedule: Schedule, zone_name: str, now: datetime, decided: Mapping[str, Occurrence]) -> Move:
    """Return when a schedule is due in another zone; one that rests goes on resting.

    What a moderator moved to a day and time keeps these as well, unless they are past there.
    """
    move = from_now(schedule, zone_name, now, decided)
    here, there = zone(schedule.zone), zone(zone_name)
    moved = [(each.key, instant(_shown(each.planned_at, here), there)) for each in _to_come(decided)]
    to_come = tuple((key, at) for key, at in moved if at > now)
    return replace(move, next_at=None if schedule.paused else move.next_at, moved=to_come)


def _shown(at: datetime, there: ZoneInfo) -> datetime:
    return at.astimezone(there).replace(tzinfo=None, fold=0)


def _to_come(decided: Mapping[str, Occurrence]) -> list[Occurrence]:
    """Return what a moderator decided to have posted, and nobody has begun to post."""
    return [each for each in decided.values() if each.state == WAITING and not each.attempts and not each.by_hand]


def put_right(schedule: Schedule, now: datetime, decided: Mapping[str, Occurrence]) -> Move:
    """Return when a schedule is due next by the present clock and time-zone data, whatever was computed before.

    What a clock that was ahead took for missed is due again, as far as it may still be posted.
    """
    kept = {local: each for local, each in decided.items() if each.state != MISSED}
    if schedule.handled is None:
        return next_move(schedule, kept)
    shown = local_now(schedule.zone, now)
    handled = min(schedule.handled, shown)
    since = shown - timedelta(hours=MOST_HOURS)
    if schedule.handled > shown or any(local_text(since) < local for local in decided.keys() - kept.keys()):
        posted = [local for local, each in kept.items() if not each.by_hand and local <= local_text(shown)]
        last = datetime.strptime(max(posted), LOCAL) if posted else since  # noqa: DTZ007 - a local time
        handled = min(handled, max(last, since))
    return next_move(schedule, kept, handled=handled)


def plan(schedule: Schedule, now: datetime, grace: timedelta, decided: Container[str]) -> Planned:
    """Decide what becomes of the times of a schedule that have come.

    The last is posted, if it is not later than the grace period allows; those before it were missed.
    """
    due: list[Time] = []
    following = None
    for time in coming(schedule, decided):
        if time.at > now:
            following = time
            break
        due.append(time)
    if not due:
        return Planned(Move(schedule, following.at if following else None, schedule.handled, schedule.zone), (), "")
    move = Move(schedule, following.at if following else None, due[-1].local, schedule.zone)
    last_is_posted = now - due[-1].at <= grace
    missed = due[:-1] if last_is_posted else due
    kept = [_occurrence(schedule, time, MISSED) for time in missed[-_REMEMBERED:]]
    posted = [_occurrence(schedule, due[-1])] if last_is_posted else []
    return Planned(move, (*kept, *posted), _told(schedule, missed, last_is_posted))


def _occurrence(schedule: Schedule, time: Time, state: str = "") -> Occurrence:
    local = local_text(time.local)
    key = key_of(schedule.id, local)
    if state == MISSED:
        note = "Kruzhok was not running"
        return Occurrence(key, schedule.id, schedule.group, local, time.at, None, MISSED, note=note)
    return Occurrence(key, schedule.id, schedule.group, local, time.at, time.at)


def _told(schedule: Schedule, missed: list[Time], last_is_posted: bool) -> str:
    if not missed:
        return ""
    there = zone(schedule.zone)
    named = ", ".join(day_and_time(time.at.astimezone(there)) for time in missed[-_NAMED:])
    if len(missed) > _NAMED:
        named = f"{len(missed)} times, the last of them {named}"
    then = " The one that came last is posted late." if last_is_posted else ""
    return f"Schedule {schedule.number} ({schedule.what}) was missed while Kruzhok was not running: {named}.{then}"


def next_times(schedule: Schedule, decided: Mapping[str, Occurrence], most: int) -> list[Time]:
    """Return the next times of a schedule, with those that were moved in their new places."""
    moved = [Time(datetime.fromisoformat(each.local), each.planned_at, each.note) for each in _to_come(decided)]
    found = [*islice(coming(schedule, decided), most), *moved]
    return sorted(found, key=lambda time: time.at)[:most]
