"""What is known of a room from its state: who is there, who moderates, who may do what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.matrix.rooms import CREATOR_LEVEL, Room, Rooms
from tests.examples import examples
from tests.platforms.matrix.hostile import TEXTS

BOT, ANNA, BORIS = "@kruzhok:circle.test", "@anna:circle.test", "@boris:circle.test"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
KINDS = ("create", "power_levels", "member", "encryption", "tombstone", "name", "canonical_alias", "topic")


def event(kind: str, content: object, key: str = "", sender: str = ANNA) -> dict[str, Any]:
    """Return an event of a room's state."""
    return {"type": f"m.room.{kind}", "state_key": key, "sender": sender, "content": content}


def room(*events: dict[str, Any], version: str = "10", levels: dict[str, Any] | None = None, **create: Any) -> Room:
    """Return a room that Anna made, with Boris and the bot in it."""
    made = Room("!room:circle.test")
    made.apply(event("create", {"room_version": version, **create}))
    for user in (ANNA, BORIS, BOT):
        made.apply(event("member", {"membership": "join"}, user))
    if levels is not None:
        made.apply(event("power_levels", levels))
    for each in events:
        made.apply(each)
    return made


@pytest.mark.parametrize("version", ["10", "11"])
def test_without_power_levels_only_the_creator_moderates(version: str) -> None:
    made = room(version=version)
    assert made.is_moderator(ANNA)
    assert not made.is_moderator(BORIS)
    assert made.level(ANNA) == 100
    assert made.level(BORIS) == 0


@pytest.mark.parametrize(("version", "is_above"), [("10", False), ("11", False), ("12", True), ("13", True)])
def test_creators_outrank_everybody_since_version_12(version: str, is_above: bool) -> None:
    made = room(version=version, levels={"users": {}}, additional_creators=[BORIS, 7])
    assert made.is_moderator(ANNA) == made.is_moderator(BORIS) == is_above
    assert (made.level(ANNA) == CREATOR_LEVEL) == is_above
    assert not made.is_moderator(BOT)


@pytest.mark.parametrize(
    ("levels", "moderates"),
    [
        ({"users": {BORIS: 50}}, True),
        ({"users": {BORIS: 49}}, False),
        ({"users": {BORIS: "50"}}, True),
        ({"users": {BORIS: " 50 "}}, True),
        ({"users": {BORIS: "much"}}, False),
        ({"users": {BORIS: 50.0}}, True),
        ({"users": {BORIS: True}}, False),
        ({"users": {BORIS: None}}, False),
        ({"users": [BORIS]}, False),
        ({"users": {BORIS: 60}, "state_default": 75}, False),
        ({"users": {BORIS: 75}, "state_default": 75}, True),
        ({"users": {BORIS: 75}, "state_default": "75"}, True),
        ({"users": {BORIS: 10}, "state_default": 10}, True),
        ({"users_default": 50}, True),
        ({"users_default": 50, "users": {BORIS: 0}}, False),
        ({"users_default": 0, "state_default": 0}, True),
        ({}, False),
    ],
)
def test_who_reaches_state_default_moderates(levels: dict[str, Any], moderates: bool) -> None:
    assert room(levels=levels).is_moderator(BORIS) == moderates


def test_whoever_is_demoted_or_gone_moderates_no_more() -> None:
    made = room(levels={"users": {BORIS: 100}})
    assert made.is_moderator(BORIS)
    made.apply(event("power_levels", {"users": {BORIS: 0}}))
    assert not made.is_moderator(BORIS)
    made.apply(event("power_levels", {"users": {BORIS: 100}}))
    for membership in ("invite", "leave", "ban", "knock"):
        made.apply(event("member", {"membership": membership}, BORIS))
        assert not made.is_moderator(BORIS), membership


def test_who_may_do_what_follows_the_levels() -> None:
    levels = {"events": {"m.room.message": 10}, "events_default": 5, "notifications": {"room": 20}, "redact": 30}
    made = room(levels={**levels, "users": {BOT: 10}})
    assert made.needed("m.room.message") == 10
    assert made.needed("m.room.encrypted") == 5
    assert made.may_send(BOT, "m.room.message")
    assert not made.may_send(BORIS, "m.room.encrypted")
    assert (made.mention_level, made.redact_level, made.state_default) == (20, 30, 50)
    assert (room(levels={}).mention_level, room(levels={}).redact_level) == (50, 50)
    assert room().may_send(BORIS, "m.room.message")


