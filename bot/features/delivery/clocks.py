"""The clocks by which posts are made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time it is (aware), seconds that never go back, and how to wait for some of them."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Sleep
