"""Makes text safe to be shown: nothing in it steers a terminal, turns a line's direction or cannot be sent."""

# Directional overrides could make a line read as another than it is.
_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Control characters, and halves of surrogate pairs, which no encoding takes.
_UNFIT = dict.fromkeys((*range(32), *range(127, 160), *range(0xD800, 0xE000), *map(ord, _OVERRIDES)), "�")
_BREAKS = dict.fromkeys(map(ord, "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"), " ")
_ONE_LINE = _UNFIT | _BREAKS
_LINES = _ONE_LINE | {ord("\n"): "\n", ord("\t"): "\t"}


def one_line(text: str) -> str:
    """Return text for a place within a line; every character keeps its offset, and what cannot be shown becomes �."""
    return text.translate(_ONE_LINE)


def lines(text: str) -> str:
    """Return text whose lines and tabs are its own, such as code; otherwise as :func:`one_line`."""
    return text.translate(_LINES)
