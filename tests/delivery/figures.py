"""What came of a trial in figures, counted from what was promised and what was posted."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.delivery.moments import LEASE

# What nothing explains that is later than this.
ON_TIME = 10.0


@dataclass(frozen=True)
class Figures:
    """What came of a trial; all but the first two are to be 0.

    Attributes:
        duplicated: Messages beyond the first of a key, and such as no plan explains.
        late: Posts that came later than planned by more than faults explain.
        again: Prompts that a group got twice.
    """

    planned: int
    posted: int
    lost: int
    duplicated: int
    late: int
    again: int

    @property
    def wrong(self) -> tuple[int, int, int, int]:
        """What is to be 0."""
        return self.lost, self.duplicated, self.late, self.again


def count(
    promised: Mapping[str, float], messages: Sequence[dict[str, Any]], faults: Sequence[float], allowed: float
) -> Figures:
    """Count what was posted against what the rules promise.

    Args:
        promised: The keys of all posts, with when they are planned, in seconds since 1970.
        messages: What was posted.
        faults: When processes were killed, in seconds since 1970.
        allowed: How many seconds late anything else makes it, beside each kill's lease.
    """
    posted = Counter(each["key"] for each in messages)
    late = 0
    for each in messages:
        planned = promised.get(each["key"], each["at"])
        kills = sum(planned - 1 <= fault <= each["at"] for fault in faults)
        late += each["at"] - planned > ON_TIME + allowed + kills * LEASE
    prompts = Counter((each["channel"], _prompt(each["text"])) for key, each in _firsts(messages).items())
    return Figures(
        planned=len(promised),
        posted=len(messages),
        lost=len(promised.keys() - posted.keys()),
        duplicated=sum(posted.values()) - len(promised.keys() & posted.keys()),
        late=late,
        again=sum(number - 1 for number in prompts.values()),
    )


def _firsts(messages: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in messages:
        found.setdefault(each["key"], each)
    return found


def _prompt(text: str) -> str:
    """Return a post without the note that it is late."""
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("Late: "))
