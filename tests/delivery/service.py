"""The chat service as a process, and what steers it."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.delivery.moments import PATIENCE

ROOT = Path(__file__).parents[2]


class Service:
    """The chat service's process, and what steers it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout
        self.port = int(process.stdout.readline())

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def tell(self, what: str, **told: object) -> None:
        """Give it a command."""
        self._ask("POST", f"/control/{what}", json.dumps(told))

    def seen(self) -> dict[str, Any]:
        """Return what was posted, what was counted, and how many requests hang."""
        seen = json.loads(self._ask("GET", "/control/seen"))
        assert isinstance(seen, dict)
        return seen

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return answer.read()


@contextmanager
def serving() -> Iterator[Service]:
    """Start the chat service."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.target"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        try:
            yield Service(process)
        finally:
            process.kill()
