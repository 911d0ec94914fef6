"""Matrix's limits, and how much of them a text takes."""

import json
from html import escape

# Bytes of a whole event, as servers store and sign it.
EVENT = 65_536
# What servers add (addresses of up to 255 bytes, signatures, the events before it), and what we say beside the text:
# to whom it replies, whom it mentions, its key.
_AROUND, _BESIDE = 8_192, 2_048
# Bytes of body and formatted body together. Encrypted, they are written in base64, which takes four bytes for three.
TEXT = (EVENT - _AROUND) * 3 // 4 - _BESIDE
# Characters of one part of an answer: more would flood a phone.
PART = 12_000
# By MSC3381, and by the form in which people make polls in Element.
POLL_ANSWERS, POLL_TEXT = 20, 340


def size(*texts: str) -> int:
    """Return how many bytes texts take in an event: matrix-nio encrypts JSON in ASCII, where an emoji takes twelve."""
    return sum(len(json.dumps(text)) - 2 for text in texts)


def size_shown(text: str) -> int:
    """Return how many bytes a text takes that is shown in body and formatted body, but for tags."""
    return size(text, escape(text))
