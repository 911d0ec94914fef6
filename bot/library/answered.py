"""Tells whether the best passage answers a question, or nothing does."""

from collections.abc import Sequence

from bot.library.english import ARTICLES, CONJUNCTIONS
from bot.library.question import Question
from bot.library.ranking import Found

# So much of a question's weight a passage must cover to count as an answer, where concepts bridge the ways of asking,
# by how many topics the question has: one may be met by a relative, of two or three most must be met, of many half.
_ENOUGH = {1: 0.5, 2: 0.65, 3: 0.58, 4: 0.52}
_ENOUGH_OF_MANY = 0.45
# What is a list need not stand together, if the text has it all: names alone, so many words without a function word,
# or fewer with nothing but such as "and" and "or" between them.
_ENOUGH_OF_A_LIST, _A_LIST, _LISTED = 0.2, 4, 2
# Where all else that is asked about names weighs so much, so much of it must be told: of few topics more than what
# stands in the sentences beside.
_LEAST_BESIDE_NAMES, _ENOUGH_BESIDE_NAMES, _ENOUGH_OF_FEW, _FEW, _ROUNDING = 2.0, 0.05, 0.352, 3, 0.1
# Without concepts a word that the reading does not have tells nothing: it may say the same in other words.
_ENOUGH_WITHOUT_CONCEPTS = 0.03


def answers(best: Found, question: Question, claims: Sequence[float], has_concepts: bool) -> bool:
    """Tell whether a passage answers a question.

    Args:
        best: What was ranked first.
        claims: How much each term of the question counts for this.
        has_concepts: Whether the reading has them; where not, hardly anything is enough.
    """
    if not has_concepts:
        return best.coverage >= _ENOUGH_WITHOUT_CONCEPTS
    topics = [term for term in question.terms if term.topical]
    words_alone = len(topics) >= _A_LIST and len(question.tokens) == len(topics)
    bare = words_alone or (len(topics) >= _LISTED and _are_listed(question))
    if topics and all(term.verbatim and (bare or term.name) for term in topics):
        return best.coverage >= _ENOUGH_OF_A_LIST
    if _names_alone(best, question, claims):
        return False
    return best.named and best.coverage >= _ENOUGH.get(max(1, len(topics)), _ENOUGH_OF_MANY)


def _are_listed(question: Question) -> bool:
    """Tell whether nothing stands beside what is asked for but "and", "or" and articles."""
    between = {token for token in question.tokens if token not in question.stems}
    return not between.isdisjoint(CONJUNCTIONS) and between <= CONJUNCTIONS | ARTICLES


def _names_alone(best: Found, question: Question, claims: Sequence[float]) -> bool:
    """Tell whether a passage has the names of a question and nothing of what is asked about them."""
    names = sum(claim for term, claim in zip(question.terms, claims, strict=True) if term.topical and term.name)
    rest = sum(claim for term, claim in zip(question.terms, claims, strict=True) if term.topical and not term.name)
    if not names or rest < _LEAST_BESIDE_NAMES:
        return False
    enough = _ENOUGH_OF_FEW if sum(term.topical for term in question.terms) <= _FEW else _ENOUGH_BESIDE_NAMES
    return -_ROUNDING <= best.coverage * sum(claims) - names <= enough * rest
