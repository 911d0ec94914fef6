"""Passages are put together only as far as somebody looks."""

from collections.abc import Iterator

import pytest

from bot.library.passages import Passages
from bot.library.ranking import Found
from bot.reading import Place

COUNT = 7


def found(made: list[int]) -> Iterator[Found]:
    """Passages that note when each was made."""
    for number in range(1, COUNT + 1):
        made.append(number)
        yield Found(score=1 / number, paragraph=number, first=1, last=2, coverage=1.0, named=True)


def test_no_more_are_put_together_than_are_asked_for() -> None:
    made: list[int] = []
    passages = Passages(found(made))
    assert made == []
    assert passages
    assert passages[0].place == Place(1, 1, 2)
    assert made == [1]
    assert [each.paragraph for each in passages[:3]] == [1, 2, 3]
    assert [each.paragraph for each in passages[1:2]] == [2]
    assert made == [1, 2, 3]
    assert len(passages) == COUNT
    assert passages[-1].paragraph == COUNT
    assert [each.paragraph for each in passages] == made == list(range(1, COUNT + 1))


def test_past_the_last_there_is_none() -> None:
    passages = Passages(found([]))
    assert [each.paragraph for each in passages[5:20]] == [6, 7]
    with pytest.raises(IndexError):
        passages[COUNT]
    assert not Passages()
    assert len(Passages()) == 0
