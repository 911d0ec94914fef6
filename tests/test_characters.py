"""Text that is shown stays what it is, but for what steers, turns lines around or cannot be sent."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.characters import lines, one_line

TEXTS = st.text(st.characters(exclude_categories=()), max_size=200)


@given(TEXTS)
def test_a_line_is_one_line_and_every_character_keeps_its_offset(text: str) -> None:
    shown = one_line(text)
    assert len(shown) == len(text)
    assert len(shown.splitlines()) <= 1
    for before, after in zip(text, shown, strict=True):
        assert after == before or after in "� "
        assert after != before or unicodedata.category(before) not in ("Cc", "Cs")


@given(TEXTS)
def test_what_is_shown_can_be_sent(text: str) -> None:
    assert one_line(text).encode().decode() == one_line(text)
    assert lines(text).encode().decode() == lines(text)


def test_code_keeps_its_lines_and_tabs_and_nothing_else_that_moves() -> None:
    assert lines("a\n\tb\r\x1b[31m\u2028c\u202ed\ud800") == "a\n\tb �[31m c�d�"
    assert one_line("a\n\tb\r\x1b[31m\u2028c\u202ed\ud800") == "a  b �[31m c�d�"
    assert one_line("é 🙂 👩‍👩‍👧 \u200e") == "é 🙂 👩‍👩‍👧 \u200e"
