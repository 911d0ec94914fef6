"""The terminal's own door: processes as people and scripts start them, over pipes and over a pseudo-terminal."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
BOT = (sys.executable, "-m", "bot")
PATIENCE = 60  # seconds; far more than anything takes, so that only what hangs fails
CONTROL_C, CONTROL_D = "\x03", "\x04"
_SEQUENCES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78])")


@dataclass(frozen=True)
class Finished:
    """What came of a command line."""

    code: int
    out: str
    err: str


def environment(state: Path, **variables: str) -> dict[str, str]:
    """Return a nearly empty environment, with the databases in a folder of their own."""
    always = {"PATH": os.environ["PATH"], "HOME": str(state), "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return {**always, "KRUZHOK_STATE": str(state), **variables}


def run(state: Path, *words: str, typed: bytes = b"", command: Sequence[str] = BOT, **variables: str) -> Finished:
    """Run a command line to its end."""
    done = subprocess.run(
        [*command, *words],
        check=False,
        input=typed,
        capture_output=True,
        env=environment(state, **variables),
        timeout=PATIENCE,
    )
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())


class Script:
    """A script that asks by lines of JSON."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._read = b""

    def ask(self, line: str, **more: object) -> dict[str, Any]:
        """Ask a line, and return its answer."""
        return self.send(json.dumps({"line": line, **more}).encode())

    def send(self, raw: bytes) -> dict[str, Any]:
        """Send a line as it is, and return its answer."""
        assert self.process.stdin
        self.process.stdin.write(raw + b"\n")
        self.process.stdin.flush()
        answer = json.loads(self._line().decode("ascii"))
        assert isinstance(answer, dict)
        return answer

    def _line(self) -> bytes:
        assert self.process.stdout
        while b"\n" not in self._read:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert more, f"no answer; it ended with {self.process.poll()}"
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line


def asking(state: Path, *words: str, stderr: int | None = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start ``ask --jsonl``, and do not wait."""
    return subprocess.Popen(
        [*BOT, "ask", "--jsonl", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,
        env=environment(state),
    )


@contextmanager
def script(state: Path, *words: str) -> Iterator[Script]:
    """Start a script; at its end the input is closed, and the bot ends well."""
    with subprocess.Popen(
        [*BOT, "ask", "--jsonl", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=environment(state),
    ) as process:
        yield Script(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


class Screen:
    """A person at a terminal."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self.raw = ""
        self._master = master
        self._seen = 0

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def until(self, text: str) -> str:
        """Wait until a text is shown that was not waited for before, and return what was shown up to then."""
        end = time.monotonic() + PATIENCE
        while (at := self.shown.find(text, self._seen)) < 0:
            assert self._more(end), f"“{text}” is never shown in: {self.shown[self._seen :]}"
        shown = self.shown[self._seen : at + len(text)]
        self._seen = at + len(text)
        return shown

    def end(self) -> int:
        """Wait until the program ends, and return its exit code."""
        end = time.monotonic() + PATIENCE
        while self._more(end):
            pass
        return self.process.wait(PATIENCE)

    @property
    def shown(self) -> str:
        """All that was written so far, without the sequences that steer the terminal."""
        return _SEQUENCES.sub("", self.raw).replace("\r", "")

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], max(0.0, end - time.monotonic()))
        try:
            more = os.read(self._master, 65536) if ready else b""
        except OSError:  # Linux says so when the program has gone
            return False
        self.raw += more.decode("utf-8", "replace")
        return bool(more)


@contextmanager
def screen(state: Path, *words: str, columns: int = 80, rows: int = 40, **variables: str) -> Iterator[Screen]:
    """Start the bot in a terminal of this size."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    # Nobody here answers when prompt_toolkit asks where the cursor is.
    variables = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **variables}
    process = subprocess.Popen(
        [*BOT, *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(state, **variables),
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Screen(process, master)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
