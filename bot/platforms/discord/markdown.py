"""Makes Discord show text as it is: nothing that was quoted or typed can ping, format or link."""

import re

# Anywhere in a line. Discord takes a backslash before any of these for "just this character".
_SIGNS = {ord(sign): f"\\{sign}" for sign in "\\*_~`|<[]@"}
# Headings, subtext, quotations, bullets and numbers, which Discord sees at the beginning of a line.
_BEGINNING = re.compile(r"^(\s*)([#>+-]|\d+(?=[.)]))", re.MULTILINE)
# Of an address, which would be a link, and of :smile:, which would be a picture.
_COLON = re.compile(r"(?<=\w):(?=//)|:(?=[^\s:]*:)")
# Control characters, and overrides that could make a line read as another than it is.
_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_UNSEEN = dict.fromkeys((*range(32), *range(127, 160), *map(ord, _OVERRIDES)), "�")
_BREAKS = dict.fromkeys(map(ord, "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"), " ")
_ONE_LINE = _UNSEEN | _BREAKS
_CODE = _UNSEEN | {10: "\n", 9: "\t"}


def one_line(text: str) -> str:
    """Return text for a place within a line, not escaped; every character keeps its offset."""
    return text.translate(_ONE_LINE)


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
    shown = text.translate(_CODE).replace("```", "`\u200b`\u200b`")
    return f"```{re.sub(r'[^a-z0-9+-]', '', language)[:20]}\n{shown}\n```"
