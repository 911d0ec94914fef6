"""Whatever others make up, nothing but what it says is raised, and what comes next is taken."""

import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import vodozemac

from bot.platforms.matrix.encryption import Unreadable
from bot.platforms.matrix.homeserver import Json
from bot.platforms.matrix.identity import STORE
from tests.platforms.matrix.encrypted import Party, partying
from tests.platforms.matrix.ours import Ours
from tests.platforms.matrix.raw import MEGOLM, OLM, Raw, said
from tests.platforms.matrix.synapse import Synapse

ROOM = "!room:circle.test"


@pytest.fixture
async def party(homeserver: Synapse, tmp_path: Path) -> AsyncIterator[Party]:
    async with partying(homeserver, tmp_path) as begun:
        yield begun


def odd(*values: Any) -> tuple[Any, ...]:
    """Return values of kinds that do not belong there."""
    return values


def our_key(bot: Ours) -> str:
    key: str = bot.encryption.publishing.device_keys()["keys"][f"curve25519:{bot.identity.device}"]
    return key


def olm(bot: Ours, **changed: Any) -> Json:
    """Return the content of an encrypted to-device message, of nonsense, with what a test changes."""
    message = {"type": 0, "body": "AwogAAAA"}
    content = {"algorithm": OLM, "sender_key": "A" * 43, "ciphertext": {our_key(bot): message}}
    return {**content, **changed}


def malformed(bot: Ours) -> list[tuple[str, Json]]:
    """Return to-device messages that no honest device sends, but that a homeserver passes on."""
    ours = our_key(bot)
    sealed = [
        {},
        {"algorithm": OLM},
        olm(bot, algorithm="m.olm.v9"),
        olm(bot, algorithm=None),
        olm(bot, sender_key=None),
        olm(bot, sender_key=["A" * 43]),
        olm(bot, sender_key="not base64!"),
        olm(bot, sender_key="AAAA"),
        olm(bot, ciphertext=None),
        olm(bot, ciphertext=[1, 2]),
        olm(bot, ciphertext={}),
        olm(bot, ciphertext={"another key": {"type": 0, "body": "AAAA"}}),
        olm(bot, ciphertext={ours: None}),
        olm(bot, ciphertext={ours: {"type": 0}}),
        olm(bot, ciphertext={ours: {"type": 0, "body": None}}),
        olm(bot, ciphertext={ours: {"type": 0, "body": 7}}),
        olm(bot, ciphertext={ours: {"type": 0, "body": ""}}),
        olm(bot, ciphertext={ours: {"type": 0, "body": "%%%"}}),
        olm(bot, ciphertext={ours: {"type": 0, "body": "A" * 40_000}}),
        olm(bot, ciphertext={ours: {"type": 1, "body": "AwogAAAA"}}),
        olm(bot, ciphertext={ours: {"type": 1, "body": ""}}),
        olm(bot, ciphertext={ours: {"type": 2, "body": "AAAA"}}),
        olm(bot, ciphertext={ours: {"type": True, "body": "AAAA"}}),
        olm(bot, ciphertext={ours: {"type": "0", "body": "AAAA"}}),
        olm(bot, ciphertext={ours: {"type": 10**15, "body": "AAAA"}}),
    ]
    request = {"algorithm": MEGOLM, "room_id": ROOM, "session_id": "x", "sender_key": ours}
    return [
        *(("m.room.encrypted", content) for content in sealed),
        ("m.room_key", {"algorithm": MEGOLM, "room_id": ROOM, "session_id": "x", "session_key": "y"}),
        ("m.forwarded_room_key", {"algorithm": MEGOLM, "room_id": ROOM, "session_id": "x", "session_key": "y"}),
        ("m.room_key_request", {"action": "request", "body": request, "request_id": "1", "requesting_device_id": "X"}),
        ("m.room_key_request", {"action": "request_cancellation", "request_id": "1", "requesting_device_id": "X"}),
        ("m.room_key.withheld", {"code": "m.unauthorised", "reason": "<b>", **request}),
        ("m.key.verification.request", {"from_device": "X", "methods": ["m.sas.v1"], "transaction_id": "1"}),
        ("m.key.verification.start", {"from_device": "X", "method": "m.sas.v1", "transaction_id": "1"}),
        ("m.key.verification.done", {}),
        ("m.secret.request", {"action": "request", "name": "m.cross_signing.master", "request_id": "1"}),
        ("m.secret.send", {"request_id": "1", "secret": "x"}),
        ("m.dummy", {}),
        ("org.example.whatever", {"deep": [[[[[[{}]]]]]]}),
    ]


