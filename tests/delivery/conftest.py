"""Trials for these tests, each with a database of its own, and the table of their figures."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench.table import Table
from tests.delivery.figures import Figures
from tests.delivery.groups import prepare
from tests.delivery.service import Service, serving
from tests.delivery.trial import Trial

_TOLD = pytest.StashKey[list[tuple[str, int, Figures]]]()
Try = Callable[..., Trial]


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """The chat service, for all trials one after the other."""
    with serving() as started:
        yield started


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, shipped_index: Path) -> Callable[[int], Path]:
    """State folders by how many groups they have, each made once."""
    made: dict[int, Path] = {}

    def of(groups: int) -> Path:
        if groups not in made:
            made[groups] = tmp_path_factory.mktemp("prepared")
            prepare(made[groups], shipped_index, groups)
        return made[groups] / "state"

    return of


@pytest.fixture
def trial(
    request: pytest.FixtureRequest, tmp_path: Path, service: Service, prepared: Callable[[int], Path]
) -> Iterator[Try]:
    """Begin trials: ``trial(groups=6)``."""
    begun: list[Trial] = []
    told = request.config.stash.setdefault(_TOLD, [])

    def begin(groups: int = 6) -> Trial:
        folder = tmp_path / f"trial-{len(begun)}"
        shutil.copytree(prepared(groups), folder / "state")
        begun.append(Trial(folder, service, groups, lambda *row: told.append(row)))
        return begun[-1]

    yield begin
    for each in begun:
        each.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show the figures of all trials: with -v, and in the extended run."""
    told = config.stash.get(_TOLD, [])
    if told and (config.option.verbose > 0 or config.option.markexpr == "extended"):
        rows = [
            (what, *map(str, (runs, each.planned, each.posted, each.lost, each.duplicated, each.late, each.again)))
            for what, runs, each in told
        ]
        columns = ("fault", "runs", "planned", "posted", "lost", "duplicated", "late", "prompt again")
        terminalreporter.write_line(str(Table("Deliveries under faults", columns, rows)))
