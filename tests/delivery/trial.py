"""A trial: groups with schedules, processes that deliver, faults, and what came of it."""

import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.features.delivery.rounds import AT_ONCE
from bot.reply import Reply
from bot.store.occurrence import key_of
from tests.delivery.clock import SharedClock
from tests.delivery.database import Database
from tests.delivery.figures import Figures, count
from tests.delivery.groups import group, typed
from tests.delivery.moments import BEGIN, FIRST_DAY, PATIENCE
from tests.delivery.running import Running, begin
from tests.delivery.service import Service
from tests.delivery.worker import Orders

_POLL = 0.002
_LOOK_UP = 6.0


@dataclass
class Trial:
    """Groups, each with a daily prompt at 08:00 UTC, and what happens to them."""

    folder: Path
    service: Service
    groups: int
    tell: Callable[[str, int, Figures], None]
    clock: SharedClock = field(init=False)
    database: Database = field(init=False)
    workers: list[Running] = field(default_factory=list)
    faults: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = SharedClock(self.folder / "clock")
        self.clock.set(BEGIN)
        self.database = Database(self.state)
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
        orders = Orders(
            str(self.state),
            str(self.clock.path),
            str(self.folder / f"worker-{len(self.workers)}.status"),
            self.service.address,
            step,
            passing,
            since,
            number,
            broken,
            at_once=1 if number == signal.SIGSTOP else AT_ONCE,
        )
        self.workers.append(begin(orders))
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
            goal = min([end, *(each if each > now else now + _LOOK_UP for each in self.database.due(now))])
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

    def is_outstanding(self) -> bool:
        """Whether something that is due is not done with."""
        return self.database.is_outstanding(self.clock.told)

    def messages(self) -> list[dict[str, Any]]:
        """Return what was posted for schedules."""
        return [each for each in self.service.seen()["messages"] if not each["key"].startswith("notice")]

    def log(self) -> str:
        """Return what all processes have written."""
        return "".join(each.log.read_text() for each in self.workers)

    def keys(self, days: Iterable[int], groups: Iterable[int] | None = None) -> dict[str, float]:
        """Return the keys of everything that the rules promise on some days, with when."""
        wanted = {group(each) for each in (range(self.groups) if groups is None else groups)}
        schedules = [row for row in self.database.rows("SELECT id, group_id FROM schedule") if row[1] in wanted]
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
        return count(self.keys(days, groups), self.messages(), self.faults, allowed)

    def judge(self, what: str, runs: int, days: Iterable[int], **more: Any) -> None:
        """Tell the figures, and insist that nothing went wrong."""
        figures = self.figures(days, **more)
        self.tell(what, runs, figures)
        assert figures.wrong == (0, 0, 0, 0), f"{what}: {figures}\n{self.log()[-6000:]}"
