"""Says why a text is no rule: what was not understood, what may have been meant, and how to write it."""

import re
from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from bot.errors import UserError
from bot.recurrence.names import MONTHS, WEEKDAYS, listed

EXAMPLES = (
    "thursdays 19:00",
    "every 2 weeks on sunday 18:00",
    "first monday 20:00",
    "last friday 19:30",
    "daily 08:00",
    "weekdays 12:00",
    "2026-12-24 19:00",
)
"""What people are shown."""
WRITE = f"Write it like {', '.join(EXAMPLES[:-1])} or {EXAMPLES[-1]}."
NO_DAY = f"Say when. {WRITE}"
NO_TIME = "Say at what time as well, like 19:00."
ONE_TIME = "There is one time of day in a schedule. Add another schedule for the other time."
NOT_FINER = "Nothing comes more often than daily. Write daily 08:00, and one schedule for each time of day."
CRON = f"Cron lines are not understood. Write it like {EXAMPLES[0]} or {EXAMPLES[4]}."
_SLIP = 0.85
_MOST_SHOWN = 40

# Whether what is left of a text, from the word that was not understood, is something that people often write.
_TIME = re.compile(
    r"[0-9]+:[0-9:]*\S*|[0-9]{1,2}\.[0-9]{2}\b|[0-9]{1,2} ?(?:[ap]\.? ?m\b|h[0-9]{0,2}\b|hrs?\b|uhr\b|o'clock)"
)
_TIME_WORD = re.compile(r"noon|midday|midnight|[0-9]{1,4}$")
_CLOCK = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?= |$)")
_MONTH = rf"(?:{'|'.join(name[:3] for name in MONTHS)})[a-z]*\b"
_DAY = r"[0-9]{1,2}(?:st|nd|rd|th)?\b"
_DAY_OF_YEAR = re.compile(rf"(?:{_DAY} (?:of )?{_MONTH}|{_MONTH} {_DAY})(?= [0-9]{{1,2}}:|$)")
_DATE_AND_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})t([0-9]{2}:[0-9]{2})")
_DATE = re.compile(rf"[0-9]+[./-][0-9]+[./-][0-9]*|[0-9]+-[0-9]+|{_DAY} (?:of )?{_MONTH}|{_MONTH} {_DAY}")
_FINER = re.compile(r"(?:[0-9]+ )?(?:hour|minute|second|min|sec|hr)(?:s|ly)?\b|twice (?:a|per) day|(?:once )?an hour")
_RELATIVE = re.compile(r"(?:today|tonight|tomorrow|now|next|this|in)\b")
_ZONE = re.compile(r"(?:utc|gmt|z|[cew]es?t|[ecmp][sd]t|bst|msk|[a-z]+/[a-z_/]+)(?:\b|[+-])")
_VAGUE = {
    "biweekly": "every 2 weeks on sunday 18:00",
    "fortnightly": "every 2 weeks on sunday 18:00",
    "bimonthly": "every 2 months on the first monday 20:00",
    "quarterly": "every 3 months on the first monday 20:00",
    "weekly": "weekly on thursday 19:00",
    "weekend": "weekends 10:00",
    "weekday": "weekdays 12:00",
}
_VOCABULARY = (
    *(f"{name}s" for name in WEEKDAYS), *MONTHS, "weekdays", "weekends", "daily", "weekly", "monthly", "yearly",
    "every", "until", "times", "first", "second", "third", "fourth", "fifth", "last", "weeks", "months",
)  # fmt: skip


def shown(text: str) -> str:
    """Return what was typed, short, and without what could disturb the sentence around it."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _MOST_SHOWN])
    words = " ".join(plain.split())
    return words if len(words) <= _MOST_SHOWN else f"{words[: _MOST_SHOWN - 1]}…"


def not_a_time(word: str) -> UserError:
    """Return the refusal of what was meant as a time of day."""
    return UserError(f"“{shown(word)}” is not a time of day here. Write hours and minutes, 00:00 to 23:59, like 19:00.")


def not_a_date(word: str) -> UserError:
    """Return the refusal of what was meant as a date."""
    return UserError(f"“{shown(word)}” is not a date here. Write year, month and day, like 2026-12-24.")


def once_or_weekly(weekdays: Sequence[int]) -> UserError:
    """Return the refusal of "thursday 19:00"."""
    days = listed([f"{WEEKDAYS[weekday]}s" for weekday in weekdays])
    return UserError(
        f"Once, or every week? Write {days} 19:00 for every week, or a date such as 2026-12-24 19:00 for once."
    )


def nth_or_every_nth(ordinal: str, number: int, weekday: int) -> UserError:
    """Return the refusal of "every second sunday"."""
    name = WEEKDAYS[weekday]
    return UserError(
        f"“every {ordinal} {name}” can be read in two ways. Write every {number} weeks on {name} 18:00, "
        f"or {ordinal} {name} of the month 18:00."
    )


def is_cron(text: str) -> bool:
    """Whether a text looks like a line of a crontab."""
    return "*" in text or (text.split() != [] and all(re.fullmatch(r"[0-9,/-]+", word) for word in text.split()[:5]))


def not_understood(words: Sequence[str]) -> UserError:
    """Return the refusal of a text, of which these words are left."""
    rest = list(words)
    while rest and rest[0] in (",", "and", "at", "on", "the", "for", "every", "each"):
        rest.pop(0)
    if not rest:
        return UserError(f"Something is missing at the end. {WRITE}")
    return _own_sentence(" ".join(rest), rest[0]) or _generic(rest[0])


def _own_sentence(text: str, word: str) -> UserError | None:
    if _CLOCK.match(text):
        return UserError(ONE_TIME)
    if match := _DAY_OF_YEAR.match(text):
        return UserError(f"Once, or every year? Write yearly on {match[0]} 10:00, or a date such as 2026-12-24 19:00.")
    if match := _DATE_AND_TIME.match(text):
        return UserError(f"Write {match[1]} {match[2]}, with a space between date and time.")
    if match := _DATE.match(text):
        return not_a_date(match[0])
    if match := _TIME.match(text) or _TIME_WORD.match(text):
        return not_a_time(match[0])
    if _FINER.match(text):
        return UserError(NOT_FINER)
    if _RELATIVE.match(text):
        return UserError(f"“{shown(word)}” depends on today. Write the date, like 2026-12-24 19:00.")
    if _ZONE.match(text):
        return UserError(f"Leave out “{shown(word)}”: times are those of the group's own time zone.")
    if word in _VAGUE:
        return UserError(f"“{word}” does not say enough. Write it like {_VAGUE[word]}.")
    return None


def _generic(word: str) -> UserError:
    near = process.extractOne(word[:_MOST_SHOWN], _VOCABULARY, scorer=JaroWinkler.similarity, score_cutoff=_SLIP)
    meant = f" Did you mean {near[0]}?" if near and near[0] != word else ""
    return UserError(f"“{shown(word)}” was not understood.{meant} {WRITE}")
