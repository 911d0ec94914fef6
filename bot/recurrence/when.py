"""From what people type to a rule: words or an RRULE, refused unless all of it is understood."""

from bot.errors import UserError
from bot.recurrence.ical import is_rrule, read_rrule
from bot.recurrence.refusals import CRON, EXAMPLES, is_cron, shown
from bot.recurrence.rule import Day, Frequency, When
from bot.recurrence.words import read_words

__all__ = ["EXAMPLES", "MOST_LETTERS", "Day", "Frequency", "When", "parse"]

MOST_LETTERS = 600
"""No rule needs more; every rule that is accepted is shorter when written by ``str``."""


def parse(text: str) -> When:
    """Return the rule that a text says.

    Raises:
        UserError: Not all of it was understood, or it contradicts itself; the message says how to write it.
    """
    if len(text) > MOST_LETTERS:
        raise UserError(f"That is too long for a schedule: it takes at most {MOST_LETTERS} letters.")
    plain = " ".join(text.split())
    strange = sorted({letter for letter in plain if not " " <= letter <= "~"})
    if strange:
        codes = ", ".join(shown(letter) or f"U+{ord(letter):04X}" for letter in strange[:3])
        raise UserError(f"Unusual characters are not understood here ({codes}). Write it like {EXAMPLES[0]}.")
    if is_rrule(plain):
        return read_rrule(plain)
    if is_cron(plain):
        raise UserError(CRON)
    return read_words(plain)
