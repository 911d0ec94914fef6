"""A process that delivers, and what can be done to it."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.delivery.clock import Status
from tests.delivery.moments import PATIENCE
from tests.delivery.worker import Orders

ROOT = Path(__file__).parents[2]


@dataclass
class Running:
    """A process that delivers."""

    process: subprocess.Popen[bytes]
    status: Status
    log: Path

    @property
    def is_stopped(self) -> bool:
        """Whether a signal holds it."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except FileNotFoundError:
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if self.lives:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it without warning."""
        if self.lives:
            self.process.kill()
        self.process.wait(PATIENCE)


def begin(orders: Orders) -> Running:
    """Start a process that does as it is told; it logs beside the file in which it shows how it is."""
    path = Path(orders.status)
    status, log = Status(path), path.with_suffix(".log")
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "tests.delivery.worker", str(orders)], cwd=ROOT, stderr=file)
    return Running(process, status, log)
