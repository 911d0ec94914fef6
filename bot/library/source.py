"""Reads a reading's folder: ``reading.toml`` and ``source.txt`` become sections, paragraphs and sentences."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.errors import UserError
from bot.library.sentences import sentence_spans
from bot.reading import Erratum, Paragraph, Place, Quoted, Reading, Section, Speaker

_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")
_SPEECH = re.compile(r"“([^“”]+)”|«([^«»]+)»|\"([^\"]+)\"")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z")
_TOML_LINE = re.compile(r"at line (\d+)")
_ABOUT: dict[str, type] = {
    "title": str, "author": str, "language": str, "subtitle": str, "year": int, "year_is_inferred": bool,
    "source": str, "rights": str, "about_author": str, "text": dict,
}  # fmt: skip
_LAYOUT: dict[str, type] = {"title_matter": int, "closing": int, "headings": list}
_NEEDED = ("title", "author", "language")
_CALLED = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}
MOST_SENTENCES = 4000
"""So many sentences a paragraph may have; a text with more of them lacks its blank lines."""
FIRST_HEADING = "Introduction"
# Quotation marks around so few words are more often irony or a title than speech.
_SHORT_QUOTATION = 3


class DataError(Exception):
    """Authored files are wrong; ``problems`` has every one, as ``file:line: sentence``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Source:
    """A reading as its folder gives it, before study material."""

    reading: Reading
    paragraphs: tuple[Paragraph, ...]


def read_toml(path: Path) -> dict[str, Any]:
    """Read an authored file; one that is not there is empty.

    Raises:
        DataError: It is not TOML, with the line.
    """
    content = b""
    try:
        content = path.read_bytes()
        return tomllib.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        line, what = content[: error.start].count(b"\n") + 1, "this is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line, what = int(found[1]) if found else content.count(b"\n") + 1, str(error)
    except (OSError, RecursionError) as error:
        line, what = 1, f"it cannot be read ({error.__class__.__name__})"
    raise DataError([f"{path.parent.name}/{path.name}:{line}: {what}"])


def entry_lines(path: Path, key: str, count: int) -> list[int]:
    """Return the lines on which ``count`` entries ``[[key]]`` begin; 1 for those that are written otherwise."""
    lines = path.read_text("utf-8-sig").splitlines() if path.exists() else []
    starts = [n for n, line in enumerate(lines, 1) if line.replace(" ", "").startswith(f"[[{key}]]")]
    return (starts + [1] * count)[:count]


def read_source(folder: Path) -> Source:
    """Read ``reading.toml``, ``source.txt``, ``voices.toml`` and ``errata.toml`` of one reading.

    Raises:
        DataError: With all that is wrong in them.
    """
    problems: list[str] = []
    raw: dict[str, dict[str, Any]] = {}
    for name in ("reading", "voices", "errata"):
        try:
            raw[name] = read_toml(folder / f"{name}.toml")
        except DataError as error:
            problems += error.problems
    if not _SLUG.match(folder.name):
        problems.append(f"{folder.name}: a reading's folder is named in small letters, digits and hyphens")
    about = raw.get("reading", {})
    if "reading" in raw:
        problems += _check_about(folder, about)
    text = ""
    try:
        text = (folder / "source.txt").read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(f"{folder.name}/source.txt:1: the text must be there, in UTF-8")
    if problems:
        raise DataError(problems)
    sections, plain = _divide(folder, _blocks(text), about.get("text", {}))
    paragraphs = _annotate(folder, plain, raw)
    reading = Reading(
        slug=folder.name,
        title=about["title"],
        author=about["author"],
        language=about["language"],
        subtitle=about.get("subtitle", ""),
        year=about.get("year"),
        year_is_inferred=about.get("year_is_inferred", False),
        source=about.get("source", ""),
        rights=about.get("rights", ""),
        about_author=about.get("about_author", ""),
        sections=sections,
        sentences=sum(len(p.spans) for p in paragraphs),
    )
    return Source(reading, paragraphs)


def _check_about(folder: Path, about: Mapping[str, Any]) -> Iterator[str]:
    """Say what ``reading.toml`` lacks or has in the wrong form."""
    lines = (folder / "reading.toml").read_text("utf-8-sig").splitlines() if about else []
    layout = about.get("text")
    for table, kinds in ((about, _ABOUT), (layout if isinstance(layout, dict) else {}, _LAYOUT)):
        for key, kind in kinds.items():
            value = table.get(key)
            fits = type(value) is kind  # so that true is not a number
            if isinstance(value, int):
                fits = fits and value >= 0
            elif isinstance(value, list):
                fits = fits and all(isinstance(each, str) for each in value)
            line = next((n for n, text in enumerate(lines, 1) if re.match(rf"\s*(\[\s*)?{key}\b", text)), 1)
            if value is not None and not fits:
                yield f"{folder.name}/reading.toml:{line}: “{key}” must be {_CALLED[kind]}"
            elif key in _NEEDED and table is about and not (value and value.strip()):
                yield f"{folder.name}/reading.toml:{line}: “{key}” is missing"


