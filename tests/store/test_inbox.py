"""What is asked on Matrix is kept with the place in the stream, in order, once, until it is answered."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.inbox import MOST_UNREADABLE, Inbox, Received
from bot.store.outbox import Message, Outbox
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
ACCOUNT, A, B = "@kruzhok:circle.test", "matrix:!a", "matrix:!b"


def received(event: str, group: str = A, session: str = "") -> Received:
    """Return an event as it is kept."""
    return Received(group, event, {"event_id": event, "content": {"body": "!quote “Cheka” \x00 \ud800"}}, session)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    """A state database."""
    async with AsyncExitStack() as stack:
        yield await open_state(stack, tmp_path)


@pytest.fixture
def inbox(state: State) -> Inbox:
    """What is asked."""
    return Inbox(state)


async def waiting(inbox: Inbox, group: str = A) -> list[str]:
    """Answer all that waits in a group, and return which events it were."""
    events = []
    while (each := await inbox.next(group)) is not None:
        events.append(each.received.event)
        await inbox.drop(each.number)
    return events


async def test_events_and_the_place_in_the_stream_are_kept_together(inbox: Inbox) -> None:
    assert await inbox.token(ACCOUNT) == ""
    await inbox.take_in(ACCOUNT, "s1", [received("$1")], NOW)
    await inbox.take_in("@other:circle.test", "s9", [], NOW)
    assert await inbox.token(ACCOUNT) == "s1"
    found = await inbox.next(A)
    assert found is not None
    assert found.received == received("$1")
    assert (found.was_begun, found.received_at) == (False, NOW)


async def test_where_an_event_cannot_be_kept_the_stream_is_not_read_on(inbox: Inbox, state: State) -> None:
    await inbox.take_in(ACCOUNT, "s1", [], NOW)
    async with state.write() as transaction:
        await transaction.run(
            "CREATE TRIGGER full BEFORE INSERT ON matrix_command WHEN new.event = '$3'"
            " BEGIN SELECT RAISE(FAIL, 'the disk is full'); END"
        )
    with pytest.raises(sqlite3.Error):
        await inbox.take_in(ACCOUNT, "s2", [received("$2"), received("$3")], NOW)
    assert await inbox.token(ACCOUNT) == "s1"
    assert await waiting(inbox) == []


async def test_each_group_has_its_own_order(inbox: Inbox) -> None:
    events = [received(f"${number}", A if number % 2 else B) for number in range(10)]
    await inbox.take_in(ACCOUNT, "s1", events, NOW)
    assert sorted(await inbox.groups()) == [A, B]
    assert await waiting(inbox, A) == ["$1", "$3", "$5", "$7", "$9"]
    assert await waiting(inbox, B) == ["$0", "$2", "$4", "$6", "$8"]
    assert await inbox.groups() == []


async def test_what_comes_twice_is_kept_once(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1"), received("$2"), received("$1")], NOW)
    await inbox.take_in(ACCOUNT, "s2", [received("$2"), received("$3")], NOW)
    assert await waiting(inbox) == ["$1", "$2", "$3"]


@pytest.mark.parametrize("is_sent", [False, True])
async def test_what_was_answered_and_comes_again_is_passed_over(state: State, inbox: Inbox, is_sent: bool) -> None:
    outbox = Outbox(state)
    await inbox.take_in(ACCOUNT, "s1", [received("$1")], NOW)
    found = await inbox.next(A)
    assert found is not None
    message = Message("key", A, "$1", A, "m.room.message", {"body": "“Cheka”"})
    await outbox.answer(found.number, [message], NOW)
    if is_sent:
        await outbox.sent(message, "$answer", NOW)
    await inbox.take_in(ACCOUNT, "s2", [received("$1"), received("$2")], NOW)
    assert await waiting(inbox) == ["$2"]


async def test_what_must_not_be_done_twice_is_known_after_a_restart(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1"), received("$2")], NOW)
    first = await inbox.next(A)
    assert first is not None
    await inbox.begin(first.number)
    again = await inbox.next(A)
    assert again is not None
    assert (again.received.event, again.was_begun) == ("$1", True)
    assert await inbox.groups() == [A]


async def test_what_cannot_be_read_waits_for_its_key_and_keeps_its_place(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1", session="x"), received("$2"), received("$3", B, "x")], NOW)
    assert [each.received.event for each in await inbox.unreadable()] == ["$1", "$3"]
    found = await inbox.next(A)
    assert found is not None
    assert found.received.event == "$2"
    assert await inbox.can_be_read([(A, "y")]) == []
    assert await inbox.can_be_read([(A, "x")]) == [A]
    assert await waiting(inbox) == ["$1", "$2"]
    assert [each.received.event for each in await inbox.unreadable()] == ["$3"]


async def test_what_proves_unreadable_later_is_put_aside(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1"), received("$2")], NOW)
    first = await inbox.next(A)
    assert first is not None
    await inbox.cannot_read(first.number, "x")
    assert await waiting(inbox) == ["$2"]
    assert await inbox.can_be_read([(A, "x")]) == [A]
    assert await waiting(inbox) == ["$1"]


async def test_members_are_told_once_of_a_session_and_answered_if_its_key_comes_yet(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1", session="x"), received("$2", session="x")], NOW)
    first, second = await inbox.unreadable()
    assert not await inbox.was_told(A, "x")
    await inbox.tell((first.number,))
    assert await inbox.was_told(A, "x")
    assert not await inbox.was_told(B, "x")
    assert [each.number for each in await inbox.unreadable()] == [second.number]
    assert await inbox.can_be_read([(A, "x")]) == [A]
    assert await waiting(inbox) == ["$1", "$2"]


async def test_what_cannot_be_read_is_not_collected_without_end(inbox: Inbox) -> None:
    flood = [received(f"${number}", session="x") for number in range(MOST_UNREADABLE + 50)]
    await inbox.take_in(ACCOUNT, "s1", [*flood, received("$last"), received("$other", B, "x")], NOW)
    kept = await inbox.unreadable()
    assert len([each for each in kept if each.received.group == A]) == MOST_UNREADABLE
    assert [each.received.event for each in kept if each.received.group == B] == ["$other"]
    assert await waiting(inbox) == ["$last"]


async def test_what_was_taken_back_is_not_answered(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1"), received("$2")], NOW)
    await inbox.drop_event("$1")
    await inbox.drop_event("$unknown")
    assert await waiting(inbox) == ["$2"]


async def test_what_waits_too_long_is_forgotten(inbox: Inbox) -> None:
    await inbox.take_in(ACCOUNT, "s1", [received("$1"), received("$2", session="x")], NOW)
    await inbox.take_in(ACCOUNT, "s2", [received("$3")], NOW + timedelta(days=1))
    await inbox.forget_before(NOW)
    assert len(await inbox.unreadable()) == 1
    await inbox.forget_before(NOW + timedelta(hours=1))
    assert await inbox.unreadable() == []
    assert await waiting(inbox) == ["$3"]
    assert await inbox.token(ACCOUNT) == "s2"
