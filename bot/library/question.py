"""A question as the search understands it: its terms, each with what of the reading answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stem:
    """How often a stem stands in a reading: in how many sentences, paragraphs, and sentences' asks.

    Attributes:
        dwelt: How many paragraphs dwell on it, from level to level, as numbers; empty if none does.
    """

    stem: str
    root: str
    sentences: int
    paragraphs: int
    asked: int
    dwelt: str


@dataclass(frozen=True, slots=True)
class Term:
    """One topic word of a question.

    Attributes:
        typed: As it was typed, folded.
        stems: The stems that answer it, each with how much it counts; empty if the reading has none.
        weight: Inverse sentence frequency: the rarer, the heavier.
        paragraph_weight: Inverse paragraph frequency.
        rows: An upper bound of the paragraphs that have one of the stems.
        dwelt: How many paragraphs dwell on the word, from level to level.
        verbatim: Whether the text itself has this very stem.
        topical: Whether it names a topic, rather than asks for a passage.
        name: Whether it is no common English word: most such are names.
    """

    typed: str
    stems: Mapping[str, float]
    weight: float
    paragraph_weight: float
    rows: int
    dwelt: Sequence[int]
    verbatim: bool
    topical: bool
    name: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question as the search understands it.

    Attributes:
        stems: Every stem that answers a term.
        tokens: Every stem in order, function words too: for phrases.
        corrections: What was typed, and what it was taken for.
    """

    terms: tuple[Term, ...]
    stems: frozenset[str]
    tokens: tuple[str, ...]
    corrections: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """The weight of all the terms."""
        return sum(term.weight for term in self.terms)