def test_who_is_there_is_who_joined_or_is_invited() -> None:
    made = room(event("member", {"membership": "invite"}, "@clara:circle.test"))
    assert made.present == {ANNA, BORIS, BOT, "@clara:circle.test"}
    assert made.joined == {ANNA, BORIS, BOT}
    made.apply(event("member", {"membership": "leave"}, "@clara:circle.test"))
    made.apply(event("member", {"membership": "ban"}, BORIS))
    assert made.present == {ANNA, BOT}


def test_a_room_is_deserted_when_others_have_left_it_and_not_before_anybody_came() -> None:
    made = Room("!room:circle.test")
    made.apply(event("member", {"membership": "join"}, BOT))
    assert not made.is_deserted(BOT)
    made.apply(event("member", {"membership": "invite"}, ANNA))
    assert not made.is_deserted(BOT)
    made.apply(event("member", {"membership": "leave"}, ANNA))
    assert made.is_deserted(BOT)


def test_only_a_room_of_our_own_with_one_member_is_direct() -> None:
    rooms = Rooms()
    ours = rooms.enter("!ours:circle.test")
    ours.apply(event("create", {}, sender=BOT))
    for user in (ANNA, BOT):
        ours.apply(event("member", {"membership": "join"}, user))
    theirs = rooms.enter("!theirs:circle.test")
    theirs.apply(event("create", {}, sender=ANNA))
    for user in (ANNA, BOT):
        theirs.apply(event("member", {"membership": "join"}, user))
    assert rooms.direct_with(ANNA, BOT) is ours
    ours.apply(event("member", {"membership": "invite"}, BORIS))
    assert rooms.direct_with(ANNA, BOT) is None


def test_what_we_know_of_a_room_beforehand_takes_nothing_of_what_the_server_told() -> None:
    made = room(version="12", additional_creators=[BORIS])
    made.supplement(event("create", {}, sender=BOT))
    made.supplement(event("member", {"membership": "invite"}, ANNA))
    made.supplement(event("member", {"membership": "invite"}, "@clara:circle.test"))
    assert made.is_moderator(BORIS)
    assert made.joined == {ANNA, BORIS, BOT}
    assert made.present == {ANNA, BORIS, BOT, "@clara:circle.test"}
    left = room(event("member", {"membership": "leave"}, ANNA))
    left.supplement(event("member", {"membership": "invite"}, ANNA))
    assert ANNA not in left.present


def test_names_and_successors_are_taken_from_the_state() -> None:
    made = room(predecessor={"room_id": "!old:circle.test", "event_id": "$last"})
    assert made.predecessor == "!old:circle.test"
    assert (made.name, made.replacement, made.is_encrypted) == ("", "", False)
    made.apply(event("canonical_alias", {"alias": "#circle:circle.test"}))
    assert made.name == "#circle:circle.test"
    made.apply(event("name", {"name": "Circle"}))
    made.apply(event("tombstone", {"replacement_room": "!new:circle.test"}))
    made.apply(event("encryption", {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_msgs": 5}))
    assert (made.name, made.replacement, made.is_encrypted) == ("Circle", "!new:circle.test", True)
    assert made.encryption["rotation_period_msgs"] == 5


@examples(40)
@given(st.lists(st.tuples(st.sampled_from(KINDS), JSON, st.sampled_from(("", ANNA, BOT)), JSON), max_size=5))
def test_whatever_a_rooms_state_is_it_can_be_looked_at(events: list[tuple[str, Any, str, Any]]) -> None:
    made = Room("!room:circle.test")
    for kind, value, key, sender in events:
        for content in (value, {"membership": value, "users": value, "name": value, "predecessor": value}):
            made.apply({"type": f"m.room.{kind}", "state_key": key, "sender": sender, "content": content})
        made.apply(event(kind, {"room_version": value, "state_default": value, "users_default": value}, key))
        made.apply(event(kind, {"users": {ANNA: value}, "notifications": value, "events": value, "alias": value}, key))
    for user in (ANNA, BOT):
        made.is_moderator(user)
        made.display_name(user)
        made.is_direct_with(user, BOT)
        made.may_send(user, "m.room.message")
    assert isinstance(made.name, str)
    assert isinstance(made.replacement, str)
    assert isinstance(made.predecessor, str)
    assert made.state_default + made.mention_level + made.redact_level + made.needed("x", is_state=True) is not None
    made.is_deserted(BOT)
