"""Changes settings in a TOML file, and leaves everything else in it as somebody wrote it."""

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from bot.errors import UserError
from bot.operating.backup import sync_folder

Changes = Mapping[str, str | None]
_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]\s*(#.*)?")
_ANY_HEADER = re.compile(r"\s*\[")
BY_HAND = "{file} is written in a way that setup does not change. Write there yourself: {lines}"


def changed(text: str, changes: Changes, file: str) -> str:
    """Return a file's text with other values.

    Args:
        changes: By table and key, as ``discord.token``; None takes one out.
        file: What it is called, for messages.

    Raises:
        UserError: It cannot be done without touching something else.
    """
    lines = text.splitlines()
    for place, value in changes.items():
        table, _, key = place.partition(".")
        lines = _set(lines, table, key, value)
    result = "\n".join(lines).strip("\n") + "\n"
    if _read(result) != _wanted(text, changes):
        shown = ", ".join(f"{place} = …" for place, value in changes.items() if value is not None)
        raise UserError(BY_HAND.format(file=file, lines=shown))
    return result


def _set(lines: list[str], table: str, key: str, value: str | None) -> list[str]:
    """Put a value into its table, in the place of the one that is there."""
    assignment = [] if value is None else [f"{key} = {_quoted(value)}"]
    own = re.compile(rf"\s*{re.escape(key)}\s*=")
    begin = next((n for n, line in enumerate(lines) if (m := _HEADER.fullmatch(line)) and m[1] == table), None)
    if begin is None:
        return [*lines, *([""] if lines else []), f"[{table}]", *assignment] if assignment else lines
    end = next((n for n in range(begin + 1, len(lines)) if _ANY_HEADER.match(lines[n])), len(lines))
    for number in range(begin + 1, end):
        if own.match(lines[number]):
            return [*lines[:number], *assignment, *lines[number + 1 :]]
    return [*lines[: begin + 1], *assignment, *lines[begin + 1 :]]


def _quoted(value: str) -> str:
    # JSON's escapes are among TOML's, but for what is outside of ASCII, which stays as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _wanted(text: str, changes: Changes) -> dict[str, object] | None:
    """Return what is to be read from the file afterwards."""
    wanted = _read(text)
    if wanted is None:
        return {"this": "cannot be read, and is left alone"}
    for place, value in changes.items():
        table, _, key = place.partition(".")
        values = wanted.setdefault(table, {}) if value is not None else wanted.get(table, {})
        if not isinstance(values, dict):
            return {"this": "is no table, and is left alone"}
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value
    return wanted


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: a crash leaves the old or the new.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # its mode is 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
