"""Measures what the areas measure, and prints one table or more for each."""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import discord, library, matrix, schedule
from tests.bench.table import Table

AREAS: dict[str, Callable[[Path, bool], Iterator[Table]]] = {
    "library": library.measure,
    "discord": discord.measure,
    "schedule": schedule.measure,
    "matrix": matrix.measure,
}


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(prog="./kruzhok bench", description="Measure speed and size; some ten minutes.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(AREAS)}; all of them if none is named")
    parser.add_argument(
        "--full", action="store_true", help="also what takes long to build: libraries of 1,000,000 passages"
    )
    given = parser.parse_args()
    unknown = [area for area in given.areas if area not in AREAS]
    if unknown:
        parser.error(f"there is no area {unknown[0]}; there is {', '.join(AREAS)}")
    for area in given.areas or AREAS:
        with tempfile.TemporaryDirectory(prefix="kruzhok-bench-") as folder:
            for table in AREAS[area](Path(folder), given.full):
                print(f"\n{table}", flush=True)


if __name__ == "__main__":
    main()
