"""What a look over the bot has found: each thing by name, how it is, and how to put it right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]
_ORDER: tuple[State, ...] = ("ok", "warning", "problem")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        text: How it is, as one sentence.
        cure: How to put it right; empty if there is nothing to do.
    """

    name: str
    state: State
    text: str
    cure: str = ""


def ok(name: str, text: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(name, "ok", text)


def warning(name: str, text: str, cure: str) -> Finding:
    """Return that something should be looked at, while the bot does its work."""
    return Finding(name, "warning", text, cure)


def problem(name: str, text: str, cure: str) -> Finding:
    """Return that something keeps the bot from its work."""
    return Finding(name, "problem", text, cure)


def worst(findings: Iterable[Finding]) -> State:
    """Return how it is altogether."""
    return max((each.state for each in findings), key=_ORDER.index, default="ok")