def dishonest(mallory: Raw, bot: Ours) -> list[str]:
    """Return what can be inside an Olm message, well encrypted."""
    session = vodozemac.GroupSession()
    other = vodozemac.GroupSession()
    key = mallory.room_key(ROOM, session)

    def payload(content: Any, kind: str = "m.room_key", **changed: Any) -> str:
        return json.dumps(mallory.payload(bot, kind, content, **changed))

    return [
        "",
        "no json",
        "null",
        "[]",
        "[" * 3_000,
        '"' + "A" * 20_000 + '"',
        "1e999999",
        json.dumps({"type": "m.room_key", "content": key}),
        payload(key, sender="@somebody:circle.test"),
        payload(key, recipient="@somebody:circle.test"),
        payload(key, recipient_keys={"ed25519": "A" * 43}),
        payload(key, recipient_keys={}),
        payload(key, keys={}),
        payload(key, keys=None),
        payload(key, type=None),
        payload(None),
        payload([]),
        payload({}),
        payload({**key, "algorithm": "m.megolm.v9"}),
        payload({**key, "room_id": None}),
        payload({**key, "room_id": "!" + "x" * 300}),
        payload({**key, "room_id": "\ud800"}),
        payload({**key, "session_id": other.session_id}),
        payload({**key, "session_id": ["x"]}),
        payload({**key, "session_key": other.session_key.to_base64()}),
        payload({**key, "session_key": "AAAA"}),
        payload({**key, "session_key": "%"}),
        payload({**key, "session_key": 5}),
        payload(
            {**key, "sender_key": mallory.curve25519, "sender_claimed_ed25519_key": mallory.ed25519}
            | {"forwarding_curve25519_key_chain": []},
            "m.forwarded_room_key",
        ),
        payload({}, "m.dummy"),
        payload({"secret": "x", "request_id": "1"}, "m.secret.send"),
        payload({"deep": [[[[[[]]]]]]}, "org.example.whatever"),
    ]


