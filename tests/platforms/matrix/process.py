"""The bot as a process of its own on a homeserver, to be stopped, killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.platforms.matrix.synapse import User

ROOT = Path(__file__).parents[3]
SECONDS_TO_STOP = 8


class Bot:
    """The bot, which goes on as the same device whenever it is started again.

    Attributes:
        user: Its account.
        log: All that it has written, however often it was started.
    """

    def __init__(self, state: Path, address: str, user: User, **variables: str) -> None:
        self.user = user
        self.state = state
        self._output = state.parent / f"{state.name}.log"
        self._variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(state),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "KRUZHOK_STATE": str(state),
            "KRUZHOK_MATRIX_HOMESERVER": address,
            "KRUZHOK_MATRIX_USER": user.id,
            "KRUZHOK_MATRIX_PASSWORD": user.password,
            **variables,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it need not be ready for anything to be asked."""
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"], env=self._variables, cwd=ROOT, stdout=output, stderr=output
            )

    def kill(self) -> None:
        """End it in the midst of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.ended()

    def ended(self, seconds: float = SECONDS_TO_STOP) -> int:
        """Wait until it has ended; returns its exit code."""
        assert self._process is not None
        code = self._process.wait(seconds)
        self._process = None
        return code

    @property
    def process(self) -> int:
        """The id of its process, while it runs."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> list[str]:
        return self._output.read_text("utf-8", "replace").splitlines() if self._output.exists() else []

    @property
    def problems(self) -> list[str]:
        """The lines of its log that are more than information."""
        return [line for line in self.log if " INFO " not in line]


@contextmanager
def running_bot(state: Path, address: str, user: User, **variables: str) -> Iterator[Bot]:
    """Start the bot; it is ended with the test."""
    bot = Bot(state, address, user, **variables)
    bot.start()
    try:
        yield bot
    finally:
        bot.kill()
