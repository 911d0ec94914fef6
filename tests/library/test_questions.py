"""How well questions about the essay are answered: a half to tune the search on, a half set aside, and more of them.

The further ones were written while the search was changed, and a good third of them are paraphrases, which share hardly
a word with their answer. The fresh ones were written blind before it was last changed; so were the plain ones, in
everyday language and in wholly other words than the essay's, which is harder; and those typed in haste. The failures of
these were then looked at, so that only the half set aside, the examination, the members' and the moderators' questions
tell what to expect of questions that nobody has seen.

Figures are printed (``-rP`` shows them). No test says which question of these two went wrong: whoever looked would tune
on it.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.reading import Place
from bot.settings import SHIPPED_DATA
from tests.conftest import Ask

QUESTIONS = Path(__file__).parent.parent / "questions"
FEWEST = 150
# The failures of all others were looked at; they tell whether something that was once right still is.
UNSEEN = ("set_aside", "examination", "members", "moderators")
# Right first, right within three, mean reciprocal rank; precision and recall of "nothing found". What is asked for is
# 0.90, 0.95, 0.92, 0.93 and 0.97: where less stands here, the search is not there yet.
BARS = {
    "tuning": (0.98, 0.98, 0.98, 0.98, 0.98),
    "set_aside": (0.95, 0.96, 0.955, 0.92, 0.95),
    "further": (0.98, 0.99, 0.98, 0.98, 0.98),
    "fresh": (0.98, 0.99, 0.98, 0.97, 0.98),
    "plain": (0.955, 0.98, 0.965, 0.97, 0.94),
    "examination": (0.965, 0.98, 0.97, 0.97, 0.98),
    "members": (0.97, 0.99, 0.98, 0.97, 0.97),
    "moderators": (0.92, 0.97, 0.94, 0.91, 0.95),
    "typed": (0.965, 0.98, 0.97, 0.94, 0.97),
    "hard": (0.81, 0.86, 0.835, 0.75, 0.83),
    "natural": (0.83, 0.92, 0.875, 0.95, 0.865),
}


@dataclass
class Figures:
    """What came of some questions."""

    ranks: list[int] = field(default_factory=list)
    nothing_right: int = 0
    nothing_wrong: int = 0
    nothing_missed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    right_kinds: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, right: list[Place], quoted: list[Place], listed: list[Place]) -> None:
        """Count one question: ``quoted`` is what ``quote`` gave, ``listed`` the first page of ``search``."""
        self.kinds[kind] += 1
        if not right:
            self.nothing_right += not quoted
            self.nothing_missed += bool(quoted)
            self.right_kinds[kind] += not quoted
            return
        order = [*quoted, *listed[1:]]
        rank = next((n for n, place in enumerate(order, 1) if any(place.overlaps(each) for each in right)), 0)
        self.ranks.append(rank)
        self.nothing_wrong += not quoted
        self.right_kinds[kind] += rank == 1

    def share(self, within: int) -> float:
        """Return the share of questions with a right answer among the first ones."""
        return sum(0 < rank <= within for rank in self.ranks) / len(self.ranks)

    @property
    def reached(self) -> tuple[float, float, float, float, float]:
        """Right first, right within three, mean reciprocal rank, precision and recall of "nothing found"."""
        reciprocal = sum(1 / rank for rank in self.ranks if rank) / len(self.ranks)
        precision = self.nothing_right / max(1, self.nothing_right + self.nothing_wrong)
        recall = self.nothing_right / max(1, self.nothing_right + self.nothing_missed)
        return self.share(1), self.share(3), reciprocal, precision, recall

    def __str__(self) -> str:
        names = ("first", "within three", "MRR", "nothing: precision", "recall")
        figures = ", ".join(f"{name} {value:.3f}" for name, value in zip(names, self.reached, strict=True))
        kinds = ", ".join(f"{kind} {self.right_kinds[kind]}/{count}" for kind, count in sorted(self.kinds.items()))
        return f"{self.kinds.total()} questions: {figures}\n  {kinds}"


async def figures(ask: Ask, half: str) -> Figures:
    """Ask every question of a half through ``quote`` and ``search``."""
    counted = Figures()
    source = (SHIPPED_DATA / "price-serge" / "source.txt").read_text("utf-8")
    for question in tomllib.loads((QUESTIONS / f"{half}.toml").read_text("utf-8"))["question"]:
        right = [Place.parse(anchor) for anchor in question["right"]]
        quoted, listed = await ask(f"/quote {question['ask']}"), await ask(f"/search {question['ask']}")
        everything = (*quoted.quotations, *listed.quotations)
        assert all(quotation.text in source for quotation in everything)
        counted.add(
            question["kind"],
            right,
            [quotation.address.place for quotation in quoted.quotations],
            [quotation.address.place for quotation in listed.quotations],
        )
    return counted


@pytest.mark.parametrize(
    "half", [half if half in UNSEEN else pytest.param(half, marks=pytest.mark.extended) for half in BARS]
)
async def test_questions_are_answered(ask: Ask, half: str) -> None:
    counted = await figures(ask, half)
    print(f"\n{half}: {counted}")
    assert all(reached >= bar for reached, bar in zip(counted.reached, BARS[half], strict=True)), str(counted)


def test_the_halves_are_apart_and_large_enough() -> None:
    asked = {
        half: [each["ask"] for each in tomllib.loads((QUESTIONS / f"{half}.toml").read_text("utf-8"))["question"]]
        for half in BARS
    }
    assert sum(map(len, asked.values())) >= FEWEST
    assert min(map(len, asked.values())) >= FEWEST // 2
    for half, questions in asked.items():
        twice = [ask for ask, count in Counter(questions).items() if count > 1]
        assert len(twice) == 0, half


def test_every_answer_that_is_named_exists() -> None:
    last = Counter[int]()
    for line in Path(__file__).with_name("segmentation.txt").read_text("utf-8").splitlines():
        number, _, sentence = line.partition(" ")[0].partition(".")
        if sentence.isdigit() and number.isdigit():
            last[int(number)] = int(sentence)
    for half in BARS:
        for question in tomllib.loads((QUESTIONS / f"{half}.toml").read_text("utf-8"))["question"]:
            for anchor in question["right"]:
                place = Place.parse(anchor)
                assert 1 <= place.first <= place.last <= last[place.paragraph], f"{half}: {anchor}"
