"""What a zone's clocks do to a local time: the instant it stands for, and the sentence that people need about it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that a naive local time stands for, by RFC 5545 §3.3.5.

    In a gap it is read with the offset before the gap; of two it is the first.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def note(local: datetime, zone: ZoneInfo, before: datetime | None = None) -> str:
    """Return what the clocks do at a local time, or did since the instant ``before``; empty if nothing."""
    at = instant(local, zone)
    shown = at.astimezone(zone)
    if shown.replace(tzinfo=None, fold=0) != local:
        posted = f"{shown:%H:%M}" if shown.date() == local.date() else f"{shown:%H:%M} on {_day(shown)}"
        return f"clocks go forward: {local:%H:%M} does not exist that day, posted at {posted}"
    if _offset(at, zone) != local.replace(tzinfo=zone, fold=1).utcoffset():
        return f"clocks go back: {local:%H:%M} comes twice, posted at the first"
    if before is None or _offset(at, zone) == _offset(before, zone):
        return ""
    change, shift = _last_change(before, at, zone)
    return f"clocks went {'forward' if shift > timedelta() else 'back'} {_length(abs(shift))} on {_day(change)}"


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a ZoneInfo always has one
    return offset


def _last_change(before: datetime, at: datetime, zone: ZoneInfo) -> tuple[datetime, timedelta]:
    """Return what the clocks showed when they were last changed in between, and by how much; there was a change."""
    offset = _offset(at, zone)
    late, early = at, max(before, at - _DAY)
    while _offset(early, zone) == offset:
        late, early = early, max(before, early - _DAY)
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        if _offset(middle, zone) == offset:
            late = middle
        else:
            early = middle
    earlier = _offset(early, zone)
    return (late + earlier).replace(tzinfo=None), offset - earlier


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B}"


def _length(shift: timedelta) -> str:
    minutes, seconds = divmod(round(shift.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number} {unit}" for number, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if number]
    return " ".join(parts)
