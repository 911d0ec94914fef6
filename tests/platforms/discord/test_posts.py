"""How scheduled posts look: plain messages that phones show, never too long, findable by their key."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.platforms.discord import custom_id, limits
from bot.platforms.discord.custom_id import COMMAND, POLL, THREAD, WHOLE, Press, key_in
from bot.platforms.discord.posts import ALL_OF_IT, SHORTENED, Message, message
from bot.platforms.discord.render import parts
from bot.posting import Post, Target
from bot.reading import Address, Claim, Erratum, Place, Prompt, Quotation, Voice
from bot.reply import Action, Bullets, Claims, PlannedTime, Prose, Question, Quote, Reply, Times
from bot.store.button_lines import key_of
from tests.examples import examples
from tests.platforms.discord.hostile import TEXTS
from tests.platforms.discord.test_render import every_piece, quotation

KEY = "kQ9_-aZ01234"
NO_THREAD = Target("discord:1", "discord:server:2", "1", threads=False)
OWN_THREAD = Target("discord:1", "discord:server:2", "1", threads=True)


def prompt(text: str = "Words.", question: str = "Why?", positions: tuple[str, ...] = ("Yes", "No")) -> Prompt:
    return Prompt("id", question, "evaluative", "core", 20, quotation(text), ("And then?",), positions)


def asking(asked: Prompt, *notes: str) -> Post:
    actions = (Action("Another", "discuss"), Action("Cite", "cite 1.1"))
    return Post(Reply("1. Heading", (*map(Prose, notes), Question(asked)), actions=actions), asked.question)


def laid_out(post: Post, target: Target = NO_THREAD, has_threads: bool = True) -> Message:
    return message(target, post, KEY, {"summary": 7}, has_threads)


def buttons(made: Message) -> dict[str, str]:
    """Return the custom ids of a message's buttons by their labels."""
    rows = made.view.to_components()
    return {each["label"]: each["custom_id"] for row in rows for each in row["components"]}


def quoted(content: str) -> str:
    """Return what a message quotes."""
    (line,) = [line[2:] for line in content.split("\n") if line.startswith("> ")]
    return line.replace("\\", "")


def sentences(number: int) -> str:
    return " ".join(f"Sentence {each} of a very long passage (Weissman 2001, p. {each})." for each in range(number))


async def test_a_prompt_is_a_plain_message_that_begins_with_its_mention_and_title() -> None:
    target = Target("discord:1", "discord:server:2", "1", role="33")
    made = laid_out(asking(prompt(), "Late: planned for 18:30."), target)
    assert made.content == (
        "<@&33> **1. Heading**\n"
        "Late: planned for 18:30.\n"
        "> Words.\n-# § 1 Heading · ¶ 1.1 · Author, quoting Somebody (a book)\n"
        "**Why?**\n"
        "**Follow-ups**\n- And then?\n"
        "**Positions to argue**\n- Yes\n- No\n"
        "-# evaluative · core · about 20 minutes\n"
        "-# Discuss it in the thread of this message."
    )
    assert isinstance(made.view, discord.ui.View), "phones show nothing of Components V2"
    assert made.view.is_finished(), "discord.py must not keep it"


async def test_without_a_thread_a_prompt_is_discussed_where_it_is() -> None:
    target = Target("discord:1", "discord:server:2", "1", threads=False)
    assert laid_out(asking(prompt()), target).content.endswith("\n-# Discuss it right here.")


def test_a_post_mentions_nobody_or_exactly_one_role() -> None:
    assert laid_out(asking(prompt())).mentions == {"parse": []}
    one = Target("discord:1", "discord:server:2", "1", role="33")
    assert laid_out(asking(prompt()), one).mentions == {"parse": [], "roles": ["33"]}
    everyone = Target("discord:1", "discord:server:2", "1", role="2")
    made = laid_out(asking(prompt()), everyone)
    assert made.content.startswith("@everyone **")
    assert made.mentions == {"parse": ["everyone"]}


def test_the_first_button_carries_the_key_whatever_it_is() -> None:
    for post in (asking(prompt()), Post(Reply("Title", (Question(prompt()),))), Post(Reply("Title"))):
        first, *others = buttons(laid_out(post)).values()
        assert key_in(first) == KEY
        assert not any(map(key_in, others))
    assert buttons(laid_out(Post(Reply("Title")))) == {"About": f"k1={KEY}:about"}


