"""Timings, and tables of them as plain text."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import perf_counter_ns


@dataclass(frozen=True, slots=True)
class Table:
    """What one area has measured: rows of text, the first column to the left and the others to the right."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def __str__(self) -> str:
        lines = [self.columns, *self.rows]
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns))]
        texts = [
            "  ".join(
                cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join([self.title, texts[0], "-" * len(texts[0]), *texts[1:]])


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one thing took each time, in nanoseconds, from the quickest to the slowest."""

    times: Sequence[int]

    def at(self, share: float) -> float:
        """Return the time, in milliseconds, within which this share was done."""
        return self.times[min(len(self.times) - 1, int(len(self.times) * share))] / 1e6

    def __str__(self) -> str:
        return f"{self.at(0.5):.2f} / {self.at(0.99):.2f}"


async def timed(questions: Sequence[str], ask: Callable[[str], Awaitable[object]], seconds: float = 30) -> Timing:
    """Ask every question once, after some to warm up; fewer of them, but at least twenty, if that takes longer."""
    for question in questions[:: max(1, len(questions) // 10)]:
        await ask(question)
    times: list[int] = []
    for question in questions:
        begun = perf_counter_ns()
        await ask(question)
        times.append(perf_counter_ns() - begun)
        if len(times) >= 20 and sum(times) > seconds * 1e9:
            break
    return Timing(sorted(times))


def tell(what: str) -> None:
    """Say on standard error what is being measured."""
    print(what, file=sys.stderr, flush=True)
