"""A trial: groups with schedules, processes that deliver, faults, and what came of it in figures."""

import asyncio
import http.client
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import open_app
from bot.caller import Caller
from bot.features.delivery.rounds import AT_ONCE
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings
from bot.store.occurrence import key_of
from bot.store.state import FILE
from tests.delivery.client import NAME, ServicePlatform
from tests.delivery.clock import SharedClock, Status
from tests.delivery.worker import Orders

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
FIRST_DAY = datetime(2026, 5, 1, 8, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0
LEASE = 95.0  # a little longer than it is
# Real seconds; far more than anything takes, also where the disk is busy with something else: only what hangs fails.
PATIENCE = 180.0
_POLL = 0.002
_LOOK_UP = 6.0
# What nothing explains that is later than this.
ON_TIME = 10.0


def group(number: int) -> str:
    """Return the name of a trial's group."""
    return f"{NAME}:g{number}"


@dataclass(frozen=True)
class Figures:
    """What came of a trial; all but the first two are to be 0.

    Attributes:
        duplicated: Messages beyond the first of a key, and such as no plan explains.
        late: Posts that came later than planned by more than faults explain.
        again: Prompts that a group got twice.
    """

    planned: int
    posted: int
    lost: int
    duplicated: int
    late: int
    again: int

    @property
    def wrong(self) -> tuple[int, int, int, int]:
        """What is to be 0."""
        return self.lost, self.duplicated, self.late, self.again


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


def typed(state: Path, clock: SharedClock, lines: Iterable[tuple[str, str]]) -> list[Reply]:
    """Give moderators' commands: (group, line); from this process, beside whatever else uses the database."""

    async def give() -> list[Reply]:
        settings = Settings(state, (SHIPPED_DATA,))
        async with open_app(settings, now=clock.now) as app, aiohttp.ClientSession() as session:
            app.places.add(ServicePlatform(session, ""))
            callers = [(Caller(f"{NAME}:1", where, is_moderator=True), line) for where, line in lines]
            return [await app.commands.answer(caller, line) for caller, line in callers]

    return asyncio.run(give())


@dataclass
class Trial:
    """Groups, each with a daily prompt at 08:00 UTC, and what happens to them."""

    folder: Path
    service: Service
    groups: int
    tell: Callable[[str, int, Figures], None]
    clock: SharedClock = field(init=False)
    workers: list[Running] = field(default_factory=list)
    faults: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.folder / "clock")
        self.clock.set(BEGIN)
        self.service.tell("begin", clock=str(self.clock.path))

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.folder / "state"

    @property
    def worker(self) -> Running:
        """The process that was started last."""
        return self.workers[-1]

    # What happens.

    def start(
        self,
        step: str = "",
        passing: int = 1,
        since: float = 0.0,
        number: signal.Signals = signal.SIGKILL,
        broken: tuple[str, ...] = (),
    ) -> Running:
        """Start a process, which may be told to kill or stop itself.

        One that is to be stopped makes one post after the other: stopped within a transaction, it would hold the lock
        of the database, and no other could do anything.
        """
        at_once = 1 if number == signal.SIGSTOP else AT_ONCE
        name = f"worker-{len(self.workers)}"
        status, log = self.folder / f"{name}.status", self.folder / f"{name}.log"
        orders = Orders(
            str(self.state),
            str(self.clock.path),
            str(status),
            self.service.address,
            step,
            passing,
            since,
            number,
            broken,
            at_once,
        )
        shown = Status(status)
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.delivery.worker", str(orders)], cwd=ROOT, stderr=file
            )
        self.workers.append(Running(process, shown, log))
        return self.worker

    def end(self) -> None:
        """End every process that was started here."""
        for each in self.workers:
            each.kill()

    def pause(self, seconds: float) -> None:
        """Let some milliseconds of real time pass."""
        time.sleep(seconds)

    def kill(self) -> None:
        """Kill the process that was started last."""
        self.faults.append(self.clock.true)
        self.worker.kill()

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Wait, for real, until something is so."""
        # Counted by looks: where the whole machine is halted for a minute, nobody has had the time.
        for _ in range(round(PATIENCE / _POLL)):
            if until():
                return
            time.sleep(_POLL)
        raise AssertionError(f"{what}: never\n{self._told_by_workers()}")

    def _told_by_workers(self) -> str:
        """Return what each process shows, and what it has logged last."""
        return f"it is {self.clock.told}, {self.clock.monotonic()}\n" + "\n".join(
            f"{each.log.stem}: lives {each.lives}, stopped {each.is_stopped}, shows {each.status.read()}\n"
            + each.log.read_text()[-2000:]
            for each in self.workers
        )

    def settle(self) -> None:
        """Wait until every process that can work rests."""
        for each in self.workers:
            self.wait(lambda each=each: self._rests(each), "it rests")  # type: ignore[misc]  # mypy: a default's type

    def _rests(self, worker: Running) -> bool:
        if not worker.lives or worker.is_stopped:
            return True
        _, busy, _, rests_until = worker.status.read()
        return busy == 0 and rests_until > self.clock.monotonic()

    def until(self, when: datetime, at_most: int = 2000) -> None:
        """Let time pass until the bot's clock shows a time, from one thing that is due to the next."""
        end = when.timestamp()
        for _ in range(at_most):
            self.settle()
            now = self.clock.told
            if now >= end:
                return
            # What is due and not done is looked at again some seconds later.
            goal = min([end, *(each if each > now else now + _LOOK_UP for each in self.due())])
            # A process looks up every few seconds; where it does not, it must have been stopped.
            self.clock.advance(goal - 10 - now if goal - now > 20 else goal - now + 0.001)
        raise AssertionError("there is always something due")

    def reach(self, when: datetime) -> None:
        """Let time pass until shortly before a time, and then until it, and wait for nobody."""
        self.until(when - timedelta(seconds=10))
        self.clock.advance(when.timestamp() - self.clock.told + 0.001)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, from one thing that is due to the next."""
        self.until(self.clock.now() + timedelta(seconds=seconds))

    def day(self, number: int) -> datetime:
        """Return when the posts of a day are due, from 0."""
        return FIRST_DAY + timedelta(days=number)

    def died(self) -> bool:
        """Wait until the process that was started last ends, or rests with nothing left to do; returns which."""

        def is_over() -> bool:
            return not self.worker.lives or (self._rests(self.worker) and not self.is_outstanding())

        self.wait(is_over, "it ends")
        if not self.worker.lives:
            self.faults.append(self.clock.true)
        return not self.worker.lives

    def steer(self, **told: object) -> None:
        """Steer the chat service."""
        self.service.tell("steer", **told)

    def fail(self, number: int, where: str, how: str, times: int = 1, seconds: float = 0.0) -> None:
        """Let requests of a group fail."""
        fault = {"where": where, "how": how, "times": times, "seconds": seconds}
        self.steer(faults={f"g{number}": [fault]})

    def release(self) -> None:
        """Let the chat service go on with what hangs, now."""
        self.steer(release=True)
        self.wait(lambda: self.service.seen()["hanging"] == 0, "it goes on")

    def give(self, number: int, line: str) -> Reply:
        """Give a moderator's command in a group."""
        return typed(self.state, self.clock, [(group(number), line)])[0]

    # What is seen.

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Return rows of the database."""
        with closing(sqlite3.connect(f"file:{self.state / FILE}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str) -> None:
        """Change the database as no command would."""
        with closing(sqlite3.connect(self.state / FILE, timeout=10)) as connection, connection:
            connection.execute(sql)

    def due(self) -> list[float]:
        """Return when things are due, in seconds since 1970."""
        told = round(self.clock.told * 1000)
        rows = self.rows(
            "SELECT min(next_at) FROM schedule UNION ALL SELECT min(due_at) FROM occurrence"
            " UNION ALL SELECT min(due_at) FROM occurrence WHERE due_at > ?"
            " UNION ALL SELECT min(next_at) FROM schedule WHERE next_at > ?",
            told,
            told,
        )
        return [row[0] / 1000 for row in rows if row[0] is not None]

    def is_outstanding(self) -> bool:
        """Whether something that is due is not done with."""
        now = round(self.clock.told * 1000)
        due = "SELECT 1 FROM schedule WHERE next_at <= ? UNION ALL SELECT 1 FROM occurrence WHERE due_at IS NOT NULL"
        return bool(self.rows(f"{due} AND planned_at <= ? LIMIT 1", now, now))

    def messages(self) -> list[dict[str, Any]]:
        """Return what was posted for schedules."""
        return [each for each in self.service.seen()["messages"] if not each["key"].startswith("notice")]

    def log(self) -> str:
        """Return what all processes have written."""
        return "".join(each.log.read_text() for each in self.workers)

    def keys(self, days: Iterable[int], groups: Iterable[int] | None = None) -> dict[str, float]:
        """Return the keys of everything that the rules promise on some days, with when."""
        wanted = {group(each) for each in (range(self.groups) if groups is None else groups)}
        schedules = [row for row in self.rows("SELECT id, group_id FROM schedule") if row[1] in wanted]
        found: dict[str, float] = {}
        for number in days:
            at = self.day(number)
            found |= {key_of(identity, f"{at:%Y-%m-%dT%H:%M}"): at.timestamp() for identity, _ in schedules}
        return found

    def figures(self, days: Iterable[int], allowed: float = 0.0, groups: Iterable[int] | None = None) -> Figures:
        """Count what was posted against what the rules promise.

        Args:
            allowed: How many seconds late faults make it, beside each kill's lease.
        """
        promised, messages = self.keys(days, groups), self.messages()
        posted = Counter(each["key"] for each in messages)
        late = 0
        for each in messages:
            planned = promised.get(each["key"], each["at"])
            kills = sum(planned - 1 <= fault <= each["at"] for fault in self.faults)
            late += each["at"] - planned > ON_TIME + allowed + kills * LEASE
        prompts = Counter((each["channel"], _prompt(each["text"])) for key, each in _firsts(messages).items())
        return Figures(
            planned=len(promised),
            posted=len(messages),
            lost=len(promised.keys() - posted.keys()),
            duplicated=sum(posted.values()) - len(promised.keys() & posted.keys()),
            late=late,
            again=sum(number - 1 for number in prompts.values()),
        )

    def judge(self, what: str, runs: int, days: Iterable[int], **more: Any) -> None:
        """Tell the figures, and insist that nothing went wrong."""
        figures = self.figures(days, **more)
        self.tell(what, runs, figures)
        assert figures.wrong == (0, 0, 0, 0), f"{what}: {figures}\n{self.log()[-6000:]}"

    # The database.

    def copy(self) -> Path:
        """Copy the database as a backup does."""
        path = self.folder / "backup.sqlite"
        with closing(sqlite3.connect(self.state / FILE, timeout=10)) as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
        return path

    def put_back(self, copy: Path) -> None:
        """Put an older copy in the place of the database; nothing may run."""
        for suffix in ("-wal", "-shm"):
            (self.state / f"{FILE}{suffix}").unlink(missing_ok=True)
        shutil.copy(copy, self.state / FILE)


def _firsts(messages: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in messages:
        found.setdefault(each["key"], each)
    return found


def _prompt(text: str) -> str:
    """Return a post without the note that it is late."""
    return "\n".join(line for line in text.splitlines() if line and not line.startswith("Late: "))


def prepare(folder: Path, index: Path, groups: int) -> None:
    """Make a state folder in which each group has a daily prompt at 08:00 UTC."""
    state = folder / "state"
    state.mkdir(parents=True)
    shutil.copy(index, state)
    clock = SharedClock(folder / "setting-up")
    clock.set(BEGIN)
    typed(state, clock, [(group(number), "/schedule add prompt daily 08:00") for number in range(groups)])
