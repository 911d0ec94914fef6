"""Nothing that is quoted or typed can ping, format or link."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.characters import one_line
from bot.platforms.discord.markdown import bold, code_block, plain
from tests.examples import examples
from tests.platforms.discord.hostile import SIGNS, TEXTS

# What Discord's clients make of a text: an escaped sign is a sign, everything else may mean something.
_TOKENS = re.compile(r"\\([^0-9A-Za-z\s])|([\s\S])")
_MEANT = (
    r"[*_~`|]", r"@", r"<[@#:t/a]", r"\[", r"\w://", r":[^\s:]+:", r"(?m)^\s*#{1,3} ", r"(?m)^\s*-# ", r"(?m)^\s*>",
    r"(?m)^\s*[-+] ", r"(?m)^\s*\d+[.)] ",
)  # fmt: skip


def read(written: str) -> tuple[str, str]:
    """Return what a reader sees, and the same with escaped signs blanked out, in which nothing may mean anything."""
    seen, meant = "", ""
    for escaped, other in _TOKENS.findall(written):
        seen += escaped or other
        meant += "\ufffc" if escaped else other
    return seen, meant


@examples()
@given(TEXTS)
def test_text_comes_out_as_text(text: str) -> None:
    seen, meant = read(plain(text))
    assert seen == one_line(text)
    assert len(seen) == len(text)
    assert [pattern for pattern in _MEANT if re.search(pattern, meant)] == []


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_comes_out_as_text(sign: str) -> None:
    for text in (sign, f" {sign}", f"a {sign} b", f"{sign}{sign}"):
        seen, meant = read(plain(text))
        assert seen == one_line(text)
        assert [pattern for pattern in _MEANT if re.search(pattern, meant)] == [], text


@examples()
@given(TEXTS)
def test_bold_is_bold_and_nothing_else(text: str) -> None:
    written = bold(text)
    if written:
        assert written.startswith("**")
        assert written.endswith("**")
        assert [pattern for pattern in _MEANT if re.search(pattern, read(written[2:-2])[1])] == []


@examples()
@given(TEXTS, st.text(max_size=5))
def test_code_ends_where_it_should(text: str, language: str) -> None:
    written = code_block(text, language)
    assert written.count("```") == 2
    assert "\n" not in written[3 : written.index("\n")]
