"""What this process has claimed of what is due, and what it says became of it: posted, to be tried again, given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.posting import Receipt
from bot.store.given import give_first, look_first
from bot.store.notices import notice
from bot.store.occurrence import FAILED, MISSED, POSTED, SELECT, Occurrence, from_row
from bot.store.schedules import Schedule, pause
from bot.store.state import State, Transaction, milliseconds

# Who claims an occurrence has it for so long; another process takes it over afterwards. It must be shorter than Discord
# remembers a nonce (some minutes), and longer than a post may take.
LEASE = timedelta(seconds=90)
_AGAIN = " again"  # after an item with which everything begins again


class Claims:
    """Occurrences that are due, each claimed by one process at a time.

    Args:
        holder: A name for this process that no other has.
    """

    def __init__(self, state: State, holder: str) -> None:
        self._state = state
        self._holder = holder

    async def claim(self, platform: str, now: datetime, until: datetime, most: int) -> list[Occurrence]:
        """Take occurrences that are due, in planned order, so that nobody else can until ``until``."""
        waiting = await self._state.all(
            "SELECT 1 FROM occurrence WHERE platform = ? AND due_at <= ? LIMIT 1", platform, milliseconds(now)
        )
        if not waiting:
            return []
        async with self._state.write() as transaction:
            rows = await transaction.all(
                f"{SELECT} WHERE platform = ? AND due_at <= ? ORDER BY due_at, key LIMIT ?",
                platform,
                milliseconds(now),
                most,
            )
            return [await self._take(transaction, from_row(row), now, until) for row in rows]

    async def claim_one(self, key: str, now: datetime, until: datetime) -> Occurrence | None:
        """Take one occurrence if it is due."""
        async with self._state.write() as transaction:
            rows = await transaction.all(f"{SELECT} WHERE key = ? AND due_at <= ?", key, milliseconds(now))
            return await self._take(transaction, from_row(rows[0]), now, until) if rows else None

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
        rows = await transaction.all(f"{SELECT} WHERE key = ?", occurrence.key)
        return from_row(rows[0])

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
        await self._end(occurrence, MISSED, note, None, told, now)

    async def give_up(
        self, occurrence: Occurrence, schedule: Schedule | None, why: str, told: str, now: datetime
    ) -> None:
        """Give up on an occurrence, let its schedule rest if it is given, and tell; nothing is deleted."""
        await self._end(occurrence, FAILED, why, schedule, told, now)

    async def stop(self, occurrence: Occurrence, schedule: Schedule | None, why: str, told: str, now: datetime) -> None:
        """Leave nothing to do of an occurrence that is posted, let its schedule rest if it is given, and tell."""
        await self._end(occurrence, POSTED, why, schedule, told, now)

    async def _end(
        self,
        occurrence: Occurrence,
        state: str,
        note: str,
        schedule: Schedule | None,
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
                await pause(transaction, schedule, note, now)
            if told:
                platform = occurrence.group.partition(":")[0]
                await notice(transaction, platform, occurrence.group, told, now)


async def _settle(transaction: Transaction, key: str, item: str) -> None:
    await transaction.run("UPDATE occurrence SET item = ? WHERE key = ?", item, key)
