"""Whatever moderators do in whatever order, schedules post what a small model says: when, how often, what next."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.errors import UserError
from bot.recurrence.zones import zone
from bot.reply import day_and_time
from tests.features.conftest import Circle, Clock, opened, said

LATE, GRACE, GIVE_UP = timedelta(minutes=5), timedelta(hours=6), timedelta(hours=7)
MOST = 4
SECTIONS = 5
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo")
WEEKDAYS = ("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays")
# A few days before clocks are changed, and some other day.
BEGINNINGS = ("2026-03-27 20:00", "2026-10-23 20:00", "2026-05-01 00:30", "2026-03-07 12:00")
STEPS = ({"minutes": 4}, {"minutes": 50}, {"hours": 5}, {"hours": 8}, {"days": 1}, {"days": 3}, {"days": 8})


def instant(local: datetime, name: str) -> datetime:
    """Return what a local time stands for, as RFC 5545 has it."""
    return local.replace(tzinfo=zone(name), fold=0).astimezone(UTC)


@dataclass
class Model:
    """One schedule, as plainly as it can be said."""

    weekday: int | None
    at: time
    count: int | None
    zone: str
    start: date
    handled: datetime
    paused: bool = False
    removed: bool = False
    skipped: set[datetime] = field(default_factory=set)
    moved: dict[datetime, datetime] = field(default_factory=dict)

    @property
    def when(self) -> str:
        """The rule as it is typed."""
        days = "daily" if self.weekday is None else WEEKDAYS[self.weekday]
        times = "" if self.count is None else f" {self.count} time{'s' * (self.count > 1)}"
        return f"{days} {self.at:%H:%M}{times}"

    def locals(self) -> Iterator[datetime]:
        """Give the local times of the rule."""
        days = (self.start + timedelta(days=number) for number in range(600))
        fitting = (day for day in days if self.weekday in (None, day.weekday()))
        return (datetime.combine(day, self.at) for day in islice(fitting, self.count))

    def to_come(self) -> list[tuple[datetime, datetime]]:
        """Return what is still to be posted: instants and local times, in order."""
        decided = self.skipped | set(self.moved)
        by_rule = [(instant(each, self.zone), each) for each in self.locals() if each > self.handled]
        by_rule = [(at, each) for at, each in by_rule if each not in decided]
        return sorted([*by_rule, *((at, each) for each, at in self.moved.items())])

    def go_on(self, name: str, now: datetime) -> None:
        """Let nothing that is past in a zone become due."""
        self.zone = name
        self.handled = max(self.handled, now.astimezone(zone(name)).replace(tzinfo=None, second=0, microsecond=0))
        past = [each for each in self.locals() if each > self.handled and instant(each, name) <= now]
        self.handled = max([self.handled, *past])

    def deliver(self, now: datetime) -> list[datetime]:
        """Return the planned times of what is posted now: of what is late, the latest alone."""
        posted = []
        for local, at in list(self.moved.items()):
            if at <= now and not self.removed:
                del self.moved[local]
                self.skipped.add(local)
                if not self.paused and now - at <= GIVE_UP:
                    posted.append(at)
        if self.paused or self.removed:
            return posted
        due = [each for at, each in self.to_come() if at <= now]
        if due:
            self.handled = due[-1]
            at = instant(due[-1], self.zone)
            posted += [at] if now - at <= GRACE else []
        return [at for at in posted if now - at <= LATE or at == max(posted)]


class Schedules(RuleBasedStateMachine):
    """Moderators who do anything, a clock that goes on, and deliveries."""

    index: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.index, self.folder)
        self.clock = Clock()
        self.circle: Circle = self.runner.run(opened(self.stack, self.folder, self.clock))
        self.zone = "UTC"
        self.schedules: dict[int, Model] = {}
        self.posted: list[tuple[int, datetime, datetime]] = []
        self.sections: list[int] = []
        self.used = 0

    def teardown(self) -> None:
        """Close everything."""
        self.runner.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def ask(self, line: str) -> str:
        """Type a moderator's line; returns what is said."""
        return said(self.runner.run(self.circle.ask(f"/{line}")))

    def refused(self, line: str) -> None:
        """Type a line that cannot be done."""
        with pytest.raises(UserError):
            self.ask(line)

    def use(self, number: int, planned: datetime, counted: bool = True) -> None:
        """Expect a post."""
        self.posted.append((number, planned, self.clock.time))
        self.sections.append(self.used % SECTIONS + 1)
        self.used += counted

    def chosen(self, data: st.DataObject, which: Callable[[Model], bool]) -> tuple[int, Model]:
        """Draw a schedule of some kind."""
        return data.draw(st.sampled_from([each for each in self.schedules.items() if which(each[1])]))

    @initialize(beginning=st.sampled_from(BEGINNINGS), name=st.sampled_from(ZONES), count=st.sampled_from([None, 1, 2]))
    def begin(self, beginning: str, name: str, count: int | None) -> None:
        """Begin at some time, in some zone, with a daily schedule."""
        self.clock.to(beginning)
        self.ask(f"config timezone {name}")
        self.zone = name
        self._add(None, time(2, 30), count)

    @precondition(lambda self: len(self.schedules) < MOST)
    @rule(
        weekday=st.none() | st.integers(0, 6),
        hour=st.sampled_from([0, 1, 2, 3, 19, 23]),
        minute=st.sampled_from([0, 30]),
        count=st.none() | st.integers(1, 4),
    )
    def add(self, weekday: int | None, hour: int, minute: int, count: int | None) -> None:
        """Add a schedule."""
        self._add(weekday, time(hour, minute), count)

    def _add(self, weekday: int | None, at: time, count: int | None) -> None:
        now = self.clock.time
        shown = now.astimezone(zone(self.zone)).replace(tzinfo=None)
        start = shown.date()
        if instant(datetime.combine(start, at), self.zone) <= now:
            start += timedelta(days=1)
        model = Model(weekday, at, count, self.zone, start, shown.replace(second=0, microsecond=0))
        model.go_on(self.zone, now)
        self.ask(f"schedule add section {model.when}")
        self.schedules[len(self.schedules) + 1] = model

    @precondition(lambda self: any(not each.removed for each in self.schedules.values()))
    @rule(data=st.data())
    def skip(self, data: st.DataObject) -> None:
        """Leave one post out."""
        number, model = self.chosen(data, lambda each: not each.removed)
        coming = model.to_come()
        if model.paused or not coming:
            self.refused(f"schedule skip {number}")
            return
        self.ask(f"schedule skip {number}")
        model.moved.pop(coming[0][1], None)
        model.skipped.add(coming[0][1])

    @precondition(lambda self: any(not each.removed for each in self.schedules.values()))
    @rule(data=st.data(), hours=st.integers(-2, 80), minutes=st.sampled_from([0, 30]))
    def move(self, data: st.DataObject, hours: int, minutes: int) -> None:
        """Move one post."""
        number, model = self.chosen(data, lambda each: not each.removed)
        to = (self.clock.time + timedelta(hours=hours)).astimezone(zone(model.zone)).replace(tzinfo=None, fold=0)
        to = to.replace(minute=minutes, second=0, microsecond=0)
        coming = model.to_come()
        line = f"schedule move {number} {to:%Y-%m-%d %H:%M}"
        if model.paused or not coming or instant(to, model.zone) <= self.clock.time:
            self.refused(line)
            return
        self.ask(line)
        model.moved[coming[0][1]] = instant(to, model.zone)

    @precondition(lambda self: any(not each.removed for each in self.schedules.values()))
    @rule(data=st.data())
    def pause(self, data: st.DataObject) -> None:
        """Let one rest."""
        number, model = self.chosen(data, lambda each: not each.removed)
        if model.paused:
            self.refused(f"schedule pause {number}")
            return
        self.ask(f"schedule pause {number}")
        model.paused = True

    @precondition(lambda self: self.schedules)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        """Let one go on, or bring it back."""
        number, model = self.chosen(data, lambda each: True)
        now = self.clock.time
        comes = any(at > now for at, _ in model.to_come())
        if not model.removed and (not model.paused or not comes):
            self.refused(f"schedule resume {number}")
            return
        self.ask(f"schedule resume {number}")
        if model.removed:
            past = {local for local, at in model.moved.items() if at <= now}
            model.skipped |= past
            model.moved = {local: at for local, at in model.moved.items() if local not in past}
        model.paused = model.removed = False
        model.go_on(self.zone, now)

    @precondition(lambda self: any(not each.removed for each in self.schedules.values()))
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Remove one."""
        number, model = self.chosen(data, lambda each: not each.removed)
        self.ask(f"schedule remove {number}")
        model.removed = True

    @precondition(lambda self: any(not each.removed for each in self.schedules.values()))
    @rule(data=st.data(), counted=st.booleans())
    def run_by_hand(self, data: st.DataObject, counted: bool) -> None:
        """Post now."""
        number, model = self.chosen(data, lambda each: not each.removed)
        self.ask(f"schedule run {number} counted:{'yes' if counted else 'no'}")
        if counted and model.count == 1:
            for _, local in model.to_come()[:1]:
                model.moved.pop(local, None)
                model.skipped.add(local)
        elif counted and model.count:
            model.count -= 1
        self.use(number, self.clock.time, counted)

    @rule(name=st.sampled_from(ZONES))
    def change_zone(self, name: str) -> None:
        """Choose another time zone."""
        self.ask(f"config timezone {name}")
        self.zone = name
        now = self.clock.time
        for model in self.schedules.values():
            if model.removed or model.zone == name:
                continue
            for local, at in model.moved.items():
                there = instant(at.astimezone(zone(model.zone)).replace(tzinfo=None, fold=0), name)
                model.moved[local] = there if there > now else at
            model.go_on(name, now)

    @rule(step=st.sampled_from(STEPS))
    def wait(self, step: dict[str, int]) -> None:
        """Let time pass, and deliver."""
        self.clock.wait(**step)
        self._deliver()

    @rule()
    def wait_for_the_next(self) -> None:
        """Let time pass until something is due, and deliver."""
        coming = [at for each in self.schedules.values() if not each.removed for at, _ in each.to_come()[:1]]
        self.clock.time = max([self.clock.time, *sorted(coming)[:1]])
        self._deliver()

    def _deliver(self) -> None:
        tried = self.runner.run(self.circle.deliver())
        posted = [(at, number) for number, each in self.schedules.items() for at in each.deliver(self.clock.time)]
        for at, number in sorted(posted):
            self.use(number, at)
        assert tried >= len(posted)

    @invariant()
    def what_was_posted_is_what_was_promised(self) -> None:
        """Compare what was posted, when, how often and in which order."""
        kept: dict[str, list[dict[str, Any]]] = self.runner.run(self.circle.app.groups.everything("terminal:a"))
        numbers = {each["id"]: each["number"] for each in kept.get("schedule", [])}
        posted = [
            (numbers[each["schedule"]], _moment(each["planned_at"]), _moment(each["posted_at"]))
            for each in kept.get("occurrence", [])
            if each["state"] == "posted"
        ]
        assert sorted(posted) == sorted(self.posted)
        assert [int(text[0]) for text in self.circle.posts()] == self.sections

    @invariant()
    def the_list_names_what_comes_next(self) -> None:
        """Compare the list of schedules."""
        lines = self.ask("schedule list").splitlines()
        there = {number: each for number, each in self.schedules.items() if not each.removed}
        listed = {int(line.split(".")[0]): line for line in lines if line[:1].isdigit()}
        assert set(listed) == set(there)
        for number, model in there.items():
            assert f"section, {model.when} ({model.zone})" in listed[number]
            coming = model.to_come()
            expected = "no more times"
            if model.paused:
                expected = "paused (by a moderator)"
            elif coming:
                expected = f"next {day_and_time(coming[0][0].astimezone(zone(model.zone)))}"
            assert expected in listed[number]


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def follow(index: Path, examples: int, steps: int) -> None:
    """Do so many sequences of so many steps."""
    machine = type("Schedules", (Schedules,), {"index": index})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )


def test_schedules_do_what_the_model_says(shipped_index: Path) -> None:
    follow(shipped_index, examples=8, steps=30)


@pytest.mark.extended
def test_schedules_do_what_the_model_says_for_long(shipped_index: Path) -> None:
    follow(shipped_index, examples=150, steps=40)
