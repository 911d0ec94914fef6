"""Notices when one member asks too much; nobody else waits for it."""

from collections import deque
from collections.abc import Callable

MOST, SECONDS = 10, 30.0
TOO_MANY = f"That was more than {MOST} commands in {SECONDS:.0f} seconds. Please wait a little, then go on."
_MOST_REMEMBERED = 10_000


class Flood:
    """When each member asked lately.

    Args:
        clock: Seconds, from any beginning, that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._asked: dict[int, deque[float]] = {}

    def allows(self, member: int) -> bool:
        """Count a command of a member, and say whether it is to be answered."""
        now = self._clock()
        if len(self._asked) >= _MOST_REMEMBERED:
            self._asked = {each: times for each, times in self._asked.items() if times[-1] > now - SECONDS}
        times = self._asked.setdefault(member, deque(maxlen=MOST + 1))
        while times and times[0] <= now - SECONDS:
            times.popleft()
        times.append(now)
        return len(times) <= MOST
