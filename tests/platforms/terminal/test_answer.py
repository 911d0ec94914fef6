"""``ask --jsonl``: the shape of answers, in order, whatever is asked."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.library.source import Source, read_source
from bot.settings import SHIPPED_DATA
from tests.examples import examples
from tests.platforms.terminal.door import Script, run, script
from tests.platforms.terminal.hostile import LINES, TEXTS, typed


def _object(**properties: object) -> dict[str, object]:
    """Return the schema of an object that has exactly these keys, always."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _list(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


TEXT = {"type": "string"}
WORDS = {"type": "string", "minLength": 1}
COUNT = {"type": "integer", "minimum": 1}
SENTENCES = {"type": "array", "prefixItems": [COUNT, COUNT], "items": False, "minItems": 2}
QUOTATION = _object(text=WORDS, reading=WORDS, section=COUNT, paragraph=COUNT, sentences=SENTENCES, voice=WORDS)
SCHEMA = _object(
    ok={"type": "boolean"},
    error={"anyOf": [{"type": "null"}, _object(kind={"enum": ["usage", "refused", "bug"]}, message=WORDS)]},
    private={"type": "boolean"},
    title=TEXT,
    text=WORDS,
    quotations=_list(QUOTATION),
    claims=_list(_object(text=WORDS, anchors=_list(_object(paragraph=COUNT, sentences=SENTENCES)))),
    prompts=_list(
        _object(
            id=WORDS,
            question=WORDS,
            kind={"enum": ["interpretive", "evaluative", "connecting", "applying", "factual"]},
            place={"enum": ["opening", "core", "closing"]},
            minutes=COUNT,
            follow_ups=_list(WORDS),
            positions=_list(WORDS),
            passage=QUOTATION,
        )
    ),
    occurrences=_list(
        _object(
            utc={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$"},
            local={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d$"},
            note=TEXT,
        )
    ),
    suggestions=_list(WORDS),
    actions=_list(_object(label=WORDS, line={"type": "string", "pattern": "^/."})),
)
VALIDATOR = Draft202012Validator(SCHEMA)
TOPICS = ("Cheka", "Kronstadt", "lesser evil", "Trotsky", "anarchists they", "naval base", "the", "freedom", "Leninsts")
QUOTED_LINE = re.compile(r"^(?:    |\d+\. +)“(.*)”$", re.MULTILINE)

_relaxed = examples(150, HealthCheck.function_scoped_fixture)


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that has the shape."""
    VALIDATOR.validate(answer)
    assert answer["ok"] == (answer["error"] is None)
    assert (answer["error"] or {}).get("kind") != "bug", answer
    return answer


@pytest.fixture(scope="session")
def essay() -> Source:
    """Return the essay as its files give it, without an index."""
    return read_source(SHIPPED_DATA / "price-serge")


def test_every_command_answers_in_the_shape(asked: Script, command_names: list[str]) -> None:
    seen = dict.fromkeys(("quotations", "claims", "prompts", "suggestions", "actions"), False)
    for name in command_names:
        for words in ("", "2", "7.2", "Cheka", "xylophone"):
            answer = checked(asked.ask(f"/{name} {words}"))
            seen = {key: value or bool(answer[key]) for key, value in seen.items()}
    assert all(seen.values()), seen


def test_moderators_commands_answer_in_the_shape_too(asked: Script, command_names: list[str]) -> None:
    times = []
    names = [name for name in command_names if name.startswith(("config", "schedule", "prompts"))]
    for name in ("schedule add", *names):
        for words in ("prompt thursdays 19:00", "", "1", "1 20:00", "default"):
            times += checked(asked.ask(f"/{name} {words}", group="shape", moderator=True))["occurrences"]
    assert times


def test_one_object_is_printed_for_json(state: Path, asked: Script) -> None:
    done = run(state, "ask", "--json", "/quote Cheka")
    assert done.out.isascii()
    assert done.out.count("\n") == 1
    assert checked(json.loads(done.out)) == asked.ask("/quote Cheka")


def test_errors_are_objects_too(state: Path, asked: Script) -> None:
    done = run(state, "ask", "--json", "/nosuch")
    assert done.code == 2
    assert done.err == ""
    answer = checked(json.loads(done.out))
    assert answer["error"]["kind"] == "usage"
    assert checked(asked.ask("/privacy delete group"))["error"]["kind"] == "refused"
    assert checked(asked.ask("/privacy delete group", group="nobody", moderator=True))["ok"]


def test_what_is_found_comes_best_first_and_ten_a_page(asked: Script) -> None:
    best = asked.ask("/quote Serge")["quotations"]
    page = asked.ask("/search Serge")["quotations"]
    assert len(page) == 10
    assert [page[0]] == best


def test_a_quotation_is_untouched_and_its_misprint_is_marked_where_it_is_shown(asked: Script) -> None:
    answer = checked(asked.ask("/quote naval bae"))
    assert "naval bae" in answer["quotations"][0]["text"]
    assert "[sic]" not in answer["quotations"][0]["text"]
    assert "naval bae [sic]" in answer["text"]


def test_nothing_found_is_ok_with_suggestions(asked: Script) -> None:
    answer = checked(asked.ask("/quote xylophone"))
    assert answer["ok"]
    assert not answer["quotations"]
    assert answer["suggestions"]


def test_actions_are_lines_that_can_be_asked(asked: Script) -> None:
    for line in ("/quote Cheka", "/discuss Kronstadt", "/contents", "/glossary Cheka", "/search Serge", "/read 2"):
        for action in asked.ask(line)["actions"]:
            assert checked(asked.ask(action["line"]))["ok"], action


def test_groups_are_apart_and_bear_the_platforms_name(tmp_path: Path) -> None:
    with script(tmp_path) as own:
        first = {own.ask("/discuss Kronstadt", group="g1")["prompts"][0]["id"] for _ in range(2)}
        assert len(first) == 2
        own.ask("/discuss", user="somebody")
        for group, number in (("g1", 2), ("g2", 0), ("local", 1)):
            stored = own.ask("/privacy export", group=group, moderator=True)["text"]
            assert stored.count('"prompt"') == number
    # Scripts and people at this terminal share the local group.
    assert run(tmp_path, "ask", "--moderator", "/privacy export").out.count('"prompt"') == 1


WRONG_INPUT = [
    b"",
    b"   ",
    b"nonsense",
    b"[]",
    b"null",
    b'"/quote Cheka"',
    b"{}",
    b'{"line": null}',
    b'{"line": 3}',
    b'{"line": ["/quote"]}',
    b'{"line": "/quote", "group": 1}',
    b'{"line": "/quote", "user": null}',
    b'{"line": "/quote", "moderator": "yes"}',
    b'{"line": "/quote", "moderator": 1}',
    b'{"line": "/quote", "wish": "x"}',
    b'{"line": "/quote"',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b"1" * 10_000,
    b'{"line": "\\ud8"}',
]


@pytest.mark.parametrize("raw", WRONG_INPUT, ids=lambda raw: repr(raw[:30]))
def test_input_of_another_shape_is_a_usage_error(asked: Script, raw: bytes) -> None:
    answer = checked(asked.send(raw))
    assert answer["error"]["kind"] == "usage"


def test_as_many_answers_as_lines_in_their_order(state: Path) -> None:
    lines = [*WRONG_INPUT, *(json.dumps({"line": f"/read ¶{number}"}).encode() for number in range(1, 24))]
    done = run(state, "ask", "--jsonl", typed=b"\n".join(lines))
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert len(answers) == len(lines)
    assert [answer["quotations"][0]["paragraph"] for answer in answers[len(WRONG_INPUT) :]] == list(range(1, 24))


@pytest.mark.parametrize("line", LINES, ids=lambda line: ascii(line[:20]))
def test_every_hostile_line_gets_an_answer_or_a_sentence(asked: Script, line: str) -> None:
    answer = checked(asked.ask(line))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", answer["text"])


def test_half_a_character_is_replaced_before_anything_is_done_with_it(asked: Script) -> None:
    half = "\ud800"
    assert "“�”" in checked(asked.ask(f"/read {half}"))["error"]["message"]
    for line in ("/discuss", "/quote", "/privacy export"):
        assert checked(asked.ask(line, group=half, user=half, moderator=True))["ok"]


@_relaxed
@given(line=TEXTS, group=TEXTS, user=TEXTS)
def test_anything_typed_gets_an_answer_or_a_sentence(asked: Script, line: str, group: str, user: str) -> None:
    checked(asked.ask(line, group=group, user=user))
    checked(asked.ask(f"/quote {line}", group=group))


@_relaxed
@given(data=st.data())
def test_whatever_is_quoted_stands_at_its_address(
    asked: Script, command_names: list[str], essay: Source, data: st.DataObject
) -> None:
    line = data.draw(typed(command_names, TOPICS))
    faithful(checked(asked.ask(line, moderator=True)), essay)


def test_every_page_and_prompt_is_quoted_faithfully(asked: Script, essay: Source) -> None:
    for line in [f"/read {n} page:{page}" for n in range(1, 6) for page in range(1, 5)]:
        faithful(checked(asked.ask(line)), essay)
    seen = set()
    for _ in range(60):
        answer = checked(asked.ask("/discuss", group="faithful"))
        faithful(answer, essay)
        seen.add(answer["prompts"][0]["id"])
    assert len(seen) >= 48


def faithful(answer: dict[str, Any], essay: Source) -> None:
    """Check that all that an answer quotes stands in the essay where it says."""
    source = (SHIPPED_DATA / "price-serge" / "source.txt").read_text("utf-8")
    quotations = answer["quotations"] + [prompt["passage"] for prompt in answer["prompts"]]
    for quotation in quotations:
        paragraph = essay.paragraphs[quotation["paragraph"] - 1]
        first, last = quotation["sentences"]
        spans = paragraph.spans[first - 1][0], paragraph.spans[last - 1][1]
        assert quotation["text"] in paragraph.text[slice(*spans)]
        assert quotation["text"] in source
        assert quotation["section"] == paragraph.section
        assert quotation["reading"] == essay.reading.slug
    shown = [words.replace(" [sic]", "") for words in QUOTED_LINE.findall(answer["text"])]
    assert shown == [quotation["text"] for quotation in quotations]
    for claim in answer["claims"]:
        where = [essay.paragraphs[anchor["paragraph"] - 1].text for anchor in claim["anchors"]]
        for words in re.findall(r"“([^“”]+)”", claim["text"]):
            assert any(words in text for text in where), claim
