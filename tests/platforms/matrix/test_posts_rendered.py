"""How scheduled posts look on Matrix: one message each, whatever is in them, with what matters most first."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.caller import Caller
from bot.platforms.matrix import limits
from bot.platforms.matrix.posts import IN_THE_THREAD, RIGHT_HERE, SHORTENED, post, thread_starter
from bot.platforms.matrix.render import Message, Shown
from bot.posting import Post
from bot.reading import Claim, Place, Prompt
from bot.reply import Action, Bullets, Claims, PlannedTime, Prose, Question, Quote, Reply, Times
from tests.examples import examples
from tests.platforms.matrix.hostile import SIGNS, TEXTS
from tests.platforms.matrix.replies import AT, everything, prompt, quotation
from tests.platforms.matrix.test_html import well_made

SHOWN = Shown(commands=("summary",))
LINES = "Another: !discuss\nCite: !cite 1.1\n\nReact with 🔁 for another, 📚 to cite, 📊 for a poll."


def asking(asked: Prompt, *notes: str) -> Post:
    actions = (Action("Another", "discuss"), Action("Cite", "cite 1.1"))
    return Post(Reply("1. Heading", (*map(Prose, notes), Question(asked)), actions=actions), asked.question)


def laid_out(posted: Post, mentions_room: bool = False, has_thread: bool = False) -> Message:
    message = post(posted, SHOWN, mentions_room=mentions_room, has_thread=has_thread)
    well_made(message)
    return message


def sentences(number: int) -> str:
    return " ".join(f"Sentence {each} of a very long passage (Weissman 2001, p. {each})." for each in range(number))


def quoted(message: Message) -> str:
    """Return what a message quotes."""
    (words,) = re.findall(r"“(Sentence.*)”\n—", message.body)
    return str(words)


def test_a_prompt_begins_with_whom_it_mentions_and_says_where_to_discuss_it() -> None:
    message = laid_out(asking(prompt(), "Late: planned for 18:30."), mentions_room=True, has_thread=True)
    assert message.body == (
        "@room 1. Heading\n\n"
        "Late: planned for 18:30.\n\n"
        "“Words.”\n— Author, quoting Somebody (a book) · Heading (§ 1) · ¶ 1.1\n\n"
        "Why?\n\n"
        "Follow-ups:\n• And then?\n\n"
        "Positions to argue:\n• Yes\n• No\n\n"
        "evaluative · core · about 20 minutes\n\n"
        f"Discuss it in the thread of this message.\n\n{LINES}"
    )
    assert message.html.startswith("<h4>@room 1. Heading</h4><p>Late: planned for 18:30.</p><blockquote>")
    assert "<p><em>Discuss it in the thread of this message.</em></p>" in message.html


def test_without_a_thread_a_prompt_is_discussed_where_it_is_and_mentions_nobody() -> None:
    message = laid_out(asking(prompt()))
    assert "@room" not in message.body + message.html
    assert f"\n\n{RIGHT_HERE}\n\n" in message.body
    alone = replace(prompt(), follow_ups=())
    assert RIGHT_HERE in laid_out(asking(alone), has_thread=True).body, "there is nothing to begin a thread with"


def test_only_what_has_a_subject_is_to_be_discussed() -> None:
    message = laid_out(Post(Reply("Title", (Quote(quotation("Words.")),))), has_thread=True)
    assert IN_THE_THREAD not in message.body
    assert RIGHT_HERE not in message.body


def test_a_thread_begins_with_the_first_follow_up() -> None:
    assert thread_starter(asking(prompt())) == Message("To begin with: And then?", "To begin with: And then?")
    hostile = replace(prompt(), follow_ups=("", "<b>\n" * 30_000, "And then?"))
    starter = thread_starter(asking(hostile))
    assert starter is not None
    well_made(starter)
    assert starter.body.startswith("To begin with: <b> <b>")
    assert thread_starter(asking(replace(prompt(), follow_ups=()))) is None
    assert thread_starter(Post(Reply("Title", (Quote(quotation("Words.")),)))) is None


async def test_every_prompt_of_the_reading_is_posted_whole(app: App) -> None:
    caller = Caller("reader", "test:1")
    for each in await app.prompts.of(caller, await app.readings.of(caller)):
        message = laid_out(asking(each), mentions_room=True, has_thread=True)
        assert SHORTENED not in message.body
        assert each.question in message.body
        assert each.passage.text in message.body.replace(" [sic]", "")


def test_at_most_four_lines_to_type() -> None:
    actions = tuple(Action(f"Action {number}", f"quote {number}") for number in range(20))
    assert laid_out(Post(Reply("Title", actions=actions))).body.count("!quote") == 4


def test_what_does_not_fit_goes_in_order_follow_ups_positions_then_whole_sentences_of_the_passage() -> None:
    text = sentences(90)
    for follow_up, position, left in (
        (200, 200, (True, True)),
        (9000, 200, (False, True)),
        (200, 9000, (False, False)),
    ):
        asked = replace(prompt(text), follow_ups=("f" * follow_up,), positions=("p" * position, "No"))
        message = laid_out(asking(asked))
        assert ("Follow-ups" in message.body, "Positions" in message.body) == left
        assert quoted(message) == text
        assert (SHORTENED in message.body) == (not left[0])


def test_a_passage_that_is_too_long_ends_with_a_sentence_and_says_from_where_it_is() -> None:
    text = sentences(400)
    message = laid_out(asking(prompt(text)))
    shown = quoted(message)
    assert text.startswith(shown)
    assert re.search(r"\(Weissman 2001, p\. \d+\)\.\Z", shown)
    assert len(shown) > limits.PART - 700, "no more is left out than must be"
    assert "from ¶ 1.1" in message.body
    assert "\n\nWhy?\n\n" in message.body
    assert f"\n\n{SHORTENED}\n\n" in message.body


def test_a_summary_that_is_too_long_says_where_the_rest_is() -> None:
    claims = tuple(Claim(f"Claim {number} " + "word " * 40, (Place(1, 1, 2),)) for number in range(99))
    message = laid_out(Post(Reply("5. Heading", (Claims(claims),)), line="summary 5"))
    assert f"{SHORTENED} All of it: !summary 5" in message.body
    assert "• Claim 0 " in message.body
    assert "Claim 98" not in message.body
    for piece in (Bullets(("word" * 60,) * 99), Times((PlannedTime(AT, "word" * 60),) * 99)):
        assert re.search(rf"word\)?\n\n{SHORTENED}\Z", laid_out(Post(Reply("Title", (piece,)))).body)


@pytest.mark.extended
@examples(40)
@given(TEXTS, st.sampled_from([1, 20, 400]))
def test_a_post_is_one_message_whatever_is_in_it(text: str, times: int) -> None:
    reply = everything(text * times, text)
    laid_out(Post(reply, subject=text, line=f"summary {text}"), mentions_room=True, has_thread=True)


@pytest.mark.parametrize(
    "sign", ["🙂", "x", *(pytest.param(each, marks=pytest.mark.extended) for each in ("<", "e\u0301"))]
)
def test_65_kilobytes_in_a_prompt_are_one_message_and_the_question_stays(sign: str) -> None:
    text = sign * (65_536 // len(sign.encode()))
    asked = Prompt(text, text, text, text, 20, quotation(text, text, text), (text,), (text, text))
    message = laid_out(Post(Reply(text, (Question(asked),)), subject=text))
    assert "Positions" not in message.body
    assert SHORTENED in message.body


@pytest.mark.extended
@pytest.mark.parametrize("sign", SIGNS[::4])
def test_65_kilobytes_of_any_hostile_sign_are_one_message(sign: str) -> None:
    text = sign * (65_536 // len(sign.encode("utf-8", "surrogatepass")))
    laid_out(Post(everything(text), subject=text, line=text), mentions_room=True)