def test_a_thread_is_offered_only_where_none_opens_and_one_can() -> None:
    assert buttons(laid_out(asking(prompt()))) == {
        "Another": f"k1={KEY}:discuss",
        "Cite": "k1:cite 1.1",
        "Start a thread": "k1thread:slug id",
        "Poll": "k1poll:slug id",
    }
    assert "Start a thread" not in buttons(laid_out(asking(prompt()), OWN_THREAD))
    assert "Start a thread" not in buttons(laid_out(asking(prompt()), has_threads=False))
    assert "Poll" not in buttons(laid_out(asking(prompt(positions=()))))


def test_at_most_four_actions_and_no_line_twice() -> None:
    actions = tuple(Action(str(number), f"quote {number // 2}") for number in range(20))
    assert list(buttons(laid_out(Post(Reply("Title", actions=actions))))) == ["0", "2"]
    apart = tuple(Action(str(number), f"quote {number}") for number in range(20))
    assert list(buttons(laid_out(Post(Reply("Title", actions=apart))))) == ["0", "1", "2", "3"]


def test_a_line_too_long_for_a_button_is_kept() -> None:
    line = "quote " + "Cheka " * 20
    made = laid_out(Post(Reply("Title", actions=(Action("Another", line), Action("No", "x" * 601)))))
    assert buttons(made) == {"Another": f"k1={KEY}#{key_of(line)}"}
    assert made.kept == {line}
    assert not laid_out(asking(prompt())).kept


def test_what_does_not_fit_goes_in_order_follow_ups_positions_then_whole_sentences_of_the_passage() -> None:
    text = sentences(15)
    for follow_up, position, left in ((200, 200, (True, True)), (800, 200, (False, True)), (200, 1000, (False, False))):
        more = ("f" * follow_up,), ("p" * position, "No")
        made = laid_out(asking(Prompt("id", "Why?", "core", "core", 20, quotation(text), *more)))
        assert ("Follow-ups" in made.content, "Positions" in made.content) == left
        assert limits.length(made.content) <= limits.CONTENT
        assert quoted(made.content) == text
        assert (ALL_OF_IT in buttons(made)) == (SHORTENED in made.content) == (not left[0])


def test_a_passage_that_is_too_long_ends_with_a_sentence_and_says_from_where_it_is() -> None:
    text = sentences(60)
    made = laid_out(asking(prompt(text)))
    assert limits.length(made.content) <= limits.CONTENT
    shown = quoted(made.content)
    assert text.startswith(shown)
    assert re.search(r"\(Weissman 2001, p\. \d+\)\.\Z", shown)
    assert len(shown) > 1400, "no more is left out than must be"
    assert "from ¶ 1.1" in made.content
    assert "**Why?**" in made.content
    assert SHORTENED in made.content
    assert buttons(made)[ALL_OF_IT] == "k1whole:slug id"


def test_a_sentence_that_is_too_long_by_itself_ends_between_words_outside_of_citations() -> None:
    text = "And then " + "he wrote (as Weissman says in 2001, p. 7) and " * 60 + "ended."
    shown = quoted(laid_out(Post(Reply("Title", (Quote(quotation(text)),)))).content)
    assert text.startswith(shown)
    assert text[len(shown)].isspace()
    assert shown.count("(") == shown.count(")")
    assert len(shown) > 400


def test_words_asked_for_and_misprints_are_marked_in_what_is_left() -> None:
    text = sentences(60)
    marked = quotation(
        text, marks=((0, 8), (len(text) - 5, len(text))), errata=(Erratum(len(text) - 5, len(text), "x"),)
    )
    content = laid_out(Post(Reply("Title", (Quote(marked),)))).content
    assert "> **Sentence** 0 of" in content
    assert "sic" not in content


def test_claims_that_do_not_fit_are_left_out_whole_and_their_command_is_named() -> None:
    claims = tuple(
        Claim(f"Claim {number} " + "says so " * 20 + "here.", (Place(number, 1, 2),)) for number in range(1, 20)
    )
    post = Post(Reply("Title", (Claims(claims),)), line="summary 3")
    content = laid_out(post).content
    _, *shown, last = content.split("\n")
    assert limits.length(content) <= limits.CONTENT
    assert shown == [f"- {each.text} (¶ {each.anchors[0]})" for each in claims[: len(shown)]]
    assert len(shown) >= 9
    assert last == "This is shortened to fit into a message. All of it: </summary:7> 3"
    assert SHORTENED not in content


def test_lists_and_times_lose_their_last_items() -> None:
    zone = ZoneInfo("Europe/Paris")
    times = tuple(PlannedTime(datetime(2026, 1, 1 + each, 18, 30, tzinfo=zone), "A note. " * 15) for each in range(28))
    for piece in (Bullets(tuple(f"{each} " + "word " * 20 for each in range(90))), Times(times, "Next")):
        content = laid_out(Post(Reply("Title", (piece,)))).content
        assert 1700 < limits.length(content) <= limits.CONTENT
        assert content.endswith("This is shortened to fit into a message.")


