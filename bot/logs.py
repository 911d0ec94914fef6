"""Writes the log: one line an event, as text or JSON, without secrets, members' names and what they said."""

import json
import logging
import re
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.answers import spoken_before
from bot.concealing import Concealed
from bot.settings import LogSettings

_ROOT = str(Path(__file__).resolve().parent.parent) + "/"
_MOST_FRAMES, _LONGEST_CHAIN = 12, 5
_LONGEST_LINE = 8_000
# Where an error comes of what somebody said, it may say it again, whole or in pieces, folded or as stems.
_MAY_QUOTE = "[left out: it may quote a member]"
_LETTERS_OF_A_WORD = 4
# These tell values in quotation marks, whosever they are.
_TELLS_VALUES = (LookupError, ValueError, AssertionError)
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
# Below WARNING discord.py logs whole events, nio quotes them at any level, and aiohttp tells who asked.
_LEVELS = {"discord": logging.WARNING, "nio": logging.CRITICAL, "aiohttp.access": logging.ERROR}


class OneLine(logging.Formatter):
    """Writes a record as one line: its error folded in, nothing in it that must not be seen."""

    def __init__(self, secrets: Sequence[str] = (), as_json: bool = False) -> None:
        super().__init__()
        self._concealed = Concealed(secrets)
        self._as_json = as_json

    def keep_out(self, secret: str) -> None:
        """Conceal one more secret."""
        self._concealed.add(secret)

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        error = record.exc_info[1] if record.exc_info else None
        parts = {"message": _message(record), "error": " from ".join(_told(error)) if error else ""}
        parts = {name: self._concealed.without(part)[:_LONGEST_LINE] for name, part in parts.items()}
        time = datetime.fromtimestamp(record.created, UTC)
        if self._as_json:
            head = {"time": time.isoformat(timespec="milliseconds"), "level": record.levelname, "logger": record.name}
            return json.dumps(head | {name: part for name, part in parts.items() if part})
        line = f"{time:%Y-%m-%d %H:%M:%S}Z {record.levelname} {record.name}: {parts['message']}"
        return _printable(f"{line} | {parts['error']}" if parts["error"] else line)


def begin(settings: LogSettings, secrets: Sequence[str]) -> None:
    """Log to standard error from now on."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine(secrets, settings.form == "json"))
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    for name in ("bot", "cogs"):
        logging.getLogger(name).setLevel(level)
    for name, lowest in _LEVELS.items():
        logging.getLogger(name).setLevel(lowest)
    logging.captureWarnings(True)
    # Python would write what it could not log to standard error, arguments and all.
    logging.raiseExceptions = False


def keep_out(secret: str) -> None:
    """Keep one more secret out of the log: one that came to be known later, such as a new access token."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, OneLine):
            handler.formatter.keep_out(secret)


def _message(record: logging.LogRecord) -> str:
    try:
        arguments = record.args
        if isinstance(arguments, tuple):
            arguments = tuple(_named(each) if isinstance(each, BaseException) else each for each in arguments)
        message = record.msg % arguments if arguments else str(record.msg)
    except Exception:  # a mistake in a call of log must neither end anything nor show its arguments elsewhere
        return str(record.msg)
    # After its first line asyncio shows the error again, with everything that it says.
    return message.partition("\n")[0] if record.name == "asyncio" else message


def _told(error: BaseException) -> Iterator[str]:
    """Tell an error, and what it came of, each in a few words with the places in the code, innermost first."""
    spoken = _pieces(spoken_before(error))
    at: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if at is None:
            return
        said = _said(at, spoken)
        yield f"{type(at).__name__}{f': {said}' if said else ''} ({' < '.join(_places(at)) or 'nowhere'})"
        if isinstance(at, BaseExceptionGroup):
            for each in at.exceptions[:_LONGEST_CHAIN]:
                yield from _told(each)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _named(error: BaseException) -> str:
    return _said(error, _pieces(spoken_before(error))) or type(error).__name__


def _said(error: BaseException, spoken: set[str]) -> str:
    try:
        said = str(error)
    except Exception:  # an error that cannot even be told
        return ""
    if spoken & _pieces(said):
        return _MAY_QUOTE
    return _QUOTED.sub("[…]", said) if isinstance(error, _TELLS_VALUES) else said


def _pieces(text: str) -> set[str]:
    """Return the beginnings of a text's words, by which it is seen that another one quotes it."""
    return {word[:_LETTERS_OF_A_WORD] for word in re.findall(r"\w{2,}", text.casefold())}


def _places(error: BaseException) -> Iterator[str]:
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    for frame in reversed(frames):
        path = frame.filename
        shown = path.removeprefix(_ROOT) if path.startswith(_ROOT) else "/".join(Path(path).parts[-2:])
        yield f"{shown}:{frame.lineno} {frame.name}"


def _printable(text: str) -> str:
    """Return text on one line, in which nothing moves the cursor or turns the direction of writing."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