async def test_malformed_messages_are_passed_over_and_the_next_good_one_is_taken(
    party: Party, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot = await party.ours()
    mallory = await party.raw()
    await mallory.publish()
    await mallory.begin(bot)
    for kind, content in malformed(bot):
        await mallory.send(bot, kind, content)
    for plain in dishonest(mallory, bot):
        await mallory.send(bot, "m.room.encrypted", mallory.seal(bot, plain))
    session = vodozemac.GroupSession()
    await mallory.give_key(bot, mallory.room_key(ROOM, session))
    place = (ROOM, session.session_id)
    readable: set[tuple[str, str]] = set()

    def has_come() -> bool:
        readable.update(bot.encryption.newly_readable())
        return place in readable

    await bot.until(has_come)
    assert readable == {place}, "a key was taken that should not have been"
    event = mallory.event(session, said("I am good", ROOM))
    assert bot.encryption.decrypt(ROOM, event)["content"]["body"] == "I am good"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert any("passed over" in message for message in ours)
    secrets = (session.session_id, mallory.curve25519, mallory.user, ROOM, "A" * 20)
    assert not [message for message in ours if any(secret in message for secret in secrets)]
    assert not [record for record in caplog.records if record.name.startswith(("nio", "peewee"))]


async def test_what_no_server_passes_on_does_no_harm_either(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    await mallory.begin(bot)
    session = vodozemac.GroupSession()
    good = mallory.seal(bot, json.dumps(mallory.payload(bot, "m.room_key", mallory.room_key(ROOM, session))))
    sealed: Json = {"type": "m.room.encrypted", "sender": mallory.user, "content": good}
    nonsense: list[Any] = [
        *(None, 0, "text", [], {}, [sealed], {"type": None}, {"type": "m.room.encrypted"}),
        *({**sealed, "sender": sender} for sender in odd(None, 5, [], "", "@somebody:circle.test")),
        *({**sealed, "content": content} for content in odd(None, 5, [], "text")),
    ]
    bot.encryption.receive(nonsense, {"signed_curve25519": "many"}, [None, 5], [None, 5, ["x"]], [None, {}])
    bot.encryption.receive([], {"signed_curve25519": True}, None, None, "text")  # type: ignore[arg-type]
    await bot.encryption.keep_up()
    assert bot.encryption.newly_readable() == set()
    mallory_again = await party.raw()
    await mallory_again.begin(bot)
    await mallory_again.give_key(bot, mallory_again.room_key(ROOM, session))
    await bot.until(lambda: bool(bot.encryption.newly_readable()))


async def test_malformed_events_are_unreadable_and_nothing_else(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    await mallory.begin(bot)
    session = vodozemac.GroupSession()
    await mallory.give_key(bot, mallory.room_key(ROOM, session))
    await bot.until(lambda: bool(bot.encryption.newly_readable()))
    good = mallory.event(session, said("good", ROOM))
    content = good["content"]
    nonsense: list[Any] = [
        *(None, 5, "text", [], {}),
        *({**good, "content": changed} for changed in odd(None, 5, [], {}, {**content, "algorithm": OLM})),
        *({**good, "sender": changed} for changed in odd(None, 5, [], "", "x" * 300, "@\ud800:circle.test")),
        *({**good, "event_id": changed} for changed in odd(None, 5, [], "")),
        *(
            {**good, "content": {**content, "session_id": changed}}
            for changed in odd(None, 5, [], "", "\ud800", "x" * 999)
        ),
        *(
            {**good, "content": {**content, "ciphertext": changed}}
            for changed in odd(None, 5, {}, "", "%", "A" * 50_000)
        ),
        *(mallory.event(session, payload) for payload in odd(None, 5, [], "text", {}, {"room_id": ROOM})),
        *(mallory.event(session, {**said("", ROOM), "type": changed}) for changed in odd(None, 5, "m.room.encrypted")),
        *(mallory.event(session, {**said("", ROOM), "content": changed}) for changed in odd(None, 5, [], "text")),
        *(
            mallory.event(session, {**said("", ROOM), "room_id": changed})
            for changed in odd(None, 5, "!other:circle.test")
        ),
    ]
    for event in nonsense:
        with pytest.raises(Unreadable):
            bot.encryption.decrypt(ROOM, event)
    with pytest.raises(Unreadable):
        bot.encryption.decrypt("!other:circle.test", good)
    assert bot.encryption.decrypt(ROOM, good)["content"]["body"] == "good"
    untimely = mallory.event(session, said("odd", ROOM), "$odd", origin_server_ts="yesterday", unsigned=[])
    assert bot.encryption.decrypt(ROOM, untimely)["origin_server_ts"] == 0


async def test_a_key_that_others_pass_on_does_not_take_its_owners_place(party: Party) -> None:
    bot = await party.ours()
    anna, mallory = await party.raw("anna"), await party.raw("mallory")
    for device in (anna, mallory):
        await device.begin(bot)
    session = vodozemac.GroupSession()
    # Mallory was given it, as a member of the room, and is the first to give it to us: as hers.
    await mallory.give_key(bot, mallory.room_key(ROOM, session))
    await bot.until(lambda: bool(bot.encryption.newly_readable()))
    event = anna.event(session, said("I am Anna", ROOM))
    with pytest.raises(Unreadable) as unreadable:
        bot.encryption.decrypt(ROOM, event)
    assert unreadable.value.can_come
    await anna.give_key(bot, anna.room_key(ROOM, session, session_key=session.session_key.to_base64()))
    await bot.until(lambda: bool(bot.encryption.newly_readable()))
    with pytest.raises(Unreadable) as unreadable:
        bot.encryption.decrypt(ROOM, event)
    assert unreadable.value.reason == "from before we were given its key"
    later = anna.event(session, said("I am Anna", ROOM), "$later")
    assert bot.encryption.decrypt(ROOM, later)["sender"] == anna.user


async def test_a_later_key_does_not_make_earlier_messages_unreadable(party: Party) -> None:
    bot = await party.ours()
    anna = await party.raw("anna")
    await anna.begin(bot)
    session = vodozemac.GroupSession()
    await anna.give_key(bot, anna.room_key(ROOM, session))
    event = anna.event(session, said("first", ROOM))
    await anna.give_key(bot, anna.room_key(ROOM, session))
    other = vodozemac.GroupSession()
    await anna.give_key(bot, anna.room_key(ROOM, other))
    await bot.until(lambda: (ROOM, other.session_id) in bot.encryption.newly_readable())
    assert bot.encryption.decrypt(ROOM, event)["content"]["body"] == "first"


async def test_a_key_from_another_device_than_it_says_reads_nothing(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    await mallory.publish(1)
    await mallory.begin(bot)
    session = vodozemac.GroupSession()
    await mallory.give_key(bot, mallory.room_key(ROOM, session), keys={"ed25519": "A" * 43})
    await bot.until(lambda: bool(bot.encryption.newly_readable()))
    event = mallory.event(session, said("whose?", ROOM))
    # Nothing is known of her devices until somebody writes to her.
    assert bot.encryption.decrypt(ROOM, event)
    await bot.encryption.encrypt(ROOM, {bot.user, mallory.user}, "m.room.message", {"body": "text"})
    with pytest.raises(Unreadable) as unreadable:
        bot.encryption.decrypt(ROOM, event)
    assert unreadable.value.reason == "its key is not from the device that it says"


async def test_devices_and_keys_that_are_not_signed_by_themselves_are_passed_over(party: Party) -> None:
    bot = await party.ours()
    forged, unsure = await party.raw("forged"), await party.raw("unsure")
    # One signs itself with another key than it says it has, the other's one-time key is somebody else's.
    forged.ed25519 = unsure.ed25519
    await forged.publish(1)
    await unsure.publish(1, signer=forged)
    for raw in (forged, unsure):
        await bot.encryption.encrypt(ROOM, {bot.user, raw.user}, "m.room.message", {"body": "text"})
    assert bot.home.asked.count("v3/keys/claim") == 1
    assert not [path for path in bot.home.asked if "sendToDevice" in path]


async def test_a_one_time_key_is_good_for_one_time(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    await mallory.begin(bot)
    session = vodozemac.GroupSession()
    await mallory.give_key(bot, mallory.room_key(ROOM, session))
    await bot.until(lambda: bool(bot.answer.get("to_device", {}).get("events")))
    assert bot.encryption.newly_readable() == {(ROOM, session.session_id)}
    # Killed here; and what was begun with the key is lost, so that nothing but the account could tell.
    with closing(sqlite3.connect(bot.folder / STORE)) as database:
        database.execute("DELETE FROM olmsessions")
        database.execute("DELETE FROM room_keys")
        database.commit()
    again = await party.ours()
    again.encryption.receive(bot.answer["to_device"]["events"], None, None, [], [])
    assert again.encryption.newly_readable() == set()


async def test_who_begins_with_a_key_that_we_never_had_is_answered_with_a_good_one(party: Party) -> None:
    clock = [0.0]
    bot = await party.ours(monotonic=lambda: clock[0])
    reader = await party.raw("reader")
    await reader.publish()
    await bot.encryption.encrypt(ROOM, {bot.user, reader.user}, "m.room.message", {"body": "text"})
    await reader.publish(1)
    await reader.begin(bot, vodozemac.Account().curve25519_key.to_base64())
    await reader.give_key(bot, reader.room_key(ROOM, vodozemac.GroupSession()))
    clock[0] += 60
    await bot.until(lambda: any("sendToDevice" in path for path in bot.home.asked))
    assert bot.home.asked.count("v3/keys/claim") == 2


async def test_a_flood_of_sessions_is_not_kept(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    for _ in range(30):
        await mallory.begin(bot)
        await mallory.send(bot, "m.room.encrypted", mallory.seal(bot, "nothing"))
    await mallory.give_key(bot, mallory.room_key(ROOM, session := vodozemac.GroupSession()))
    await bot.until(lambda: (ROOM, session.session_id) in bot.encryption.newly_readable())
    assert bot.encryption._store.rows("SELECT count(*) FROM olmsessions") == [(8,)]
