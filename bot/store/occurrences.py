"""The outbox: what is to be posted, who is at it, and afterwards what was posted where and when."""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from bot.posting import Receipt
from bot.store.changes import record_change
from bot.store.given import give_first, look_first
from bot.store.notices import notice
from bot.store.schedules import Move, Schedule, Schedules, pause
from bot.store.state import State, Transaction, milliseconds, moment

WAITING, POSTED, SKIPPED, MISSED, FAILED = "waiting", "posted", "skipped", "missed", "failed"
_KEY_BYTES = 15  # 20 characters; Discord's nonce takes 25
_AGAIN = " again"  # after an item with which everything begins again
# The local time of an occurrence that was run by hand begins so.
BY_HAND = "by hand "


def key_of(schedule: str, local: str) -> str:
    """Return the key of an occurrence: the same after a crash, and from an older copy of the database."""
    digest = hashlib.blake2b(f"{schedule} {local}".encode(), digest_size=_KEY_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One planned time of a schedule, and what became of it. Times are UTC.

    Attributes:
        schedule: The id of its schedule.
        local: The local time that the rule promised, or when it was run by hand.
        due_at: When to try, or to try again if whoever tries does not finish; None if nothing is left to do.
        state: waiting, posted, skipped (by a moderator), missed (nobody was there) or failed.
        counted: Whether it uses up what it posts.
        item: What is posted; decided before the first attempt, empty before.
        note: For moderators: moved, late, why it failed.
        attempts: How often somebody began to post it.
    """

    key: str
    schedule: str
    group: str
    local: str
    planned_at: datetime
    due_at: datetime | None
    state: str = WAITING
    counted: bool = True
    item: str = ""
    note: str = ""
    attempts: int = 0
    first_try_at: datetime | None = None
    channel: str = ""
    message: str = ""
    link: str = ""
    thread: str = ""
    posted_at: datetime | None = None

    @property
    def by_hand(self) -> bool:
        """Whether a moderator ran it, and no rule."""
        return self.local.startswith(BY_HAND)

    @property
    def receipt(self) -> Receipt | None:
        """What was posted, if it was."""
        return Receipt(self.channel, self.message, self.link, self.thread) if self.message else None


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of a schedule that is due.

    Attributes:
        move: When it is due next.
        occurrences: What is posted now, if anything, and what was missed.
        told: What its moderators are to know; nothing if all is well.
    """

    move: Move
    occurrences: tuple[Occurrence, ...]
    told: str


_COLUMNS = (
    "key, schedule, group_id, local, planned_at, due_at, state, counted, item, note, attempts, first_try_at, channel,"
    " message, link, thread, posted_at"
)
_ALL = f"SELECT {_COLUMNS} FROM occurrence"  # noqa: S608 - names of columns
assert len(_COLUMNS.split(",")) == len(fields(Occurrence))  # noqa: S101 - they are read by place


class Occurrences:
    """Planned times, from the plan to the receipt.

    Args:
        holder: A name for this process that no other has.
    """

    def __init__(self, state: State, schedules: Schedules, holder: str) -> None:
        self._state = state
        self._schedules = schedules
        self._holder = holder

    async def plan(self, plans: Iterable[Planned], now: datetime) -> None:
        """Take occurrences into the outbox, and move their schedules on; those that somebody else moved are left."""
        async with self._state.write() as transaction:
            for planned in plans:
                schedule = planned.move.schedule
                if not await self._schedules.set_next(transaction, planned.move, now):
                    continue
                for occurrence in planned.occurrences:
                    await _insert(transaction, occurrence)
                    if occurrence.state == WAITING:  # a clock that was ahead may have taken it for missed
                        await transaction.run(
                            "UPDATE occurrence SET state = ?, due_at = planned_at, note = ''"
                            " WHERE key = ? AND state = ?",
                            WAITING,
                            occurrence.key,
                            MISSED,
                        )
                if planned.told:
                    await notice(transaction, schedule.platform, schedule.group, planned.told, now)

    async def decide(self, move: Move, occurrence: Occurrence, told: str, member: str, now: datetime) -> bool:
        """Keep what a moderator decided about one occurrence, in place of an earlier decision.

        Returns False, and keeps nothing, if somebody has begun to post it.

        Args:
            told: What was decided, for the log.
        """
        async with self._state.write() as transaction:
            begun = await transaction.all(
                "SELECT 1 FROM occurrence WHERE key = ? AND (attempts > 0 OR posted_at IS NOT NULL)", occurrence.key
            )
            if begun or not await self._schedules.set_next(transaction, move, now):
                return False
            await transaction.run("DELETE FROM occurrence WHERE key = ?", occurrence.key)
            await _insert(transaction, occurrence)
            what = f"schedule {move.schedule.number}, {occurrence.local.replace('T', ' ')}"
            await record_change(transaction, occurrence.group, member, what, "", told, now)
        return True

    async def run_by_hand(self, occurrence: Occurrence, schedule: Schedule, rule: str, member: str) -> None:
        """Put an occurrence that no rule planned into the outbox.

        Args:
            rule: What the schedule's rule is from now on: a counted one leaves one time less.
        """
        async with self._state.write() as transaction:
            await _insert(transaction, occurrence)
            await transaction.run("UPDATE schedule SET rule = ? WHERE id = ?", rule, schedule.id)
            what, now = f"schedule {schedule.number}", occurrence.planned_at
            await record_change(transaction, schedule.group, member, what, "", "run by hand", now)

    async def claim(self, platform: str, now: datetime, until: datetime, most: int) -> list[Occurrence]:
        """Take occurrences that are due, in planned order, so that nobody else can until ``until``."""
        waiting = await self._state.all(
            "SELECT 1 FROM occurrence WHERE platform = ? AND due_at <= ? LIMIT 1", platform, milliseconds(now)
        )
        if not waiting:
            return []
        async with self._state.write() as transaction:
            rows = await transaction.all(
                f"{_ALL} WHERE platform = ? AND due_at <= ? ORDER BY due_at, key LIMIT ?",
                platform,
                milliseconds(now),
                most,
            )
            return [await self._take(transaction, _occurrence(row), now, until) for row in rows]

    async def claim_one(self, key: str, now: datetime, until: datetime) -> Occurrence | None:
        """Take one occurrence if it is due."""
        async with self._state.write() as transaction:
            rows = await transaction.all(f"{_ALL} WHERE key = ? AND due_at <= ?", key, milliseconds(now))
            return await self._take(transaction, _occurrence(rows[0]), now, until) if rows else None

    async def _take(
        self, transaction: Transaction, occurrence: Occurrence, now: datetime, until: datetime
    ) -> Occurrence:
        await transaction.run(
            "UPDATE occurrence SET due_at = ?, holder = ?, attempts = attempts + 1,"
            " first_try_at = coalesce(first_try_at, ?) WHERE key = ?",
            milliseconds(until),
            self._holder,
            milliseconds(now),
            occurrence.key,
        )
        rows = await transaction.all(f"{_ALL} WHERE key = ?", occurrence.key)
        return _occurrence(rows[0])

    async def hold(self, key: str, until: datetime, channel: str) -> bool:
        """Go on holding an occurrence; returns False if somebody else has taken it.

        Args:
            channel: Where it is posted, so that it is looked for there later.
        """
        async with self._state.write() as transaction:
            changed = await transaction.run(
                "UPDATE occurrence SET due_at = ?, channel = ? WHERE key = ? AND holder = ? AND due_at IS NOT NULL",
                milliseconds(until),
                channel,
                key,
                self._holder,
            )
        return bool(changed)

    async def choose(
        self, occurrence: Occurrence, reading: str, kind: str, choices: Sequence[str], now: datetime
    ) -> tuple[str, bool]:
        """Decide what is posted: the first of ``choices`` that the group has not had; once decided, it stays.

        The second value says that the group had them all, and that they begin again. An occurrence that does not count
        uses nothing up.
        """
        async with self._state.write() as transaction:
            decided = await transaction.all("SELECT item FROM occurrence WHERE key = ?", occurrence.key)
            if decided and decided[0][0]:
                return decided[0][0].removesuffix(_AGAIN), decided[0][0].endswith(_AGAIN)
            choose = give_first if occurrence.counted else look_first
            item, again = await choose(transaction, occurrence.group, reading, kind, choices, now)
            await _settle(transaction, occurrence.key, f"{item}{_AGAIN}" if again else item)
        return item, again

    async def settle(self, occurrence: Occurrence, item: str) -> None:
        """Decide what is posted where there is no choice."""
        async with self._state.write() as transaction:
            await _settle(transaction, occurrence.key, item)

    async def record(self, occurrence: Occurrence, receipt: Receipt, now: datetime, note: str, is_done: bool) -> None:
        """Keep the receipt of a post.

        Args:
            is_done: Whether nothing is left to do, such as its thread.
        """
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE occurrence SET state = ?, channel = ?, message = ?, link = ?, thread = ?, posted_at = ?,"
                " note = ?, due_at = ? WHERE key = ?",
                POSTED,
                receipt.channel,
                receipt.message,
                receipt.link,
                receipt.thread,
                milliseconds(now),
                note,
                None if is_done or occurrence.due_at is None else milliseconds(occurrence.due_at),
                occurrence.key,
            )

    async def record_thread(self, occurrence: Occurrence, thread: str) -> None:
        """Keep the thread of a post; nothing is left to do."""
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE occurrence SET thread = ?, due_at = NULL WHERE key = ?", thread, occurrence.key
            )

    async def retry(self, occurrence: Occurrence, at: datetime, note: str) -> None:
        """Try again at a time."""
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE occurrence SET due_at = ?, note = ? WHERE key = ? AND holder = ?",
                milliseconds(at),
                note,
                occurrence.key,
                self._holder,
            )

    async def miss(self, occurrence: Occurrence, note: str, told: str, now: datetime) -> None:
        """Pass over an occurrence that came too late, and tell the moderators."""
        await self._end(occurrence, MISSED, note, None, "", told, now)

    async def give_up(
        self, occurrence: Occurrence, schedule: Schedule | None, why: str, told: str, now: datetime
    ) -> None:
        """Give up on an occurrence and let its schedule rest, and tell the moderators; nothing is deleted."""
        await self._end(occurrence, FAILED, why, schedule, why, told, now)

    async def stop(self, occurrence: Occurrence, schedule: Schedule | None, why: str, told: str, now: datetime) -> None:
        """Leave nothing to do of an occurrence that is posted, let its schedule rest if it is given, and tell."""
        await self._end(occurrence, POSTED, why, schedule, why, told, now)

    async def set_aside(self, schedule: Schedule, why: str, told: str, now: datetime) -> None:
        """Let a schedule rest of which nothing can be planned, and tell the moderators."""
        async with self._state.write() as transaction:
            await pause(transaction, schedule, why, now)
            await notice(transaction, schedule.platform, schedule.group, told, now)

    async def is_superseded(self, occurrence: Occurrence, now: datetime) -> bool:
        """Whether a later occurrence that was planned for the same schedule is due as well; none run by hand counts."""
        if occurrence.by_hand:
            return False
        rows = await self._state.all(
            "SELECT 1 FROM occurrence WHERE schedule = ? AND planned_at > ? AND planned_at <= ?"
            " AND state IN (?, ?) AND local NOT LIKE ? LIMIT 1",
            occurrence.schedule,
            milliseconds(occurrence.planned_at),
            milliseconds(now),
            WAITING,
            POSTED,
            f"{BY_HAND}%",
        )
        return bool(rows)

    async def _end(
        self,
        occurrence: Occurrence,
        state: str,
        note: str,
        schedule: Schedule | None,
        paused: str,
        told: str,
        now: datetime,
    ) -> None:
        async with self._state.write() as transaction:
            changed = await transaction.run(
                "UPDATE occurrence SET state = ?, note = ?, due_at = NULL WHERE key = ? AND holder = ?",
                state,
                note,
                occurrence.key,
                self._holder,
            )
            if not changed:
                return
            if schedule is not None:
                await pause(transaction, schedule, paused, now)
            if told:
                platform = occurrence.group.partition(":")[0]
                await notice(transaction, platform, occurrence.group, told, now)

    async def to_come(self, schedules: Sequence[str]) -> dict[str, set[str]]:
        """Return the local times about which something was decided beyond what is handled, by the schedules' ids."""
        found: dict[str, set[str]] = {schedule: set() for schedule in schedules}
        marks = ", ".join("?" * len(schedules))
        rows = await self._state.all(
            "SELECT occurrence.schedule, occurrence.local FROM occurrence JOIN schedule"  # noqa: S608 - marks
            f" ON schedule.id = occurrence.schedule WHERE schedule.id IN ({marks})"
            " AND occurrence.local > schedule.handled AND occurrence.state <> ?",
            *schedules,
            MISSED,
        )
        for schedule, local in rows:
            found[schedule].add(local)
        return found

    async def decided(self, schedule: str) -> dict[str, Occurrence]:
        """Return the occurrences of a schedule about which something is known, by their local times."""
        rows = await self._state.all(f"{_ALL} WHERE schedule = ?", schedule)
        return {each.local: each for each in map(_occurrence, rows)}

    async def keyed(self, key: str) -> Occurrence | None:
        """Return an occurrence by its key."""
        rows = await self._state.all(f"{_ALL} WHERE key = ?", key)
        return _occurrence(rows[0]) if rows else None

    async def history(self, group: str, most: int) -> list[Occurrence]:
        """Return what was posted, skipped, missed or given up in a group, newest first."""
        rows = await self._state.all(
            f"{_ALL} WHERE group_id = ? AND state <> ? ORDER BY planned_at DESC, key LIMIT ?", group, WAITING, most
        )
        return [_occurrence(row) for row in rows]

    async def failing(self, group: str) -> list[Occurrence]:
        """Return what is tried again in a group."""
        rows = await self._state.all(
            f"{_ALL} WHERE group_id = ? AND state = ? AND attempts > 0 AND note <> '' ORDER BY planned_at",
            group,
            WAITING,
        )
        return [_occurrence(row) for row in rows]

    async def next_due(self, platform: str) -> datetime | None:
        """Return when the next thing in the outbox is due (UTC)."""
        rows = await self._state.all(
            "SELECT due_at FROM occurrence WHERE platform = ? AND due_at IS NOT NULL ORDER BY due_at LIMIT 1", platform
        )
        return moment(rows[0][0]) if rows else None

    async def number_due(self, platform: str, now: datetime) -> int:
        """Return how many posts are due."""
        rows = await self._state.all(
            "SELECT count(*) FROM occurrence WHERE platform = ? AND due_at <= ?", platform, milliseconds(now)
        )
        return int(rows[0][0])

    async def put_right(self, platform: str, now: datetime, soonest: datetime) -> None:
        """Undo what a clock that was ahead did: leases and tries without end, and misses of what is still to come.

        Args:
            soonest: No lease and no retry of this program lasts beyond this.
        """
        async with self._state.write() as transaction:
            await transaction.run(
                "UPDATE occurrence SET due_at = CASE WHEN planned_at > ? THEN planned_at ELSE ? END"
                " WHERE platform = ? AND due_at > ? AND due_at > planned_at AND attempts > 0",
                milliseconds(now),
                milliseconds(now),
                platform,
                milliseconds(soonest),
            )
            await transaction.run(
                "UPDATE occurrence SET first_try_at = ? WHERE platform = ? AND due_at IS NOT NULL AND first_try_at > ?",
                milliseconds(now),
                platform,
                milliseconds(now),
            )
            await transaction.run(
                "DELETE FROM occurrence WHERE platform = ? AND state = ? AND planned_at > ?",
                platform,
                MISSED,
                milliseconds(now),
            )

    async def forget_before(self, time: datetime) -> None:
        """Delete what was done with before ``time``."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM occurrence WHERE planned_at < ? AND due_at IS NULL", milliseconds(time))


async def _settle(transaction: Transaction, key: str, item: str) -> None:
    await transaction.run("UPDATE occurrence SET item = ? WHERE key = ?", item, key)


async def _insert(transaction: Transaction, occurrence: Occurrence) -> None:
    await transaction.run(
        f"INSERT INTO occurrence ({_COLUMNS}, platform, holder)"  # noqa: S608 - names of columns
        f" VALUES ({', '.join('?' * (len(fields(Occurrence)) + 2))}) ON CONFLICT DO NOTHING",
        occurrence.key,
        occurrence.schedule,
        occurrence.group,
        occurrence.local,
        milliseconds(occurrence.planned_at),
        None if occurrence.due_at is None else milliseconds(occurrence.due_at),
        occurrence.state,
        int(occurrence.counted),
        occurrence.item,
        occurrence.note,
        occurrence.attempts,
        None,
        occurrence.channel,
        occurrence.message,
        occurrence.link,
        occurrence.thread,
        None,
        occurrence.group.partition(":")[0],
        "",
    )


def _occurrence(row: Sequence[Any]) -> Occurrence:
    key, schedule, group, local, planned, due, state, counted, item, note, attempts, first, *receipt, posted = row
    channel, message, link, thread = receipt
    return Occurrence(
        key=key,
        schedule=schedule,
        group=group,
        local=local,
        planned_at=moment(planned),
        due_at=None if due is None else moment(due),
        state=state,
        counted=bool(counted),
        item=item,
        note=note,
        attempts=attempts,
        first_try_at=None if first is None else moment(first),
        channel=channel,
        message=message,
        link=link,
        thread=thread,
        posted_at=None if posted is None else moment(posted),
    )
