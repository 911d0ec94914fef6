"""Polls on Matrix: begun in the form that clients know, counted as clients count, in both forms."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.caller import Caller
from bot.platforms.matrix import limits
from bot.platforms.matrix.polls import (
    ENDS,
    RESPONSES,
    START,
    STARTS,
    Poll,
    is_poll,
    line,
    poll_in,
    poll_start,
    told,
    votes,
)
from tests.examples import examples
from tests.platforms.matrix.hostile import TEXTS
from tests.platforms.matrix.replies import prompt

OURS, ANNA, BORIS = "@kruzhok:x.org", "@anna:x.org", "@boris:x.org"
POLL = Poll("$poll", OURS, {"1": "Yes", "2": "No"})
Json = dict[str, Any]


def related(kind: str, sender: str, at: int, content: Json, to: str = "$poll") -> Json:
    relation = {"rel_type": "m.reference", "event_id": to}
    return {
        "type": kind,
        "event_id": f"${at}",
        "sender": sender,
        "origin_server_ts": at,
        "content": {**content, "m.relates_to": relation},
    }


def vote(sender: str, at: int, *answers: object, stable: bool = False, to: str = "$poll") -> Json:
    if stable:
        return related("m.poll.response", sender, at, {"m.selections": [*answers]}, to)
    kind = "org.matrix.msc3381.poll.response"
    return related(kind, sender, at, {kind: {"answers": [*answers]}}, to)


def end(sender: str, at: int, stable: bool = False) -> Json:
    kind = "m.poll.end" if stable else "org.matrix.msc3381.poll.end"
    return related(kind, sender, at, {"m.text": []} if stable else {kind: {}})


def counted(*events: Json, poll: Poll = POLL) -> tuple[int, ...]:
    return tuple(votes(poll, events, lambda user: user == BORIS).values())


def test_a_poll_begins_in_the_form_that_clients_know() -> None:
    assert poll_start(prompt(question="Was it\nso?", positions=("Yes, it was", "No"))) == {
        "body": "Was it so?\n1. Yes, it was\n2. No",
        "org.matrix.msc1767.text": "Was it so?\n1. Yes, it was\n2. No",
        "org.matrix.msc3381.poll.start": {
            "kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": 1,
            "question": {"org.matrix.msc1767.text": "Was it so?"},
            "answers": [
                {"id": "1", "org.matrix.msc1767.text": "Yes, it was"},
                {"id": "2", "org.matrix.msc1767.text": "No"},
            ],
        },
    }


def test_a_poll_that_was_begun_is_read_again_in_either_form() -> None:
    ours = {"type": START, "event_id": "$poll", "sender": OURS, "content": poll_start(prompt())}
    assert poll_in(ours) == POLL
    stable = {
        "m.poll": {
            "question": {"m.text": [{"body": "Why?"}]},
            "answers": [{"m.id": "1", "m.text": [{"body": "Yes"}]}, {"m.id": "2", "m.text": [{"body": "No"}]}],
        }
    }
    assert poll_in({"type": "m.poll.start", "event_id": "$poll", "sender": OURS, "content": stable}) == POLL
    for content in ({}, None, {START: None}, {START: {"answers": "x"}}, {START: {"answers": [None, {"id": 1}]}}):
        assert poll_in({**ours, "content": content}) is None
    assert poll_in({**ours, "type": "m.room.message"}) is None


async def test_every_prompt_with_opposed_positions_makes_a_poll(app: App) -> None:
    caller = Caller("reader", "test:1")
    reading = await app.readings.of(caller)
    prompts = await app.prompts.of(caller, reading)
    assert sum(map(is_poll, prompts)) > 20
    assert all(is_poll(each) == bool(each.positions) for each in prompts)
    assert line(prompts[0]) == f"poll {reading.slug} {prompts[0].id}"


@pytest.mark.parametrize(
    ("question", "positions"),
    [
        ("Why?", ()),
        ("Why?", ("Yes",)),
        ("Why?", ("Yes", " ")),
        ("", ("Yes", "No")),
        ("Why?", tuple(map(str, range(21)))),
        ("Why?" * 100, ("Yes", "No")),
        ("Why?", ("Yes", "No" * 200)),
        ("Why?", ("🙂" * 340,) * 20),
    ],
)
def test_what_does_not_fit_is_no_poll(question: str, positions: tuple[str, ...]) -> None:
    assert not is_poll(prompt(question=question, positions=positions))


@given(TEXTS, st.integers(0, 20))
def test_a_poll_fits_into_an_event_whatever_is_asked(text: str, number: int) -> None:
    asked = prompt(question=text, positions=(text,) * number)
    if is_poll(asked):
        assert len(json.dumps(poll_start(asked))) < limits.TEXT + 2_000
        assert json.dumps(poll_start(asked), ensure_ascii=False).encode()


def test_the_latest_vote_of_each_counts_in_either_form_and_order() -> None:
    events = [vote(ANNA, 1, "1"), vote(ANNA, 3, "2", stable=True), vote(ANNA, 2, "1"), vote(BORIS, 1, "2")]
    assert counted(*events) == counted(*reversed(events)) == (0, 2)
    assert counted(vote(ANNA, 1, "1", to="$other")) == (0, 0)
    assert counted(vote(ANNA, 1, "1", "2")) == (1, 0), "one may choose one"
    assert counted(vote(ANNA, 1, "1", "2"), vote(BORIS, 1, "2", "2"), poll=replace(POLL, most=2)) == (1, 2)


def test_a_spoiled_vote_takes_back_the_one_before_it_and_counts_for_nothing() -> None:
    for spoiled in ((), ("3",), (1,), (None,), ("3", "1"), (["1"],)):
        assert counted(vote(ANNA, 1, "1"), vote(ANNA, 2, *spoiled), vote(BORIS, 1, "1")) == (1, 0)
    malformed = vote(ANNA, 2) | {"content": {**vote(ANNA, 2)["content"], RESPONSES[0]: "1"}}
    assert counted(vote(ANNA, 1, "1"), malformed) == (0, 0)


def test_a_vote_that_was_taken_back_leaves_the_one_before_it() -> None:
    assert counted(vote(ANNA, 1, "1"), vote(ANNA, 2, "2") | {"content": {}}) == (1, 0)


@pytest.mark.parametrize("stable", [True, False])
def test_after_its_end_nothing_counts(stable: bool) -> None:
    voted = (vote(ANNA, 5, "1"), vote(BORIS, 6, "1"))
    assert counted(end(OURS, 5, stable), *voted) == (1, 0)
    assert counted(*voted, end(BORIS, 5, stable)) == (1, 0), "who may take messages back may end polls"
    assert counted(end(ANNA, 5, stable), *voted) == (2, 0)
    assert counted(end(OURS, 9, stable), end(OURS, 4, stable), *voted) == (0, 0), "the first end is the end"


def test_results_name_numbers_and_nobody() -> None:
    assert told(POLL, {"1": 3, "2": 1}) == "Poll: 3 for “Yes”, 1 for “No”."
    assert told(POLL, {"1": 0, "2": 1}) == "Poll: 0 for “Yes”, 1 for “No”."
    assert told(POLL, {"1": 0, "2": 0}) == "Poll: nobody has voted."
    assert len(told(Poll("$poll", OURS, {"1": "word " * 99}), {"1": 1})) < 120


WORDS = ["1", "$poll", ANNA, "m.reference"]
KEYS = ["m.relates_to", "rel_type", "event_id", "answers", "m.selections", "m.text", "id", *RESPONSES]
GARBAGE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=12,
)
VOTED = st.dictionaries(st.text(), GARBAGE).map(lambda more: {**vote(ANNA, 1, "1")["content"], **more})
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from([*STARTS, *RESPONSES, *ENDS]), GARBAGE),
        "sender": st.one_of(st.sampled_from([OURS, ANNA]), GARBAGE),
        "event_id": GARBAGE,
        "origin_server_ts": st.one_of(st.integers(0, 9), GARBAGE),
        "content": st.one_of(VOTED, GARBAGE),
    },
)


@examples()
@given(st.lists(EVENTS, max_size=6))
def test_garbage_is_counted_as_nothing_and_harms_nobody(events: list[Json]) -> None:
    found = votes(POLL, [*events, vote(BORIS, -1, "2")], lambda user: False)
    assert found.keys() == {"1", "2"}
    assert found["1"] <= 2
    for event in events:
        poll_in(event)
