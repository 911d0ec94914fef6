"""Answers on Matrix are kept until they are sent, sent once and in order; groups move with what is kept of them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store.chosen import Chosen
from bot.store.given import Given
from bot.store.groups import OF_GROUPS, Groups
from bot.store.inbox import Inbox, Received
from bot.store.outbox import POLL, Message, Outbox
from bot.store.own_prompts import OwnPrompts
from bot.store.schedules import Schedule, Schedules
from bot.store.state import State, open_state

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
A, B = "matrix:!a", "matrix:!b"


def message(key: str, group: str = A, command: str = "$command", **relates: object) -> Message:
    """Return a message as it is kept."""
    content = {"body": "“Cheka” & <b>", **({"m.relates_to": relates} if relates else {})}
    return Message(key, group, command, A, "m.room.message", content, {"🔁": "quote Cheka after:7.1"})


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    """A state database."""
    async with AsyncExitStack() as stack:
        yield await open_state(stack, tmp_path)


@pytest.fixture
def outbox(state: State) -> Outbox:
    """What is answered."""
    return Outbox(state)


async def test_messages_are_sent_in_order_to_each_group(outbox: Outbox) -> None:
    for each in (message("k1"), message("k2", B), message("k3")):
        await outbox.keep(each, NOW)
    assert sorted(await outbox.groups()) == [A, B]
    first = await outbox.next(A)
    assert first == message("k1")
    assert await outbox.next(A) == first
    await outbox.sent(first, "$answer", NOW)
    assert await outbox.next(A) == message("k3")
    assert await outbox.next(B) == message("k2", B)
    assert await outbox.next("matrix:!c") is None


async def test_the_same_message_is_kept_once(outbox: Outbox) -> None:
    await outbox.keep(message("k1"), NOW)
    await outbox.keep(replace(message("k1"), content={"body": "again"}), NOW)
    assert await outbox.next(A) == message("k1")
    await outbox.sent(message("k1"), "$answer", NOW)
    assert await outbox.groups() == []


async def test_a_command_is_answered_or_waits_but_never_both_and_never_neither(state: State, outbox: Outbox) -> None:
    inbox = Inbox(state)
    await inbox.take_in("@kruzhok:circle.test", "s1", [Received(A, "$command", {})], NOW)
    found = await inbox.next(A)
    assert found is not None
    bad = replace(message("k2"), content={"body": b"no text"})  # what json cannot write fails the whole
    with pytest.raises(TypeError):
        await outbox.answer(found.number, [message("k1"), bad], NOW)
    assert await inbox.next(A) == found
    assert await outbox.groups() == []
    await outbox.answer(found.number, [message("k1"), message("k2", B)], NOW)
    assert await inbox.next(A) is None
    assert sorted(await outbox.groups()) == [A, B]


async def test_answers_are_known_by_their_ids_and_by_what_they_answer(outbox: Outbox) -> None:
    thread = message("k1", rel_type="m.thread", event_id="$root")
    await outbox.keep(thread, NOW)
    await outbox.sent(thread, "$one", NOW)
    await outbox.remember(message("", B), "$two", LATER)
    found = await outbox.sent_as("$one")
    assert found is not None
    assert (found.group, found.asked_in, found.thread) == (A, A, "$root")
    assert found.reactions == {"🔁": "quote Cheka after:7.1"}
    assert await outbox.sent_as("$unknown") is None
    assert [each.event for each in await outbox.answers_to("$command")] == ["$one", "$two"]
    assert await outbox.answers_to("$other") == []


async def test_what_the_server_never_takes_is_given_up_and_not_answered_again(state: State, outbox: Outbox) -> None:
    await outbox.keep(message("k1"), NOW)
    await outbox.drop(message("k1"), NOW)
    assert await outbox.groups() == []
    inbox = Inbox(state)
    await inbox.take_in("@kruzhok:circle.test", "s1", [Received(A, "$command", {})], NOW)
    assert await inbox.next(A) is None


async def test_a_post_has_one_poll(outbox: Outbox) -> None:
    poll = Message("k1", A, "$reaction", A, POLL, {"m.relates_to": {"m.in_reply_to": {"event_id": "$post"}}})
    assert await outbox.poll("$post") == ""
    await outbox.keep(poll, NOW)
    await outbox.sent(poll, "$poll", NOW)
    await outbox.asked("$post", A, "$another", NOW)
    assert await outbox.poll("$post") == "$poll"


async def test_answers_and_polls_are_forgotten_when_they_are_old(outbox: Outbox) -> None:
    for event, at in (("$old", NOW), ("$new", LATER)):
        await outbox.remember(message(""), event, at)
        await outbox.asked(f"{event}-post", A, f"{event}-poll", at)
    await outbox.keep(message("waits"), NOW)
    await outbox.forget_before(LATER, NOW)
    assert await outbox.sent_as("$old") is None
    assert await outbox.sent_as("$new") is not None
    assert await outbox.poll("$old-post") == "$old-poll"
    await outbox.forget_before(LATER, LATER)
    assert await outbox.poll("$old-post") == ""
    assert await outbox.poll("$new-post") == "$new-poll"
    assert await outbox.groups() == [A]


def schedule(group: str, name: str) -> Schedule:
    """Return a schedule that posts every day."""
    return Schedule(name, group, "", 0, "prompt", "daily 19:00", "UTC", NOW.date(), None, LATER)


async def circle(state: State, group: str, name: str, grace: str) -> None:
    """Let a group have something of everything that moderators decide."""
    schedules = Schedules(state, "2026a")
    await Chosen(state, schedules, lambda: 0.0).choose(group, {"grace": grace}, [], "matrix:@mo:circle.test", NOW)
    await schedules.add(schedule(group, name), "matrix:@mo:circle.test", NOW, 25)
    await Given(state).give_first(group, "r", "quote", [name], NOW)
    await Groups(state, Chosen(state, schedules, lambda: 0.0)).seen(group, "")


async def test_a_group_that_moves_takes_everything_along(state: State, outbox: Outbox) -> None:
    schedules = Schedules(state, "2026a")
    groups = Groups(state, Chosen(state, schedules, lambda: 0.0))
    await circle(state, A, "old", "2")
    await outbox.remember(message(""), "$answer", NOW)
    before = await groups.everything(A)
    assert await groups.moved(A, B)
    assert await groups.everything(A) == {}
    after = await groups.everything(B)
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    assert set(before) <= set(OF_GROUPS)
    assert [each.number for each in await schedules.of(B)] == [1]
    assert await groups.moved(A, B) == 0


async def test_where_both_have_decided_the_new_one_keeps_its_own_and_schedules_are_counted_on(state: State) -> None:
    schedules = Schedules(state, "2026a")
    chosen = Chosen(state, schedules, lambda: 0.0)
    groups = Groups(state, chosen)
    await circle(state, A, "old", "2")
    await schedules.add(schedule(A, "old too"), "matrix:@mo:circle.test", NOW, 25)
    await circle(state, B, "new", "3")
    await chosen.choose(A, {"timezone": "Europe/Paris"}, [], "matrix:@mo:circle.test", NOW)
    await groups.moved(A, B)
    assert (await chosen.of((B,)))[B] == {"grace": "3", "timezone": "Europe/Paris"}
    numbered = {each.id: each.number for each in await schedules.of(B)}
    assert numbered["new"] == 1
    assert len(set(numbered.values())) == 3
    assert sorted(numbered) == ["new", "old", "old too"]
    assert await groups.everything(A) == {}
    assert len((await groups.everything(B))["given"]) == 2


async def test_prompts_of_both_are_kept_when_a_group_moves(state: State) -> None:
    groups = Groups(state, Chosen(state, Schedules(state, "2026a"), lambda: 0.0))
    own = OwnPrompts(state)
    for group, question in ((A, "Old?"), (A, "Older?"), (B, "New?")):
        await own.add(group, "r", question, "", "matrix:@mo:circle.test", NOW, 100)
    await groups.moved(A, B)
    kept = await own.of(B, "r")
    assert sorted(each.question for each in kept) == ["New?", "Old?", "Older?"]
    assert len({each.number for each in kept}) == 3
