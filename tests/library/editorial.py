"""Reads all that was authored for a reading, and says everything that is wrong with it, with file and line."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from bot.library.source import DataError, Source, entry_lines, read_source
from bot.library.study import PROMPT_KINDS, PROMPT_PLACES, check_study, read_study

MOST_SUMMARY_WORDS = 200
FEWEST_ENTRIES, FEWEST_PROMPTS = 60, 48
MOST_QUESTION_WORDS, MOST_POSITION = 40, 55
FEWEST_OF_A_KIND, FEWEST_AT_A_PLACE, FEWEST_OF_A_SECTION = 3, 5, 3
MOST_OF_A_THEME = 0.3
TOO_ALIKE = 85
MINUTES = range(5, 46)

_QUOTATION = re.compile(r"“([^”]*)”")
_NAME = re.compile(r"(?<![^\W_])[A-ZÀ-Þ][^\W\d_]*(?:[’'-][^\W\d_]+)*")
_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[“‘(]\s*)$")
_VERBS_FIRST = frozenset(
    "am is are was were be been do does did has have had can could may might must shall should will would "
    "isn't aren't wasn't weren't don't doesn't didn't hasn't haven't hadn't can't couldn't mustn't shouldn't won't "
    "wouldn't".split()
)
# Words with which a sentence of the study material begins are capital without being names.
_LIST = re.compile(r"^(?!#)(\S.*\S|\S)\s*$", re.MULTILINE)


def reviewed_names(path: Path) -> frozenset[str]:
    """Read the list of capital words and years that need not stand in a reading."""
    return frozenset(_LIST.findall(path.read_text("utf-8")))


class Walk:
    """Walks the files of one reading."""

    def __init__(self, folder: Path, reviewed: frozenset[str]) -> None:
        self.folder = folder
        self.reviewed = reviewed
        self.problems: list[str] = []

    def say(self, file: str, line: int, what: str) -> None:
        """Note a problem."""
        self.problems.append(f"{self.folder.name}/{file}:{line}: {what}")

    def everything(self) -> list[str]:
        """Return every problem of every file; those that keep the rest from being read come alone."""
        source = self._caught(lambda: read_source(self.folder))
        raw = self._caught(lambda: read_study(self.folder))
        if source is None or raw is None:
            return self.problems
        self.problems += check_study(self.folder, raw, source.reading, source.paragraphs)
        if self.problems:
            return self.problems
        self._unknown_files()
        self._voices(source)
        self._summaries(raw["summaries"], source)
        self._prompts(raw["prompts"])
        self._spread(raw["prompts"], source)
        self._glossary(raw["glossary"])
        self._timeline(raw["timeline"], source)
        self._names(raw, source)
        return self.problems

    def _caught[T](self, read: "Callable[[], T]") -> "T | None":
        raise NotImplementedError
