"""One planned time of a schedule: what becomes of it, and its row in the database."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from bot.posting import Receipt
from bot.store.schedules import Move
from bot.store.state import Transaction, milliseconds, moment

WAITING, POSTED, SKIPPED, MISSED, FAILED = "waiting", "posted", "skipped", "missed", "failed"
_KEY_BYTES = 15  # 20 characters; Discord's nonce takes 25
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
        item: What is posted, and whether everything begins again with it; decided in the first attempt, empty before.
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
SELECT = f"SELECT {_COLUMNS} FROM occurrence"  # noqa: S608 - names of columns
assert len(_COLUMNS.split(",")) == len(fields(Occurrence))  # noqa: S101 - they are read by place


async def insert(transaction: Transaction, occurrence: Occurrence) -> None:
    """Keep an occurrence that nobody has begun to post, within a transaction; one that is there already is left."""
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


def from_row(row: Sequence[Any]) -> Occurrence:
    """Return the occurrence of a row of ``SELECT``."""
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
