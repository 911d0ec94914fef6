"""The library: how quickly `/quote` and `/search` answer, beside a bare FTS5 query, and what the index costs."""

import asyncio
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter_ns

from bot.app import App, open_app
from bot.caller import Caller
from bot.library.index import SENTENCES_PER_PARAGRAPH
from bot.library.library import Library, open_library
from bot.settings import SHIPPED_DATA, Settings
from tests.bench.generated import write_readings
from tests.bench.table import Table, Timing, tell, timed
from tests.platforms.terminal.door import screen

_QUESTIONS = 200
_LENGTHS = (5, 12)
# Ranks of a reading's words, commonest first; the rest are rare.
_VERY_COMMON, _COMMON, _RARE = 40, 400, 600
_READING = 1000
_STARTS = 10
_BARE_SECONDS = 15
_ROOT = Path(__file__).parent.parent.parent
_BARE = """SELECT rowid FROM sentence_index WHERE sentence_index MATCH ? AND rowid BETWEEN ? AND ?
    ORDER BY bm25(sentence_index) LIMIT 10"""


@dataclass(frozen=True, slots=True)
class Layout:
    """A library: the essay, or ``passages`` made-up sentences in readings of ``each``; ``aim`` is for p99, in ms."""

    name: str
    passages: int = 0
    each: int = 0
    aim: float | None = None


