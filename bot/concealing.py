"""Conceals secrets in text, in every shape that they take on the way, and members' names."""

import base64
import re
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

HIDDEN = "[secret]"
MEMBER = "[member]"
# Shorter secrets have no shapes: pieces of ordinary words would look like them.
_SHORTEST_SHAPED = 8
_ESCAPED = "'\"\\"
_TOKEN = r"[\w.~+/=-]"  # noqa: S105 - what tokens are made of
_PATTERNS = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # Discord's tokens of bots: the number, the time, the signature.
        (r"[A-Za-z0-9_-]{18,40}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{20,}", HIDDEN),
        # With these anybody could answer in the bot's name, for some minutes.
        (r"((?:interactions|webhooks)/)\d+/[\w.=-]+", rf"\1{HIDDEN}"),
        # Tokens of Synapse (access, refresh, login) and of Matrix Authentication Service.
        (r"\b(?:syt|syr|syl|mat|mar|mct|mcr)_[\w.~+/=-]{6,}", HIDDEN),
        (rf"(?i)\b(bearer|basic)(\s+|%20|\+){_TOKEN}{{12,}}", rf"\1 {HIDDEN}"),
        (rf"(?i)(authorization\W{{1,6}})(?:\w+\s+)?{_TOKEN}{{4,}}", rf"\1{HIDDEN}"),
        (r"(?i)((?:access_token|refresh_token|token|password)['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;}\])]+", rf"\1{HIDDEN}"),
        # Members, as they are called on Matrix and on Discord.
        (r"@[^\s:@<>\"'/]{1,255}:[A-Za-z0-9.\[\]-]+(?::\d+)?", MEMBER),
        (r"(?i)%40[\w.%=+-]{1,255}?%3A[A-Za-z0-9.-]+", MEMBER),
        (r"<@!?\d+>", MEMBER),
        (r"((?:users|members|recipients)/)\d{5,}", rf"\1{MEMBER}"),
    )
)


class Concealed:
    """What is to be concealed."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._shapes: list[str] = []
        self._escaped: list[re.Pattern[str]] = []
        for each in secrets:
            self.add(each)

    def add(self, secret: str) -> None:
        """Conceal one more secret."""
        if secret:
            # The longest first: a shape may contain another.
            self._shapes = sorted({*self._shapes, *_shapes(secret)}, key=lambda shape: (-len(shape), shape))
            if any(char in _ESCAPED or not char.isascii() for char in secret):
                self._escaped.append(re.compile("".join(map(_in_quotation_marks, secret))))

    def without(self, text: str) -> str:
        """Return text without secrets and members' names."""
        for shape in self._shapes:
            text = text.replace(shape, HIDDEN)
        for escaped in self._escaped:
            text = escaped.sub(HIDDEN, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _shapes(secret: str) -> set[str]:
    """Return how a secret looks in addresses, as numbers, and within base64, wherever in it it begins."""
    if len(secret) < _SHORTEST_SHAPED:
        return {secret}
    raw = secret.encode()
    encoded = {quote(secret), quote(secret, safe=""), quote_plus(secret), raw.hex(), raw.hex().upper()}
    encoded |= {re.sub("%..", lambda found: found[0].lower(), each) for each in encoded}
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw).decode()
        # Four letters are three bytes; those that are shared with what stands around are left out.
        kept = whole[-(-before * 4 // 3) : len(whole.rstrip("=")) - ((before + len(raw)) % 3 > 0)]
        encoded |= {kept, kept.replace("+", "-").replace("/", "_")}
    return {secret, *encoded}


def _in_quotation_marks(char: str) -> str:
    """Return a pattern for a character as Python and JSON show it, also where they show what was shown so."""
    if char == "\\":
        return r"\\+"
    if char in _ESCAPED:
        return rf"\\*{char}"
    if char.isascii():
        return re.escape(char)
    units = char.encode("utf-16-be").hex()
    as_utf16 = "".join(rf"\\+u{units[at : at + 4]}" for at in range(0, len(units), 4))
    as_bytes = "".join(rf"\\+x{byte:02x}" for byte in char.encode())
    return rf"(?:{char}|{as_utf16}|\\+[xU]0*{ord(char):x}|{as_bytes})"
