"""The sentence splitter: what ends a sentence, and what only looks as if it did."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.library.sentences import sentence_spans

# Each is a paragraph, with | where one sentence ends and the next begins.
PARAGRAPHS = [
    "One ends. | Another begins! | Does it? | It does.",
    # Abbreviations, and what comes after them.
    "See p. 183 for it. | He left.",
    "Dr. Serge and Mrs. Serge met Prof. Wald. | They spoke.",
    "It is in vol. 2, no. 4, pp. 138–9. | Look there.",
    "He meant others, e.g. Berkman, cf. Goldman, i.e. anarchists. | They came.",
    # Initials within a name, and at the end of a sentence.
    "V. I. Lenin spoke. | J.R.R. Tolkien did not.",
    "Help came from the U.S. anarchists Goldman and Berkman. | They lied.",
    "Macdonald came from the U.S. | He helped.",
    "It was called N.E.P. | Then came the plan.",
    # Three stops and four.
    "The values of anarchism....without being an anarchist. | So he said.",
    "He wondered.... | Then he went.",
    "All that was energetic...had been drained. | In 1921 it was over.",
    "He paused… | Then he went on.",
    # Citations after the closing mark.
    "He called it “a needless crime” (Serge, 1979; p. 137). | He stayed.",
    "“Out of inhumanity, a crime” (p. 137). | Serge considered resigning.",
    "He asked, “Would he have? There is no certain answer” (p. 51). | He noted it.",
    # A sentence may end within quotation marks or brackets, and the marks belong to it.
    "She has an essay, “Unextinguished: The Case.” | She is one of many.",
    "He went. | (Under his influence, it was added.) | He condemned it.",
    "“Go!” | “Where?” | “Home.”",
    # Inside them nothing ends.
    "He said “It fell. It was over. All of it” and left. | He came back.",
    "It did (so he said. Others did not. Ask them) happen. | It ended.",
    "« Il part. Il revient. » | Elle reste.",
    "Er sagte: „Es ist aus. Alles.“ | Dann ging er.",
    'She said "It fell. It was over" and left. | She came back.',
    "They wrote “he said (in 1921. In March) that it fell. So be it” once. | Then no more.",
    "It is [sic. Indeed (so. Yes) it is. So] here. | There it is not.",
    # A pair that is never closed is read as if it were not there.
    "He said “It fell. | It was over. | Nobody closed the mark.",
    "A bracket (opens. | It stays open.",
    "A bracket closes) here. | It never opened.",
    "Marks “cross (each other” here. | Then) what? | Nobody knows.",
    # No capital, no sentence.
    "It ended in approx. two days. | He left.",
    "Version 2.0 of it. | See 3.14 as well.",
    # Other scripts.
    "Он ушёл. | Она осталась? | Да!",
    "他来了。|她走了！|为什么？|不知道",
    "他说：「来了。走吧。」|她走了。",
    "वह आया। | वह गया।",
    "هل جاء؟ | نعم جاء.",
    "Ήρθε. | Έφυγε.",
]  # fmt: skip


@pytest.mark.parametrize("paragraph", PARAGRAPHS)
def test_a_paragraph_comes_apart_where_its_sentences_end(paragraph: str) -> None:
    tight = " |" not in paragraph  # Chinese and Japanese put no space between sentences
    expected = paragraph.split("|") if tight else paragraph.split(" | ")
    text = ("" if tight else " ").join(expected)
    assert [text[start:end] for start, end in sentence_spans(text)] == expected


def test_white_space_alone_has_no_sentence() -> None:
    assert sentence_spans("") == sentence_spans(" \n\t ") == []


HOSTILE = st.text(
    st.sampled_from("aB. !?…。“”«»„\"'’()[]—–-,;:1\n\t\u00a0\u202e\u202c\u0301\u200b\0।「」") | st.characters(),
    max_size=80,
)


@given(HOSTILE)
@example("\u202eHe came. (He\u0301 w\0ent. “Off”")
@example("." * 50 + " A")
def test_sentences_are_in_order_apart_and_leave_only_white_space_out(text: str) -> None:
    spans = sentence_spans(text)
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


PIECES = st.recursive(
    st.sampled_from(["He came. ", "She went! ", "Why? ", "so, ", "In 1921. ", "p. 7 ", "... ", "U.S. "]),
    lambda inner: st.tuples(st.sampled_from(["“”", "()", "[]", "«»"]), st.lists(inner, max_size=4).map("".join)).map(
        lambda pair: f"{pair[0][0]}{pair[1].strip()}{pair[0][1]} "
    ),
    max_leaves=12,
)


@given(st.lists(PIECES, min_size=1, max_size=8).map("".join))
def test_no_sentence_ends_inside_quotation_marks_or_brackets(text: str) -> None:
    for start, end in sentence_spans(text):
        sentence = text[start:end]
        for opening, closing in ("“”", "()", "[]", "«»"):
            assert sentence.count(opening) == sentence.count(closing), sentence


@pytest.mark.parametrize("unit", ["He came. ", "(a “b. C” d. ", '"a. B" ', "(", "((a. B) ", ". ", "A.", "“ ", "。"])
def test_a_long_paragraph_takes_time_in_proportion_to_its_length(unit: str) -> None:
    """With work that grows by the square, this would take minutes."""
    assert sentence_spans(unit * 60_000 + "End.")
