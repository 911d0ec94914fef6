"""What is posted when: numbered by group, moved on only as it was read, due in planned order, removed and back."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.store.changes import Changes
from bot.store.claims import Claims
from bot.store.occurrence import Occurrence, key_of
from bot.store.occurrences import Occurrences
from bot.store.schedules import Move, Schedule, Schedules
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
NEXT = datetime(2026, 5, 7, 19, tzinfo=UTC)
HANDLED = datetime(2026, 5, 1, 0, 30)  # noqa: DTZ001 - local, in the schedule's zone
INSTANT = timedelta(milliseconds=1)


def schedule(name: str = "1", group: str = "t:a", server: str = "t:server:s") -> Schedule:
    """Return a schedule as it is before it is kept."""
    return Schedule(name, group, server, 0, "prompt", "thursdays 19:00", "UTC", date(2026, 5, 1), HANDLED, NEXT)


async def opened(stack: AsyncExitStack, folder: Path, tzdata: str = "2026a") -> tuple[State, Schedules]:
    """Open the schedules."""
    state = await open_state(stack, folder)
    return state, Schedules(state, tzdata)


async def added(schedules: Schedules, new: Schedule) -> Schedule:
    """Add a schedule."""
    kept = await schedules.add(new, "t:mo", NOW, 25)
    assert kept
    return kept


async def test_what_is_kept_is_what_was_added_under_the_groups_next_number(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        first = await added(schedules, schedule("1"))
        other = await added(schedules, schedule("2", "t:b"))
        second = await added(schedules, replace(schedule("3"), handled=None, next_at=None))
        assert first == replace(schedule("1"), number=1)
        assert other == replace(schedule("2", "t:b"), number=1)
        assert second == replace(schedule("3"), number=2, handled=None, next_at=None)
        assert await schedules.of("t:a") == [first, second]
        assert await schedules.numbered("t:b", 1) == other
        assert await schedules.numbered("t:b", 2) is None
        assert await schedules.identified(["1", "2", "nobody"]) == {"1": first, "2": other}
        assert await schedules.identified([]) == {}


async def test_a_scope_is_a_group_or_all_of_a_server(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        for name, group, server in (("1", "t:a", "t:server:s"), ("2", "t:b", "t:server:s"), ("3", "t:c", "")):
            await added(schedules, schedule(name, group, server))
        assert [each.id for each in await schedules.within("t:a")] == ["1"]
        assert [each.id for each in await schedules.within("t:server:s")] == ["1", "2"]
        assert [each.id for each in await schedules.within("t:c")] == ["3"]


async def test_fifty_that_are_added_at_once_have_their_numbers_and_no_more_than_25_are(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        kept = await asyncio.gather(*(schedules.add(schedule(str(n)), "t:mo", NOW, 25) for n in range(50)))
        assert sorted(each.number for each in kept if each) == list(range(1, 26))


async def test_a_schedule_that_somebody_else_moved_is_not_moved(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, schedules = await opened(stack, tmp_path)
        read = await added(schedules, schedule())
        later = Move(read, NEXT + timedelta(days=7), HANDLED + timedelta(days=7), "UTC")
        async with state.write() as transaction:
            assert await schedules.set_next(transaction, later, NOW)
            assert not await schedules.set_next(transaction, replace(later, next_at=NOW), NOW)
        (now,) = await schedules.of("t:a")
        assert (now.next_at, now.handled) == (NEXT + timedelta(days=7), HANDLED + timedelta(days=7))
        elsewhere = Move(now, NEXT, now.handled, "UTC")
        await schedules.move([elsewhere], NOW)
        for stale in (replace(now, zone="Europe/Paris", next_at=NEXT), now, replace(now, handled=None, next_at=NEXT)):
            await schedules.move([Move(stale, None, now.handled, "UTC")], NOW)
        assert (await schedules.of("t:a"))[0].next_at == NEXT


async def test_what_was_moved_by_hand_goes_along_unless_somebody_has_begun_to_post_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, schedules = await opened(stack, tmp_path)
        occurrences = Occurrences(state, schedules)
        read = await added(schedules, schedule())
        keys = []
        for local in ("2026-05-07T19:00", "2026-05-14T19:00"):
            move = Move((await schedules.of("t:a"))[0], NEXT, HANDLED, "UTC")
            occurrence = Occurrence(key_of(read.id, local), read.id, "t:a", local, NEXT, NEXT, note="moved")
            assert await occurrences.decide(move, occurrence, "moved", "t:mo", NOW)
            keys.append(occurrence.key)
        assert await Claims(state, "this process").claim_one(keys[1], NEXT, NEXT + timedelta(minutes=1))
        there = NEXT + timedelta(hours=2)
        (read,) = await schedules.of("t:a")
        await schedules.move([Move(read, NEXT, HANDLED, "UTC", tuple((key, there) for key in keys))], NOW)
        first, second = [await occurrences.keyed(key) for key in keys]
        assert first
        assert second
        assert (first.planned_at, first.due_at) == (there, there)
        assert (second.planned_at, second.due_at) == (NEXT, NEXT + timedelta(minutes=1))


async def test_what_is_due_comes_in_planned_order_and_not_before(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        assert await schedules.next_due("t") is None
        await added(schedules, replace(schedule("late"), next_at=NEXT + timedelta(hours=1)))
        await added(schedules, schedule("early"))
        await added(schedules, schedule("elsewhere", "x:a"))
        await added(schedules, replace(schedule("never"), next_at=None))
        assert await schedules.next_due("t") == NEXT
        assert await schedules.due("t", NEXT - INSTANT, 9) == []
        assert [each.id for each in await schedules.due("t", NEXT + timedelta(days=1), 9)] == ["early", "late"]
        assert [each.id for each in await schedules.due("t", NEXT + timedelta(days=1), 1)] == ["early"]
        assert await schedules.number_due("t", NEXT) == 1
        assert await schedules.number_due("t", NEXT + timedelta(days=1)) == 2


async def test_what_rests_or_is_removed_is_not_due_and_goes_on(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        state, schedules = await opened(stack, tmp_path)
        read = await added(schedules, schedule())
        await schedules.pause(read, "by a moderator", "t:mo", NOW)
        (paused,) = await schedules.of("t:a")
        assert (paused.paused, paused.next_at) == ("by a moderator", None)
        await schedules.resume(Move(paused, NEXT, HANDLED, "UTC"), "t:mo", NOW)
        assert await schedules.of("t:a") == [read]
        await schedules.remove(read, "t:mo", NOW)
        assert await schedules.of("t:a") == await schedules.within("t:server:s") == []
        assert await schedules.due("t", NEXT, 9) == []
        removed = await schedules.numbered("t:a", 1)
        assert removed
        assert removed.removed_at == NOW
        await schedules.resume(Move(removed, NEXT, HANDLED, "UTC"), "t:mo", NOW)
        assert await schedules.of("t:a") == [read]
        log = [(each.old, each.new) for each in await Changes(state).of(("t:a",), 9)]
        assert log == [
            ("removed", "running"),
            ("prompt thursdays 19:00", "removed"),
            ("paused", "running"),
            ("running", "paused: by a moderator"),
            ("", "prompt thursdays 19:00"),
        ]


async def test_a_removed_schedule_is_forgotten_in_the_end(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        await schedules.remove(await added(schedules, schedule("1")), "t:mo", NOW)
        kept = await added(schedules, schedule("2"))
        await schedules.forget_removed_before(NOW)
        assert await schedules.numbered("t:a", 1)
        await schedules.forget_removed_before(NOW + INSTANT)
        assert await schedules.numbered("t:a", 1) is None
        assert await schedules.of("t:a") == [kept]


async def test_what_other_time_zone_data_or_a_clock_ahead_computed_is_found(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path)
        read = await added(schedules, schedule("1"))
        paused = await added(schedules, schedule("2"))
        await schedules.pause(paused, "by a moderator", "t:mo", NOW)
        assert await schedules.outdated("t", NOW) == []
        assert await schedules.outdated("t", NOW - INSTANT) == [read]
    async with AsyncExitStack() as stack:
        _, schedules = await opened(stack, tmp_path, "2026b")
        assert await schedules.outdated("t", NOW) == [read]
        await schedules.move([Move(read, NEXT, HANDLED, "UTC")], NOW)
        assert await schedules.outdated("t", NOW) == []
