"""Discord's limits are kept, and nothing is cut apart."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import dividing
from bot.platforms.discord import limits
from tests.examples import examples
from tests.platforms.discord.hostile import TEXTS


@examples()
@given(TEXTS, st.integers(1, 120))
def test_what_is_made_fit_fits_and_ends_with_a_word(text: str, most: int) -> None:
    fitted = limits.fit(text, most)
    assert limits.length(fitted) <= most
    if fitted != text:
        kept = fitted.removesuffix(dividing.ELLIPSIS)
        assert text.startswith(kept)
        rest = text[len(kept) :]
        assert not kept or rest[0].isspace() or not dividing.continues_grapheme(text, len(kept))
        assert not (kept and kept[-1].isascii() and kept[-1].isalnum() and rest[0].isascii() and rest[0].isalnum())


@examples()
@given(TEXTS, st.integers(2, 200))
def test_what_is_split_is_all_there(text: str, most: int) -> None:
    parts = limits.split(text, most)
    assert "".join(parts) == text
    assert all(limits.length(part) <= most for part in parts)


def test_graphemes_stay_whole() -> None:
    family, flags, thai = "👩‍👩‍👧‍👦", "🇫🇷🇩🇪", "กำ"
    for text in (family * 40, f"{flags} " * 40, thai * 60, "e\u0301" * 100, "👍🏽" * 60):
        for part in limits.split(text, 50):
            assert unicodedata.category(part[0]) not in ("Mn", "Mc", "Me")
            assert part[0] not in "\u200d\U0001f3fd\u0e33"
            assert part[-1] != "\u200d"
            assert sum("\U0001f1e6" <= char <= "\U0001f1ff" for char in part) % 2 == 0


@pytest.mark.parametrize(
    ("text", "most", "fitted"),
    [
        ("short", 5, "short"),
        ("two words", 8, "two…"),
        ("word", 3, "…"),
        ("He said it (Weissman, 2001; p. 7) there", 30, "He said it…"),
        ("see https://example.org/a/b/c now", 20, "see…"),
        ("🙂🙂 🙂", 4, "…"),
        ("漢字漢字漢字", 4, "漢字漢…"),
        ("กำกำกำ", 4, "กำ…"),
    ],
)
def test_a_text_is_shortened_between_words(text: str, most: int, fitted: str) -> None:
    assert limits.fit(text, most) == fitted


def test_a_text_is_split_between_sentences_and_not_within_a_citation() -> None:
    sentences = "One is here. Two is here (see Weissman, 2001; p. 7). Three is here. Four is here."
    for part in limits.split(sentences, 55):
        assert part.count("(") == part.count(")")
        assert part.rstrip()[-1] == "."


def test_length_is_counted_as_clients_do() -> None:
    assert limits.length("a") == 1
    assert limits.length("é") == 1
    assert limits.length("🙂") == 2
    assert limits.length("\ud800") == 1
