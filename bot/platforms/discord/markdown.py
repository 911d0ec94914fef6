"""Makes Discord show text as it is: nothing that was quoted or typed can ping, format or link."""

import re

from bot.characters import lines, one_line

# Anywhere in a line. Discord takes a backslash before any of these for "just this character".
_SIGNS = {ord(sign): f"\\{sign}" for sign in "\\*_~`|<[]@"}
# Headings, subtext, quotations, bullets and numbers, which Discord sees at the beginning of a line.
_BEGINNING = re.compile(r"^(\s*)([#>+-]|\d+(?=[.)]))", re.MULTILINE)
# Of an address, which would be a link, and of :smile:, which would be a picture.
_COLON = re.compile(r"(?<=\w):(?=//)|:(?=[^\s:]*:)")


def plain(text: str) -> str:
    """Return text that Discord shows as it is, on one line."""
    escaped = _COLON.sub(r"\\:", one_line(text).translate(_SIGNS))
    return _BEGINNING.sub(_escape_beginning, escaped)


def _escape_beginning(match: re.Match[str]) -> str:
    spaces, sign = match.groups()
    return f"{spaces}{sign}\\" if sign.isdigit() else f"{spaces}\\{sign}"


def bold(text: str) -> str:
    """Return text that is shown bold, and nothing else."""
    shown = plain(text).strip()
    return f"**{shown}**" if shown else ""


def code_block(text: str, language: str = "") -> str:
    """Return text to be copied as it stands; three backticks in a row would end it, and are set apart."""
    shown = lines(text).replace("```", "`\u200b`\u200b`")
    return f"```{re.sub(r'[^a-z0-9+-]', '', language)[:20]}\n{shown}\n```"
