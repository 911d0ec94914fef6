"""Brings the reading to what somebody said in a chat: the passage nearest to it, its quotations checked, a prompt."""

import re

from bot.caller import Caller
from bot.errors import UserError
from bot.features.discussion import Discussion
from bot.features.quotes import Quotes
from bot.features.readings import Readings
from bot.features.verification import Verification
from bot.library.library import Library
from bot.library.words import words
from bot.reply import Action, Piece, Prose, Question, Quote, Reply

_QUOTED = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|\"([^\"]+)\"|^> ?(.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?…\n]+")
# Shorter words in quotation marks are names and irony.
_FEWEST_QUOTED, _MOST_QUOTED = 3, 3
_FEWEST_WORDS, _MOST_SENTENCES = 3, 12
_SHOWN = 60


class Messages:
    """What the reading has to say to a message."""

    def __init__(
        self, library: Library, readings: Readings, quotes: Quotes, verification: Verification, discussion: Discussion
    ) -> None:
        self._library = library
        self._readings = readings
        self._quotes = quotes
        self._verification = verification
        self._discussion = discussion

    async def find(self, caller: Caller, text: str) -> Reply:
        """Check what a message quotes, and quote the passage nearest to it.

        Args:
            text: The message.
        """
        _demand_words(text)
        pieces: list[Piece] = []
        actions: list[Action] = []
        for quoted in quotations_in(text)[:_MOST_QUOTED]:
            checked = await self._verification.verify(caller, quoted)
            pieces += [Prose(f"“{_shortened(quoted)}”: {checked.title}."), *checked.pieces]
            actions += checked.actions
        if not any(isinstance(piece, Quote) for piece in pieces):
            nearest = await self._quotes.quote(caller, await self._telling(caller, text))
            pieces += nearest.pieces
            actions = [*nearest.actions, *actions]
        return Reply("In the reading", tuple(pieces), actions=tuple(dict.fromkeys(actions)))

    async def discuss(self, caller: Caller, text: str) -> Reply:
        """Give a prompt on what a message is about; where there is none, one that the group has not had.

        Args:
            text: The message.
        """
        _demand_words(text)
        reply = await self._discussion.discuss(caller, await self._telling(caller, text))
        if not any(isinstance(piece, Question) for piece in reply.pieces):
            reply = await self._discussion.discuss(caller)
        return reply

    async def _telling(self, caller: Caller, text: str) -> str:
        """Return as much of a message as the reading answers: the whole, or the sentence that is answered best."""
        slug = (await self._readings.of(caller)).slug
        if (await self._library.search(slug, text)).passages:
            return text
        best, covered = text, 0.0
        sentences = [each for each in _SENTENCE.findall(text) if len(words(each)) >= _FEWEST_WORDS]
        for sentence in sentences[:_MOST_SENTENCES]:
            found = (await self._library.search(slug, sentence)).passages
            if found and found[0].coverage > covered:
                best, covered = sentence, found[0].coverage
        return best


def quotations_in(text: str) -> list[str]:
    """Return what stands in quotation marks or quoted lines, if it is more than a name."""
    found = (next(group for group in match.groups() if group) for match in _QUOTED.finditer(text))
    return list(dict.fromkeys(each.strip() for each in found if len(words(each)) >= _FEWEST_QUOTED))


def _demand_words(text: str) -> None:
    if not words(text):
        raise UserError("There are no words in this message to look for. Try a message with text.")


def _shortened(quoted: str) -> str:
    shown = " ".join(quoted.split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN].rsplit(' ', 1)[0]} …"
