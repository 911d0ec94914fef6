"""Reads what the operator says: the environment, one TOML file, and files with one secret each; all within bounds."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

PREFIX = "KRUZHOK_"
# More than anybody has to say; tomllib's time grows with the square of a key's parts, which stand on one line.
LARGEST_FILE, LONGEST_LINE, LARGEST_SECRET = 16_384, 1_024, 16_384
_MOST_SLIPS = 3
_EVERYBODY, _GROUP = stat.S_IRWXO, stat.S_IRWXG

Kind = Literal["text", "list", "switch", "secret"]


@dataclass(frozen=True, slots=True)
class Known:
    """Something that the operator can decide.

    Attributes:
        variable: Its name in the environment.
        place: Its table and key in the file, as ``discord.token``; empty where it can stand in the environment alone.
        about: What it is, for people.
        default: What holds where nothing is said, for people.
        kind: A secret can stand in a file of its own, which ``variable`` + ``_FILE`` or ``place`` + ``_file`` names.
    """

    variable: str
    place: str
    about: str
    default: str = ""
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Word:
    """What the operator said of one thing.

    Attributes:
        parts: One text, or those of a list.
        where: Where it was said, for people.
        folder: Where relative paths in it start.
    """

    parts: tuple[str, ...] = field(repr=False)
    where: str
    folder: Path

    @property
    def text(self) -> str:
        """The one text."""
        return " ".join(self.parts)

    def path(self, part: str) -> Path:
        """Return a path that it names."""
        return (self.folder / Path(part).expanduser()).absolute()


class CannotRead(Exception):
    """A file cannot be read; the message says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that the operator said, by variable, and what is wrong with it; the first source counts."""

    words: dict[str, Word]
    problems: list[str]


def gather(environment: Mapping[str, str], known: Sequence[Known], others: Sequence[str], file: Path | None) -> Said:
    """Read the environment and then the file, and each secret from its own file if it stands there.

    Args:
        others: Variables that are not the operator's, and may be there.
        file: The settings file, if there is one.
    """
    here = Path.cwd()
    words: dict[str, Word] = {}
    spoken = {name: text.strip() for name, text in environment.items() if name.startswith(PREFIX) and text.strip()}
    by_variable = _with_files(known, by_place=False)
    unknown = spoken.keys() - by_variable.keys() - set(others)
    problems = [f"{shown(name)} is not a setting.{_meant(name, by_variable)}" for name in sorted(unknown)]
    sources = [(by_variable, {name: Word((text,), name, here) for name, text in spoken.items()})]
    if file is not None:
        by_place = _with_files(known, by_place=True)
        sources.append((by_place, _read_file(file, by_place, problems)))
    for names, found in sources:
        told: dict[str, str] = {}
        for name in (each for each in names if each in found):
            one, is_file = names[name]
            if one.variable in told:
                problems.append(f"{told[one.variable]} and {found[name].where} are both there. Keep one of them.")
            told[one.variable] = found[name].where
            if one.variable not in words:
                words[one.variable] = _out_of_file(found[name], problems) if is_file else found[name]
    return Said(words, problems)


def _with_files(known: Sequence[Known], by_place: bool) -> dict[str, tuple[Known, bool]]:
    """Return every name that there is in a source, and whether it names a file with a secret."""
    names = {}
    for one in known:
        name = one.place if by_place else one.variable
        if name:
            names[name] = (one, False)
            if one.kind == "secret":
                names[f"{name}_file" if by_place else f"{name}_FILE"] = (one, True)
    return names


def _read_file(file: Path, names: Mapping[str, tuple[Known, bool]], problems: list[str]) -> dict[str, Word]:
    """Read the settings file; what is wrong with it is added to the problems."""
    import tomllib  # here: most who start Kruzhok have no such file

    named = shown(str(file), 200)
    try:
        raw, status = read_bounded(file, LARGEST_FILE)
        if any(len(line) > LONGEST_LINE for line in raw.splitlines()):
            raise CannotRead(f"it has a line of more than {LONGEST_LINE} characters")
        read = tomllib.loads(raw.decode("utf-8"))
    except CannotRead as error:
        problems.append(f"{named} cannot be read: {error}.")
        return {}
    except UnicodeDecodeError:
        problems.append(f"{named} cannot be read: it is not text in UTF-8.")
        return {}
    except RecursionError:
        problems.append(f"{named} cannot be read: it is nested too deeply.")
        return {}
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{named} is not TOML: {shown(str(error), 120)}.")
        return {}
    found = {}
    for place, value in _flat(read).items():
        if place not in names:
            problems.append(f"{shown(place)} in {named} is not a setting.{_meant(place, names)}")
            continue
        one, is_file = names[place]
        parts = _parts(value, "text" if is_file else one.kind)
        if parts is None:
            problems.append(f"{place} in {named} must be {_WRITTEN['text' if is_file else one.kind]}.")
        elif any(parts):
            found[place] = Word(parts, f"{place} in {named}", file.parent)
    holds_secret = any(names[place][0].kind == "secret" and not names[place][1] for place in found)
    if holds_secret and _others_can_read(status):
        problems.append(
            f"{named} holds a secret, and others than its owner can read it. Put it right: chmod 600 {named}"
        )
    return found


_WRITTEN: dict[Kind, str] = {
    "text": "text in quotation marks",
    "secret": "text in quotation marks",
    "list": 'a list of texts, like ["one", "two"]',
    "switch": "true or false",
}


def _flat(read: Mapping[str, object]) -> dict[str, object]:
    """Return what stands in tables by table and key."""
    flat: dict[str, object] = {}
    for name, value in read.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            flat[name] = value
    return flat


def _parts(value: object, kind: Kind) -> tuple[str, ...] | None:
    if kind == "switch":
        return (str(value).lower(),) if isinstance(value, bool) else None
    if kind == "list" and isinstance(value, list):
        return tuple(value) if all(isinstance(each, str) for each in value) else None
    return (value.strip(),) if isinstance(value, str) and kind != "list" else None


def _out_of_file(word: Word, problems: list[str]) -> Word:
    """Return the secret that stands in the file that a word names; empty, with a problem, if there is none."""
    path = word.path(word.text)
    named = f"{word.where} names {shown(str(path), 200)}"
    secret = ""
    try:
        raw, _ = read_bounded(path, LARGEST_SECRET)
        secret = raw.decode("utf-8").strip()
        if not secret:
            problems.append(f"{named}, which is empty. Write the secret there.")
    except CannotRead as error:
        problems.append(f"{named}, which cannot be read: {error}.")
    except UnicodeDecodeError:
        problems.append(f"{named}, which cannot be read: it is not text in UTF-8.")
    return Word((secret,), word.where, word.folder)


def read_bounded(path: Path, most: int) -> tuple[bytes, os.stat_result]:
    """Read a file of at most so many bytes, whatever stands at its path; nothing is waited for.

    Raises:
        CannotRead: It cannot be read, or is no file, or a longer one.
    """
    try:
        # O_NONBLOCK: opening a pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise CannotRead("it is no file")
            with open(descriptor, "rb", closefd=False) as opened:
                raw = opened.read(most + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise CannotRead(getattr(error, "strerror", "") or "this cannot be the name of a file") from None
    if len(raw) > most:
        raise CannotRead(f"it has more than {most // 1024} kB")
    return raw, status


def _others_can_read(status: os.stat_result) -> bool:
    """Whether people can read a file who should not; where it is root's, the group is what lets us read it."""
    if os.name == "nt":
        return False  # what may be done there is not said by modes
    unwanted = _EVERYBODY | _GROUP if status.st_uid == os.geteuid() else _EVERYBODY
    return bool(status.st_mode & unwanted)


def _meant(name: str, names: Mapping[str, object]) -> str:
    near = process.extractOne(name[:80], list(names), scorer=OSA.distance, score_cutoff=_MOST_SLIPS)
    return f" Did you mean {near[0]}?" if near else ""


def shown(text: str, most: int = 60) -> str:
    """Shorten what somebody wrote so that it can stand in a sentence."""
    printable = "".join(char if char.isprintable() else "�" for char in text)
    return printable if len(printable) <= most else f"{printable[:most]}…"
