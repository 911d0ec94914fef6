"""Clocks in a file, which every process of a trial reads and only the test moves: hours pass in no time."""

import mmap
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class _Shared:
    """Values in a file that one process writes and others read, never half of them.

    They stand there twice, after the number of times that they were written, which says which of the two is whole. A
    writer may be halted amid writing a single number, and a reader amid reading.
    """

    def __init__(self, path: Path, values: str) -> None:
        self._values = struct.Struct(values)
        if not path.exists():
            path.write_bytes(bytes(1 + 2 * self._values.size))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), 1 + 2 * self._values.size)

    def write(self, *values: float) -> None:
        number = (self._bytes[0] + 1) % 256
        self._values.pack_into(self._bytes, self._at(number), *values)
        self._bytes[0] = number

    def read(self) -> tuple[Any, ...]:
        while True:
            number = self._bytes[0]
            values = self._values.unpack_from(self._bytes, self._at(number))
            if self._bytes[0] == number:
                return values

    def _at(self, number: int) -> int:
        return 1 + number % 2 * self._values.size


class SharedClock:
    """What the bot is told the time is, seconds that never go back, and what time it really is.

    Attributes:
        path: The file; a process that opens it has the same clock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._shared = _Shared(path, "<ddd")

    def set(self, now: datetime) -> None:
        """Begin at a time."""
        self._shared.write(now.timestamp(), 1000.0, now.timestamp())

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        told, elapsed, true = self._times()
        self._shared.write(told + seconds, elapsed + seconds, true + seconds)

    def jump(self, seconds: float) -> None:
        """Put the bot's clock forward or back; no time passes."""
        told, elapsed, true = self._times()
        self._shared.write(told + seconds, elapsed, true)

    def suspend(self, seconds: float) -> None:
        """Let the machine sleep: time passes, and seconds are not counted."""
        told, elapsed, true = self._times()
        self._shared.write(told + seconds, elapsed, true + seconds)

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
        told, elapsed, true = self._shared.read()
        return told, elapsed, true


class Status:
    """What a worker lets the test see: how busy it is, until when it rests, whether its disk is full."""

    def __init__(self, path: Path) -> None:
        self._shared = _Shared(path, "<qqqd")

    def show(self, rounds: int, busy: int, is_full: bool, rests_until: float) -> None:
        """Tell the test."""
        self._shared.write(rounds, busy, int(is_full), rests_until)

    def read(self) -> tuple[int, int, bool, float]:
        """Return what was shown last."""
        rounds, busy, is_full, rests_until = self._shared.read()
        return rounds, busy, bool(is_full), rests_until