@pytest.mark.extended
@examples()
@given(TEXTS, st.sampled_from([1, 1, 20, 200]), st.booleans())
def test_no_post_is_larger_than_discord_takes_whatever_the_words(text: str, times: int, has_line: bool) -> None:
    reply = every_piece(text * times)
    actions = (Action(text, text * times), Action(text, "quote"))
    for pieces in (reply.pieces, (reply.pieces[0], reply.pieces[4]), reply.pieces[1:2], reply.pieces[2:4]):
        post = Post(Reply(reply.title, pieces, actions=actions), text, line="summary 3" if has_line else "")
        made = laid_out(post, Target("discord:1", "discord:server:2", "1", role="3" * 20))
        assert limits.length(made.content) <= limits.CONTENT
        assert made.content.startswith("<@&")
        shown = made.view.to_components()
        assert all(len(row["components"]) <= limits.BUTTONS_A_ROW for row in shown)
        ids = [each["custom_id"] for row in shown for each in row["components"]]
        assert 0 < len(ids) == len(set(ids))
        assert all(limits.length(each) <= limits.CUSTOM_ID for each in ids)
        assert [key_in(each) for each in ids] == [KEY, *[""] * (len(ids) - 1)]
        assert made.mentions == {"parse": [], "roles": ["3" * 20]}


async def test_every_shipped_prompt_is_posted_with_its_question_and_words_of_the_text(app: App) -> None:
    study = await app.library.study("price-serge")
    assert study.prompts
    for each in study.prompts:
        made = laid_out(asking(each))
        assert limits.length(made.content) <= limits.CONTENT
        assert each.question in made.content.replace("\\", "")
        shown = quoted(made.content).replace(" [sic]", "")
        assert each.passage.text.startswith(shown), each.id
        assert (shown == each.passage.text) or "from ¶" in made.content


@pytest.mark.parametrize("verb", [COMMAND, THREAD, POLL, WHOLE])
@pytest.mark.parametrize("key", ["", "a", KEY, "-" * 25])
def test_a_button_means_the_same_with_a_key_and_without(verb: str, key: str) -> None:
    for line in ("quote Cheka", "=x:y", ":", "#", "quote " + "ж" * 98):
        press = Press(verb, line, key=key)
        assert limits.length(press.custom_id) <= limits.CUSTOM_ID
        found = re.fullmatch(custom_id.template(verb), press.custom_id)
        assert found is not None
        assert found["text"] == (key_of(line) if press.is_kept else line)
        assert key_in(press.custom_id) == key
        assert not re.fullmatch(custom_id.OUTDATED, press.custom_id)


def test_forms_of_buttons_from_before_keys_are_still_read() -> None:
    for old in ("k1:quote", "k1#aBc", "k1@12:search", "k1@12+3:search x", "k1post:", "k1thread:slug id", "k1poll#key"):
        assert not re.fullmatch(custom_id.OUTDATED, old)
        assert key_in(old) == ""
    for other in ("k0:quote", "k1=:quote", f"k1={'x' * 26}:quote", "k1=a b:quote", "k2=a:quote", "quote"):
        assert re.fullmatch(custom_id.OUTDATED, other), other


def test_times_are_the_groups_own_with_how_long_it_is_until_then() -> None:
    paris, lima = ZoneInfo("Europe/Paris"), ZoneInfo("America/Lima")
    times = Times(
        (
            PlannedTime(datetime(2026, 12, 3, 18, 30, tzinfo=paris)),
            PlannedTime(datetime(2027, 3, 28, 3, 0, tzinfo=paris), "Clocks go forward: planned for 02:30."),
            PlannedTime(datetime(2027, 1, 2, 8, 0, tzinfo=lima)),
        ),
        "Next",
    )
    assert parts(Reply("Title", (times,)), {}) == [
        (
            "### Title",
            """**Next**
- Thu 3 Dec 2026 18:30 CET <t:1796319000:R>
- Sun 28 Mar 2027 03:00 CEST <t:1806195600:R> · Clocks go forward: planned for 02:30.
- Sat 2 Jan 2027 08:00 UTC-05 <t:1798894800:R>""",
        )
    ]


def test_a_quotation_alone_is_whole_where_it_fits() -> None:
    words = Quotation("Some words.", Address("slug", Place(7, 2, 2)), 1, "Heading", Voice("Author"))
    made = laid_out(Post(Reply("A quote", (Quote(words),), actions=(Action("Another", "quote"),))))
    assert made.content == "**A quote**\n> Some words.\n-# § 1 Heading · ¶ 7.2 · Author"
    assert list(buttons(made)) == ["Another"]
