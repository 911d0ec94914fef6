"""What sentences can be asked by beside their own words, as the index gathers, writes and reads it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

_Key = TypeVar("_Key", str, int)


@dataclass(frozen=True, slots=True)
class Asks:
    """What a sentence can be asked by beside its own words.

    Attributes:
        words: Stems, with how much each counts.
        phrases: The numbers of phrases, with how much they count.
    """

    words: dict[str, float]
    phrases: list[tuple[float, list[int]]]


@dataclass(slots=True)
class GatheredAsks:
    """What is found, while an index is built, that a sentence can be asked by: stems, and phrases as their stems."""

    words: dict[str, float] = field(default_factory=dict)
    phrases: dict[str, float] = field(default_factory=dict)

    def add(self, stemmed: Iterable[str], weight: float) -> None:
        """Add single words."""
        for stem in stemmed:
            self.words[stem] = max(weight, self.words.get(stem, 0))

    def add_phrases(self, phrases: Iterable[Sequence[str]], weight: float) -> None:
        """Add phrases with their words; one word is no phrase."""
        for phrase in phrases:
            self.add(phrase, weight)
            if len(set(phrase)) > 1:
                key = " ".join(sorted(set(phrase)))
                self.phrases[key] = max(weight, self.phrases.get(key, 0))


def write_asks(gathered: Sequence[GatheredAsks], numbers: Mapping[str, int]) -> str:
    """Write what the sentences of a paragraph can be asked by; empty if that is nothing.

    Args:
        numbers: The number of each phrase in the reading.
    """
    if not any(each.words or each.phrases for each in gathered):
        return ""
    rows = [
        (
            [(weight, " ".join(stems)) for weight, stems in _by_weight(each.words)],
            _by_weight({numbers[phrase]: weight for phrase, weight in each.phrases.items()}),
        )
        for each in gathered
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def read_asks(text: str) -> tuple[Asks, ...]:
    """Read what :func:`write_asks` wrote."""
    return tuple(
        [
            Asks({stem: weight for weight, group in words for stem in group.split(" ")}, phrases)
            for words, phrases in (json.loads(text) if text else ())
        ]
    )


def _by_weight(weighed: Mapping[_Key, float]) -> list[tuple[float, list[_Key]]]:
    """Put what has the same weight together."""
    groups: dict[float, list[_Key]] = {}
    for key, weight in weighed.items():
        groups.setdefault(weight, []).append(key)
    return list(groups.items())
