"""Discord's limits, each with its name, and what makes text fit them without cutting anything apart."""

from collections.abc import Callable

from bot import dividing

# A message: plain, in Components V2 (all text together; everything nested counts as a component), and its parts.
CONTENT = 2000
TEXT, COMPONENTS = 4000, 40
BUTTONS_A_ROW, LABEL, CUSTOM_ID = 5, 80, 100
# Commands.
DESCRIPTION, COMMAND, CONTEXT_MENUS = 100, 8000, 5
CHOICES, CHOICE = 25, 100
# Threads and polls.
THREAD_NAME, POST_TAGS = 100, 5
POLL_QUESTION, POLL_ANSWERS, POLL_ANSWER = 300, 10, 55
# How many follow-ups to an answer an app may send where it is not installed.
FOLLOW_UPS_OUTSIDE = 5


def length(text: str) -> int:
    """Return how long Discord's clients count a text: in UTF-16, where most emoji are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(text: str, most: int) -> str:
    """Return the text, or as many whole words of its beginning as fit, with an ellipsis."""
    return dividing.fit(text, most, length)


def split(text: str, most: int, measure: Callable[[str], int] = length) -> list[str]:
    """Divide a text into parts of at most ``most`` by ``measure``: between sentences, else words, else graphemes."""
    return dividing.split(text, most, measure)
