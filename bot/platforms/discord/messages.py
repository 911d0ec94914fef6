"""What a message on Discord says, wherever in it the words are."""

import re
from collections.abc import Iterable, Iterator

import discord

_ESCAPED = re.compile(r"\\([^0-9A-Za-z\s])")
# A message's words are searched for; more of them than it can have as text say no more.
_MOST = 4000


def said(message: discord.Message) -> str:
    """Return the words of a message: its text, or else what it forwards, its Components V2 or its embeds."""
    parts = (
        [message.content],
        [snapshot.content for snapshot in message.message_snapshots],
        [_ESCAPED.sub(r"\1", text) for text in _texts(message.components)],
        [text for embed in message.embeds for text in (embed.title, embed.description) if text],
    )
    found = ("\n".join(part).strip() for part in parts)
    return next((text[:_MOST] for text in found if text), "")


def _texts(components: Iterable[object]) -> Iterator[str]:
    """Give the texts of Components V2, those within others too."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        yield from _texts(getattr(component, "children", ()))
