"""What an event takes is counted as it is sent."""

import json

import pytest
from hypothesis import given
from nio.api import Api

from bot.characters import one_line
from bot.platforms.matrix import limits
from tests.platforms.matrix.hostile import TEXTS


@given(TEXTS)
def test_a_text_is_counted_as_it_is_written_before_it_is_encrypted(text: str) -> None:
    text = one_line(text)
    assert len(Api.to_json({"body": text})) == len('{"body":""}') + limits.size(text)
    assert limits.size(text) >= len(json.dumps(text, ensure_ascii=False).encode()) - 2


@pytest.mark.parametrize(("text", "size"), [("", 0), ("ab", 2), ('"', 2), ("é", 6), ("🙂", 12)])
def test_sizes_are_in_bytes(text: str, size: int) -> None:
    assert limits.size(text) == size
    assert limits.size(text, text) == 2 * size


def test_what_is_shown_twice_is_counted_twice_and_escaped_once() -> None:
    assert limits.size_shown("a") == 2
    assert limits.size_shown("<") == len("<") + len("&lt;")


def test_a_text_of_the_longest_fits_into_an_encrypted_event() -> None:
    assert limits.TEXT * 4 // 3 + 8_000 < limits.EVENT
    assert limits.TEXT > 3 * limits.PART, "a part of plain letters is not divided for its bytes"