ESSAY = Layout("the essay")
USUAL = (
    Layout("10,000 in readings of 1,000", 10_000, _READING, 20),
    Layout("10,000 in one reading", 10_000, 10_000, 50),
    Layout("100,000 in readings of 1,000", 100_000, _READING, 20),
    Layout("100,000 in one reading", 100_000, 100_000, 50),
)
LARGE = (
    Layout("1,000,000 in readings of 1,000", 1_000_000, _READING, 20),
    Layout("1,000,000 in one reading", 1_000_000, 1_000_000, 50),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the reading that it is put to, and as a bare query over that reading's sentences."""

    line: str
    caller: Caller
    bare: tuple[str, int, int]


def measure(folder: Path, full: bool) -> Iterator[Table]:
    """Measure the essay and made-up libraries, those of 1,000,000 passages only if ``full``."""
    built: list[Sequence[str]] = []
    answered: list[Sequence[str]] = []
    for layout in (ESSAY, *USUAL, *(LARGE if full else ())):
        data, state = folder / layout.name / "data", folder / layout.name / "state"
        tell(f"{layout.name}: building")
        if layout is ESSAY:
            data = SHIPPED_DATA
        else:
            write_readings(data, layout.passages, layout.each)
        built.append([layout.name, *_build(data, state)])
        answered += asyncio.run(_answers(layout, Settings(state, (data,))))
    yield Table("Building the index", ("passages", "seconds", "MB", "MB a 1,000", "peak MB"), built)
    yield Table(
        f"Answers, ms: p50 / p99 of {_QUESTIONS} questions",
        ("passages", "words", "/quote", "/search", "bare FTS5", "/quote : bare", "aim"),
        answered,
    )
    yield Table("A process with the essay", ("what", "value", "aim"), list(_process(folder / "process")))


def _build(data: Path, state: Path) -> list[str]:
    """Build in a process of its own, to see the memory it takes."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        seconds, peak = apart.submit(build, data, state).result()
    with closing(sqlite3.connect(_index(state))) as connection:
        passages = next(connection.execute("SELECT count(*) FROM sentence_index"))[0]
    size = _index(state).stat().st_size / 1e6
    return [f"{seconds:.1f}", f"{size:.1f}", f"{size / passages * 1000:.2f}", f"{peak:.0f}"]


def build(data: Path, state: Path) -> tuple[float, float]:
    """Build an index; return the seconds, and the most memory that the process held, in MB."""

    async def opened() -> None:
        async with AsyncExitStack() as stack:
            await open_library(stack, [data], state)

    begun = perf_counter_ns()
    asyncio.run(opened())
    return (perf_counter_ns() - begun) / 1e9, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def _index(state: Path) -> Path:
    return next(state.glob("library-*.sqlite"))


async def _answers(layout: Layout, settings: Settings) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    with closing(sqlite3.connect(_index(settings.state))) as connection:
        async with open_app(settings) as app:
            for name, frequency in (("rare", 2), ("common", 1), ("very common", 0)):
                for length in _LENGTHS:
                    tell(f"{layout.name}: {length} {name} words")
                    questions = await _questions(app.library, connection, frequency, length)
                    quote, search, bare = await _three_ways(app, connection, questions)
                    ratio = max(quote.at(0.5), search.at(0.5)) / bare.at(0.5)
                    aim = _verdict("p99 <", layout.aim, max(quote.at(0.99), search.at(0.99)), " ms")
                    if layout.aim is None:
                        aim = _verdict("twice bare", 2, ratio)
                    rows.append(
                        [layout.name, f"{length} {name}", str(quote), str(search), str(bare), f"{ratio:.2f}", aim]
                    )
    return rows


def _verdict(what: str, aim: float | None, value: float, unit: str = "") -> str:
    if aim is None:
        return ""
    shown = what if what[-1] != "<" else f"{what} {aim:g}{unit}"
    return f"{shown}: {'met' if value <= aim else 'missed'}"


async def _three_ways(
    app: App, connection: sqlite3.Connection, questions: Mapping[str, Asked]
) -> tuple[Timing, Timing, Timing]:
    async def quote(question: str) -> None:
        await app.commands.answer(questions[question].caller, f"/quote {question}")

    async def search(question: str) -> None:
        await app.commands.answer(questions[question].caller, f"/search {question}")

    async def bare(question: str) -> None:
        connection.execute(_BARE, questions[question].bare).fetchall()

    keys = list(questions)
    return await timed(keys, quote), await timed(keys, search), await timed(keys, bare, _BARE_SECONDS)


async def _questions(library: Library, connection: sqlite3.Connection, frequency: int, length: int) -> dict[str, Asked]:
    """Make questions of words that their reading has; ``frequency``: 0 for the commonest, 1 for common, 2 for rare."""
    dice = random.Random(f"{frequency} {length}")
    slugs = await library.slugs()
    ranges = {slug: (first, last) for slug, first, last in connection.execute("SELECT slug, first, last FROM reading")}
    questions: dict[str, Asked] = {}
    known: dict[str, list[str]] = {}
    while len(questions) < _QUESTIONS:
        slug = dice.choice(slugs)
        if slug not in known:
            known[slug] = [word for word, _ in await library.vocabulary(slug, 1_000_000)]
        start, end = ((0, _VERY_COMMON), (_VERY_COMMON, _COMMON), (_RARE, None))[frequency]
        words = dice.sample(known[slug][start:end], length)
        first, last = ranges[slug]
        bare = " OR ".join(f'"{word}"' for word in words)
        rows = (first * SENTENCES_PER_PARAGRAPH, (last + 1) * SENTENCES_PER_PARAGRAPH)
        line = " ".join(words)
        questions[line] = Asked(line, Caller("bench", "bench", reading=slug), (bare, *rows))
    return questions


_INSIDE = """
import json, resource, runpy, sys
sys.argv = ["bot", "ask", "/quote Cheka"]
try:
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
except SystemExit as done:
    assert not done.code, done
with open("/proc/self/status") as status:
    resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
print(json.dumps({"resident": resident / 1e3, "chats": [name for name in ("discord", "nio") if name in sys.modules]}))
"""


def _process(state: Path) -> Iterator[Sequence[str]]:
    """Start whole processes on the essay, as a person would."""
    environment = {**os.environ, "KRUZHOK_STATE": str(state), "PYTHONPATH": str(_ROOT)}
    environment.pop("KRUZHOK_DATA", None)
    for name, command in (
        ("./kruzhok ask", [sys.executable, str(_ROOT / "kruzhok")]),
        ("python -m bot ask", [sys.executable, "-P", "-m", "bot"]),
    ):
        times = []
        for _ in range(_STARTS + 1):
            begun = perf_counter_ns()
            subprocess.run([*command, "ask", "/quote Cheka"], env=environment, check=True, stdout=subprocess.DEVNULL)
            times.append(perf_counter_ns() - begun)
        start = Timing(sorted(times[1:]))  # The first sets up and builds the index.
        yield (
            f"start to first answer of {name}",
            f"{start.at(0.5) / 1e3:.2f} s",
            _verdict("<", 0.5, start.at(0.5) / 1e3, " s"),
        )
    inside = subprocess.run(
        [sys.executable, "-c", _INSIDE], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    told = json.loads(inside.stdout.splitlines()[-1])
    yield "resident after an answer", f"{told['resident']:.0f} MB", _verdict("<", 60, told["resident"], " MB")
    chat = _chat(state)
    yield "resident in the chat, after an answer", f"{chat:.0f} MB", _verdict("<", 60, chat, " MB")
    yield "chat libraries imported", ", ".join(told["chats"]) or "none", "none"


def _chat(state: Path) -> float:
    """Chat in a terminal until an answer is shown; return the resident memory in MB."""
    with screen(state) as terminal:
        terminal.until("\n>")
        terminal.type("/quote Cheka\r")
        terminal.until("/cite")
        status = Path(f"/proc/{terminal.process.pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1e3
