"""Encrypted conversations, with others' clients and among our own, over a real homeserver."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.platforms.matrix.encryption import StoreBroken, Unreadable
from bot.platforms.matrix.homeserver import Json, Unreachable
from bot.platforms.matrix.identity import STORE
from tests.platforms.matrix.encrypted import Party, partying
from tests.platforms.matrix.synapse import Synapse


@pytest.fixture
async def party(homeserver: Synapse, tmp_path: Path) -> AsyncIterator[Party]:
    async with partying(homeserver, tmp_path) as begun:
        yield begun


async def test_another_client_and_we_read_each_other(party: Party) -> None:
    bot = await party.ours()
    friend = await party.second()
    room = await party.meet(bot, friend)
    question = await bot.read(await friend.say(room, "Who was Victor Serge?"))
    assert (question["type"], question["sender"]) == ("m.room.message", friend.user)
    assert question["content"]["body"] == "Who was Victor Serge?"
    answer = await friend.wait_for_event(await bot.say(room, "A writer & anarchist, “émigré”."))
    assert answer["decrypted"]
    assert answer["content"] == {"msgtype": "m.text", "body": "A writer & anarchist, “émigré”."}
    assert (await bot.read(await friend.say(room, "Thanks")))["content"]["body"] == "Thanks"


async def test_threads_edits_reactions_and_redactions_come_through(party: Party) -> None:
    bot = await party.ours()
    friend = await party.second()
    room = await party.meet(bot, friend)
    root = await friend.say(room, "Kronstadt?")
    assert (await bot.read(root))["content"]["body"] == "Kronstadt?"
    relation = {"rel_type": "m.thread", "event_id": root, "is_falling_back": True, "m.in_reply_to": {"event_id": root}}
    answer = await bot.say(room, "In a thread", **{"m.relates_to": relation})
    assert (await bot.event(answer))["content"]["m.relates_to"] == relation, "the server must see threads"
    assert (await friend.wait_for_event(answer))["content"]["m.relates_to"] == relation
    reply = await bot.read(await friend.reply(room, answer, "And then?", thread=root))
    assert reply["content"]["m.relates_to"]["rel_type"] == "m.thread"
    edited = await bot.read(await friend.edit(room, root, "Kronstadt, 1921?"))
    assert edited["content"]["m.relates_to"] == {"rel_type": "m.replace", "event_id": root}
    assert edited["content"]["m.new_content"]["body"] == "Kronstadt, 1921?"
    assert (await bot.event(await friend.react(room, answer, "🔁")))["content"]["m.relates_to"]["key"] == "🔁"
    assert (await bot.event(await friend.redact(room, root)))["type"] == "m.room.redaction"


async def test_our_own_devices_read_each_other(party: Party) -> None:
    bot = await party.ours()
    other = await party.ours("other")
    room = await party.gather(bot, other)
    assert (await other.read(await bot.say(room, "one")))["content"]["body"] == "one"
    assert (await bot.read(await other.say(room, "two")))["content"]["body"] == "two"


async def test_we_read_what_we_said_ourselves(party: Party) -> None:
    bot = await party.ours()
    room = await party.gather(bot)
    event = await bot.say(room, "to be found again")
    assert (await bot.read(event))["content"]["body"] == "to be found again"
    bot.encryption.close()
    again = await party.ours()
    assert (await again.read(event))["content"]["body"] == "to be found again"


async def test_a_room_with_nothing_new_takes_no_request(party: Party) -> None:
    bot = await party.ours()
    others = [await party.ours(f"other{number}") for number in range(3)]
    room = await party.gather(bot, *others)
    members = {bot.user, *(other.user for other in others)}
    bot.home.asked.clear()
    await bot.encryption.encrypt(room, members, "m.room.message", {"body": "first"})
    paths = [path.rpartition("/")[0] if "sendToDevice" in path else path for path in bot.home.asked]
    assert paths == ["v3/keys/query", "v3/keys/claim", "v3/sendToDevice/m.room.encrypted"]
    bot.home.asked.clear()
    for number in range(50):
        await bot.encryption.encrypt(room, members, "m.room.message", {"body": f"again {number}"})
    other_room = await party.gather(bot, *others)
    bot.home.asked.clear()
    await bot.encryption.encrypt(other_room, members, "m.room.message", {"body": "elsewhere"})
    assert [path.partition("/")[2].partition("/")[0] for path in bot.home.asked] == ["sendToDevice"]


async def test_messages_at_once_take_one_key_and_one_query(party: Party) -> None:
    bot = await party.ours()
    other = await party.ours("other")
    room = await party.gather(bot, other)
    bot.home.asked.clear()
    members = {bot.user, other.user}
    sealed = await asyncio.gather(
        *(bot.encryption.encrypt(room, members, "m.room.message", {"body": str(number)}) for number in range(20))
    )
    assert len({content["session_id"] for content in sealed}) == 1
    assert len({content["ciphertext"] for content in sealed}) == 20
    assert len(bot.home.asked) == 3


async def test_who_joins_later_reads_what_comes_later(party: Party) -> None:
    bot = await party.ours()
    other, late = await party.ours("other"), await party.ours("late")
    room = await party.gather(bot, other)
    before = await bot.say(room, "before")
    assert (await other.read(before))["content"]["body"] == "before"
    await bot.home.ask("POST", f"v3/rooms/{room}/invite", {"user_id": late.user})
    await late.join(room)
    await bot.sync()
    after = await bot.say(room, "after")
    assert (await late.read(after))["content"]["body"] == "after"
    with pytest.raises(Unreadable) as unreadable:
        late.encryption.decrypt(room, await bot.event(before))
    assert unreadable.value.reason == "from before we were given its key"
    assert (await bot.event(before))["content"]["session_id"] == (await bot.event(after))["content"]["session_id"]


async def test_a_members_new_device_reads_the_next_message(party: Party) -> None:
    bot = await party.ours()
    user = await party.register("reader")
    friend = await party.second("friend", user)
    room = await party.meet(bot, friend)
    await friend.wait_for_event(await bot.say(room, "to one device"))
    phone = await party.second("phone", user)
    await bot.until(lambda: user.id in bot.answer.get("device_lists", {}).get("changed", []))
    event = await bot.say(room, "to two devices")
    assert (await phone.wait_for_event(event))["content"]["body"] == "to two devices"
    assert (await friend.wait_for_event(event))["content"]["body"] == "to two devices"


async def test_whoever_left_cannot_read_on(party: Party) -> None:
    bot = await party.ours()
    stays, leaves = await party.ours("stays"), await party.ours("leaves")
    room = await party.gather(bot, stays, leaves)
    before = await bot.say(room, "before")
    assert (await leaves.read(before))["content"]["body"] == "before"
    await leaves.home.ask("POST", f"v3/rooms/{room}/leave", {})
    after = await bot.say(room, "after")
    assert (await stays.read(after))["content"]["body"] == "after"
    await leaves.sync()
    overheard = await bot.event(after)
    assert overheard["content"]["session_id"] != (await bot.event(before))["content"]["session_id"]
    assert not leaves.can_read(overheard)


async def test_a_device_that_logged_out_cannot_read_on(party: Party) -> None:
    bot = await party.ours()
    user = await party.register("reader")
    lost = await party.ours("lost", user)
    kept = await party.ours("kept", user)
    room = await party.gather(bot, kept)
    before = await bot.say(room, "before")
    assert (await kept.read(before))["content"]["body"] == "before"
    assert (await lost.read(before))["content"]["body"] == "before"
    await lost.home.ask("POST", "v3/logout", {})
    await bot.until(lambda: user.id in bot.answer.get("device_lists", {}).get("changed", []))
    overheard = await bot.event(await bot.say(room, "after"))
    assert (await kept.read(overheard["event_id"]))["content"]["body"] == "after"
    assert not lost.can_read(overheard)


async def test_a_key_is_worn_after_a_hundred_messages_a_week_or_as_the_room_says(party: Party) -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    bot = await party.ours(now=lambda: now[0])

    async def key(room: str = "!room:circle.test", rotation: Json | None = None) -> str:
        sealed = await bot.encryption.encrypt(room, {bot.user}, "m.room.message", {"body": ""}, rotation)
        used: str = sealed["session_id"]
        return used

    assert [len({await key() for _ in range(count)}) for count in (100, 100, 150)] == [1, 1, 2]
    first = await key("!other:circle.test")
    now[0] += timedelta(days=6, hours=23)
    assert await key("!other:circle.test") == first
    now[0] += timedelta(hours=2)
    second = await key("!other:circle.test")
    assert second != first
    bot.encryption.forget("!other:circle.test")
    third = await key("!other:circle.test")
    assert third not in (first, second)
    now[0] -= timedelta(days=30)  # a clock that was put right must not make a key eternal
    assert await key("!other:circle.test") != third
    brief = {"rotation_period_msgs": 2, "rotation_period_ms": 7_200_000}
    keys = [await key("!brief:circle.test", brief) for _ in range(4)]
    assert [keys[0] == keys[1], keys[1] == keys[2], keys[2] == keys[3]] == [True, False, True]
    now[0] += timedelta(hours=3)
    assert await key("!brief:circle.test", brief) not in keys
    for nonsense in ({"rotation_period_msgs": "2"}, {"rotation_period_ms": True}, {"rotation_period_msgs": None}):
        assert await key("!nonsense:circle.test", nonsense) == await key("!nonsense:circle.test", nonsense)
    none = {"rotation_period_msgs": -5, "rotation_period_ms": -(10**30)}
    assert await key("!none:circle.test", none) != await key("!none:circle.test", none)


async def test_a_restart_keeps_everything(party: Party) -> None:
    bot = await party.ours()
    friend = await party.second()
    room = await party.meet(bot, friend)
    first = await friend.say(room, "first")
    assert (await bot.read(first))["content"]["body"] == "first"
    event = await bot.event(first)
    bot.encryption.close()
    again = await party.ours()
    assert again.identity == bot.identity
    assert again.home.asked == [], "there was nothing to publish"
    assert again.encryption.decrypt(room, event)["content"]["body"] == "first"
    await again.sync()
    assert (await again.read(await friend.say(room, "second")))["content"]["body"] == "second"
    assert (await friend.wait_for_event(await again.say(room, "third")))["content"]["body"] == "third"


async def test_a_key_is_kept_before_the_sync_is_settled(party: Party) -> None:
    bot = await party.ours()
    friend = await party.second()
    room = await party.meet(bot, friend)
    await friend.say(room, "the key comes with this")
    while not any(event["type"] == "m.room.encrypted" for event in bot.seen):
        await bot.sync(keeping_up=False)
    event = next(event for event in bot.seen if event["type"] == "m.room.encrypted")
    assert bot.encryption.newly_readable() == {(room, event["content"]["session_id"])}
    assert bot.encryption.newly_readable() == set()
    # Killed here: nothing is closed.
    again = await party.ours()
    assert again.encryption.decrypt(room, event)["content"]["body"] == "the key comes with this"


@pytest.mark.parametrize("path", ["v3/keys/query", "v3/keys/claim", "v3/sendToDevice"])
@pytest.mark.parametrize("fault", ["lost", pytest.param("unanswered", marks=pytest.mark.extended)])
async def test_what_could_not_be_shared_is_shared_at_the_next_attempt(party: Party, path: str, fault: str) -> None:
    bot = await party.ours()
    others = [await party.ours(f"other{number}") for number in range(2)]
    room = await party.gather(bot, *others)
    setattr(bot.home, fault, (path,))
    with pytest.raises(Unreachable):
        await bot.say(room, "not yet")
    setattr(bot.home, fault, ())
    event = await bot.say(room, "now")
    for other in others:
        assert (await other.read(event))["content"]["body"] == "now"


async def test_many_devices_are_told_in_parts(party: Party) -> None:
    bot = await party.ours()
    user = await party.register("many")
    for _ in range(45):
        await (await party.raw(user=user)).publish(1)
    bot.home.asked.clear()
    await bot.encryption.encrypt("!room:circle.test", {bot.user, user.id}, "m.room.message", {"body": "all of you"})
    assert sum("sendToDevice" in path for path in bot.home.asked) == 3
    assert len(bot.home.asked) == 5


async def test_a_device_without_one_time_keys_is_passed_over_until_it_has_one(party: Party) -> None:
    clock = [0.0]
    bot = await party.ours(monotonic=lambda: clock[0])
    other = await party.ours("other")
    raw = await party.raw()
    await raw.publish(0)
    members = {bot.user, other.user, raw.user}
    room = await party.gather(bot, other)

    async def share() -> list[str]:
        bot.home.asked.clear()
        await bot.encryption.encrypt(room, members, "m.room.message", {"body": "text"})
        return [path.split("/")[1] + path.split("/")[2][:5] for path in bot.home.asked]

    assert await share() == ["keysquery", "keysclaim", "sendToDevicem.roo"]
    assert await share() == [], "it was asked for again at once"
    clock[0] += 15
    assert await share() == ["keysclaim"]
    clock[0] += 15
    assert await share() == [], "it is asked for more and more rarely"
    await raw.publish(1)
    clock[0] += 15
    assert await share() == ["keysclaim", "sendToDevicem.roo"]
    assert await share() == []


async def test_devices_of_those_who_left_are_forgotten(party: Party) -> None:
    bot, other = await party.ours(), await party.ours("other")
    room = await party.gather(bot, other)
    before = await bot.event(await bot.say(room, "before"))
    await other.home.ask("POST", f"v3/rooms/{room}/leave", {})
    await bot.until(lambda: other.user in bot.answer.get("device_lists", {}).get("left", []))
    assert bot.encryption._store.rows("SELECT user_id FROM devicekeys WHERE user_id = ?", other.user) == []
    orphans = "SELECT count(*) FROM keys WHERE device_id NOT IN (SELECT id FROM devicekeys)"
    assert bot.encryption._store.rows(orphans) == [(0,)]
    back = await party.gather(bot, other)
    assert (await other.read(await bot.say(back, "again")))["content"]["body"] == "again"
    assert (await bot.event(await bot.say(room, "alone")))["content"]["session_id"] != before["content"]["session_id"]


async def test_a_full_disk_loses_nothing(party: Party) -> None:
    bot, other = await party.ours(), await party.ours("other")
    rooms = [await party.gather(other, bot) for _ in range(12)]
    events = [await other.say(room, f"text {number}") for number, room in enumerate(rooms)]
    database = bot.encryption._store.database
    [[pages]] = bot.encryption._store.rows("PRAGMA page_count")
    bot.encryption._store.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreBroken):
        await bot.until(lambda: False)
    assert bot.encryption.newly_readable() == set()
    assert not database.in_transaction()
    bot.encryption._store.rows("PRAGMA max_page_count = 1000000")
    for number, event in enumerate(events):
        assert (await bot.read(event))["content"]["body"] == f"text {number}"


async def test_an_olm_session_that_broke_is_begun_anew(party: Party) -> None:
    bot = await party.ours()
    friend = await party.second()
    room = await party.meet(bot, friend)
    assert (await bot.read(await friend.say(room, "one")))["content"]["body"] == "one"
    await friend.wait_for_event(await bot.say(room, "so that both sides have used the session"))
    bot.encryption.close()
    with closing(sqlite3.connect(bot.folder / STORE)) as database:
        database.execute("DELETE FROM olmsessions")
        database.commit()
    again = await party.ours()
    lost = await party.meet(again, friend)
    unread = await again.event(await friend.say(lost, "its key is lost"))
    assert not again.can_read(unread)
    assert sum("keys/claim" in path for path in again.home.asked) == 1
    assert sum("sendToDevice" in path for path in again.home.asked) == 1
    for _ in range(2):
        await again.sync()
    assert sum("sendToDevice" in path for path in again.home.asked) == 1, "it is mended once"
    found = await party.meet(again, friend)
    assert (await again.read(await friend.say(found, "mended")))["content"]["body"] == "mended"


async def test_the_same_event_is_read_again_and_another_with_the_same_text_is_not(party: Party) -> None:
    bot = await party.ours()
    other = await party.ours("other")
    room = await party.gather(bot, other)
    event = await other.event(await other.say(room, "Say it once"))
    await bot.read(event["event_id"])
    assert bot.encryption.decrypt(room, event) == bot.encryption.decrypt(room, event)
    with pytest.raises(Unreadable) as unreadable:
        bot.encryption.decrypt(room, {**event, "event_id": "$another"})
    assert unreadable.value.reason == "another event said this already"
    assert not unreadable.value.can_come


async def test_an_event_without_the_senders_key_and_device_is_read(party: Party) -> None:
    bot = await party.ours()
    other = await party.ours("other")
    room = await party.gather(bot, other)
    event = await other.event(await other.say(room, "as the specification has it now"))
    await bot.read(event["event_id"])
    for name in ("sender_key", "device_id"):
        del event["content"][name]
    assert bot.encryption.decrypt(room, event)["content"]["body"] == "as the specification has it now"
