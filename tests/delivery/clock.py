"""Clocks in a file, which every process of a trial reads and only the test moves: hours pass in no time."""

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path

_TIMES = struct.Struct("<ddd")


class SharedClock:
    """What the bot is told the time is, seconds that never go back, and what time it really is.

    Attributes:
        path: The file; a process that opens it has the same clock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists():
            path.write_bytes(bytes(_TIMES.size))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _TIMES.size)

    def set(self, now: datetime) -> None:
        """Begin at a time."""
        _TIMES.pack_into(self._shared, 0, now.timestamp(), 1000.0, now.timestamp())

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        told, elapsed, true = self._times()
        _TIMES.pack_into(self._shared, 0, told + seconds, elapsed + seconds, true + seconds)

    def jump(self, seconds: float) -> None:
        """Put the bot's clock forward or back; no time passes."""
        told, elapsed, true = self._times()
        _TIMES.pack_into(self._shared, 0, told + seconds, elapsed, true)

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep: time passes, and seconds are not counted."""
        told, elapsed, true = self._times()
        _TIMES.pack_into(self._shared, 0, told + seconds, elapsed, true + seconds)

    def now(self) -> datetime:
        """Return what the bot is told the time is."""
        return datetime.fromtimestamp(self.told, UTC)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._times()[1]

    @property
    def told(self) -> float:
        """What the bot is told the time is, in seconds since 1970."""
        return self._times()[0]

    @property
    def true(self) -> float:
        """What time it really is, in seconds since 1970."""
        return self._times()[2]

    def _times(self) -> tuple[float, float, float]:
        told, elapsed, true = _TIMES.unpack_from(self._shared)
        return told, elapsed, true


_STATUS = struct.Struct("<qqqd")


class Status:
    """What a worker lets the test see: how busy it is, until when it rests, whether its disk is full."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_STATUS.size))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _STATUS.size)

    def show(self, rounds: int, busy: int, is_full: bool, rests_until: float) -> None:
        """Tell the test."""
        _STATUS.pack_into(self._shared, 0, rounds, busy, int(is_full), rests_until)

    def read(self) -> tuple[int, int, bool, float]:
        """Return what was shown last."""
        rounds, busy, is_full, rests_until = _STATUS.unpack_from(self._shared)
        return rounds, busy, bool(is_full), rests_until
