"""However long and hostile a text is, it is divided at once, and nothing of it is lost."""

import json
import time

import pytest

from bot.dividing import ELLIPSIS, fit, spans, split

LONG = 65_000
HOSTILE = (
    "(a b)",
    "(",
    "( a",
    "🇫🇷",
    "e\u0301",
    "\u0301",
    "a ",
    ". ",
    '.")',
    "x",
    "漢",
    "https://x.org/ ",
    " ",
    "[",
    "\n",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_long_hostile_text_is_divided_and_shortened_at_once(text: str) -> None:
    whole = text * (LONG // len(text))
    began = time.process_time()
    divided = split(whole, 3000, lambda part: len(json.dumps(part)))
    assert "".join(divided) == whole
    assert all(len(json.dumps(part)) <= 3000 for part in divided)
    assert len(fit(whole, 12_000)) <= 12_000
    # A fifth of it on an idle machine; what looked at everything again for each space took minutes.
    assert time.process_time() - began < 5


def test_a_shortened_text_ends_before_a_citation_that_does_not_fit() -> None:
    assert fit("He said it (Weissman, 2001; p. 7) there", 30) == f"He said it{ELLIPSIS}"
    assert fit("He said it (Weissman, 2001; p. 7) there", 34) == f"He said it (Weissman, 2001; p. 7){ELLIPSIS}"


def test_a_flag_is_not_cut_apart() -> None:
    assert spans("🇫🇷🇩🇪🇮🇹", 3, lambda start, end: end - start) == [(0, 2), (2, 4), (4, 6)]
