"""Makes readings for tests, and opens them."""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from bot.library.library import Library, open_library

THREE_LINES = 'title = "A made-up text"\nauthor = "Nobody"\nlanguage = "{language}"\n'


def write_reading(folder: Path, paragraphs: Iterable[str], language: str = "en") -> Path:
    """Write a minimal reading: ``source.txt`` and a ``reading.toml`` of three lines."""
    folder.mkdir(parents=True)
    (folder / "reading.toml").write_text(THREE_LINES.format(language=language), encoding="utf-8")
    (folder / "source.txt").write_text("\n\n".join(paragraphs) + "\n", encoding="utf-8")
    return folder


async def open_shelf(stack: AsyncExitStack, tmp_path: Path, connections: int = 1) -> Library:
    """Open every reading under ``tmp_path / "data"``, with the index in ``tmp_path / "state"``."""
    return await open_library(stack, [tmp_path / "data"], tmp_path / "state", connections)