def _blocks(text: str) -> list[str]:
    """Split at blank lines; a line break within a block becomes a space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "�")
    blocks = (" ".join(line.strip() for line in block.splitlines()).strip() for block in _BLANK_LINES.split(text))
    return [block for block in blocks if block]


def _divide(folder: Path, blocks: list[str], layout: Mapping[str, Any]) -> tuple[tuple[Section, ...], list[Paragraph]]:
    """Tell title matter, headings, paragraphs and closing lines apart, as ``[text]`` in ``reading.toml`` says."""
    before, after = layout.get("title_matter", 0), layout.get("closing", 0)
    body = blocks[before : max(before, len(blocks) - after)]
    headings: list[str] = list(layout.get("headings", []))
    missing = [heading for heading in headings if heading not in body]
    if missing or not any(block not in headings for block in body):
        problems = [_about_heading(folder, each, "no line of source.txt is the heading") for each in missing]
        raise DataError(problems or [f"{folder.name}/source.txt:1: there is no paragraph in it"])
    sections: list[Section] = []
    paragraphs: list[Paragraph] = []
    heading, first, count = FIRST_HEADING, 1, 0

    def close() -> None:
        if len(paragraphs) >= first:
            sections.append(Section(len(sections) + 1, heading, first, len(paragraphs), count))

    for block in body:
        if headings and block == headings[0]:
            close()
            heading, first, count = headings.pop(0), len(paragraphs) + 1, 0
        else:
            spans = tuple(sentence_spans(block))
            paragraphs.append(Paragraph(len(paragraphs) + 1, len(sections) + 1, block, spans))
            count += len(block.split())
    close()
    if headings:
        raise DataError([_about_heading(folder, each, "not in the order of the text is") for each in headings])
    crowded = next((p.number for p in paragraphs if len(p.spans) > MOST_SENTENCES), None)
    if crowded:
        wanted = f"more than {MOST_SENTENCES} sentences: put a blank line between paragraphs"
        raise DataError([f"{folder.name}/source.txt:1: ¶ {crowded} has {wanted}"])
    return tuple(sections), paragraphs


def _about_heading(folder: Path, heading: str, what: str) -> str:
    lines = (folder / "reading.toml").read_text("utf-8-sig").splitlines()
    line = next((n for n, text in enumerate(lines, 1) if heading in text), 1)
    return f"{folder.name}/reading.toml:{line}: {what} “{heading}”"


def _annotate(folder: Path, plain: list[Paragraph], raw: Mapping[str, Mapping[str, Any]]) -> tuple[Paragraph, ...]:
    """Add the voices and the misprints."""
    problems: list[str] = []
    quoted: dict[int, list[Quoted]] = {}
    errata: dict[int, list[Erratum]] = {}
    voices = raw["voices"].get("voice")
    for entry, line in _entries(folder, "voices", "voice", raw, ("at", "words"), problems):
        speaker = Speaker(entry["speaker"], entry.get("source", "")) if entry.get("speaker") else None
        for number, start, end in _located(line, plain, entry["at"], entry["words"], problems):
            taken = {(each.start, each.end) for each in quoted.get(number, ())}
            if (start, end) not in taken:
                quoted.setdefault(number, []).append(Quoted(start, end, speaker))
                break
    for entry, line in _entries(folder, "errata", "erratum", raw, ("at", "printed", "corrected"), problems):
        for number, start, end in _located(line, plain, entry["at"], entry["printed"], problems):
            errata.setdefault(number, []).append(Erratum(start, end, entry["corrected"]))
            break
    if problems:
        raise DataError(problems)
    return tuple(
        Paragraph(
            p.number,
            p.section,
            p.text,
            p.spans,
            tuple(quoted.get(p.number, ())) if voices is not None else _guess_voices(p.text),
            tuple(errata.get(p.number, ())),
        )
        for p in plain
    )


def _guess_voices(text: str) -> tuple[Quoted, ...]:
    """Without ``voices.toml``, more than a few words in quotation marks are somebody's whom nobody has named yet."""
    return tuple(
        Quoted(match.start(), match.end(), Speaker("somebody whom the library does not name"))
        for match in _SPEECH.finditer(text)
        if len(match.group().split()) > _SHORT_QUOTATION
    )


def _entries(
    folder: Path, file: str, key: str, raw: Mapping[str, Any], needed: tuple[str, ...], problems: list[str]
) -> Iterator[tuple[Mapping[str, str], str]]:
    """Yield each entry of a file that has what it needs, with its ``file:line``; note a problem for the others."""
    listed = raw[file].get(key, ())
    if not isinstance(listed, (list, tuple)):
        problems.append(f"{folder.name}/{file}.toml:1: write each entry under [[{key}]]")
        return
    for entry, begins in zip(listed, entry_lines(folder / f"{file}.toml", key, len(listed)), strict=True):
        line = f"{folder.name}/{file}.toml:{begins}"
        used = (*needed, *(name for name in ("speaker", "source") if isinstance(entry, dict) and name in entry))
        if isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in used):
            yield entry, line
        else:
            problems.append(f"{line}: an entry needs {', '.join(needed)}, each a text")


def _located(
    where: str, paragraphs: list[Paragraph], anchor: str, words: str, problems: list[str]
) -> list[tuple[int, int, int]]:
    """Find every occurrence of ``words`` at ``anchor``, as (paragraph, start, end); note a problem if there is none."""
    try:
        place = Place.parse(anchor)
    except UserError as error:
        problems.append(f"{where}: {error}")
        return []
    last = len(paragraphs[place.paragraph - 1].spans) if 1 <= place.paragraph <= len(paragraphs) else 0
    if not 1 <= place.first <= place.last <= last:
        problems.append(f"{where}: there is no ¶ {place}")
        return []
    paragraph = paragraphs[place.paragraph - 1]
    start, end = paragraph.spans[place.first - 1][0], paragraph.spans[place.last - 1][1]
    found = []
    at = paragraph.text.find(words, start, end)
    while words and at >= 0:
        found.append((paragraph.number, at, at + len(words)))
        at = paragraph.text.find(words, at + 1, end)
    if not found:
        problems.append(f"{where}: “{words}” does not stand at ¶ {place}")
    return found
