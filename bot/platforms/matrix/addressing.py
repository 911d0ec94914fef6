"""Tells what members say to the bot from what they say to one another, and to other bots."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

DEFAULT_PREFIX = "!"
NAME = "kruzhok"
# What clients deliver when //quote is typed, as they keep /quote to themselves.
SLASH = "/"
HELP = "help"
_LONGEST_ID = 255
_PART = re.compile(r"part\s+(\d{1,4})\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_FALLBACK = re.compile(r"(?:>[^\n]*\n)+\n?")
_AFTER_NAME = re.compile(r"\s*[:,]?(?:\s+|\Z)")
# A mention as Element X writes it into the plain text: [@kruzhok:example.org](https://matrix.to/#/@kruzhok:example.org)
_PILL = re.compile(r"\[[^\[\]\n]{1,255}\]\(<?https://matrix\.to/#/([^\s()<>?]{1,400})[^\s()<>]{0,400}>?\)")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What it depends on whether the bot is meant.

    Attributes:
        prefix: The room's.
        names: By which the bot is called here: its id, the id's first part, its display name.
        is_for_two: Whether nobody else is there but the bot and one user.
        words: The words with which commands begin.
    """

    prefix: str
    names: tuple[str, ...]
    is_for_two: bool
    words: Collection[str]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a member's.

    Attributes:
        text: What it says, without the words that it replies to.
        thread: The event that its thread began with; empty outside threads.
        mentioned: The users whom it says that it mentions.
    """

    event: str
    sender: str
    text: str
    thread: str = ""
    mentioned: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """A command line, and which part of its answer is wanted."""

    line: str
    part: int = 1


def said(event: Mapping[str, Any]) -> Said | None:
    """Return a message that a person wrote; None for notices, edits, pictures and whatever is no message."""
    content = event.get("content")
    if event.get("type") != "m.room.message" or not isinstance(content, dict):
        return None
    text, sender, number = content.get("body"), event.get("sender"), event.get("event_id")
    if content.get("msgtype") != "m.text" or not (
        isinstance(text, str) and isinstance(sender, str) and isinstance(number, str)
    ):
        return None
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    if relation.get("rel_type") == "m.replace" or "m.new_content" in content:
        return None
    if isinstance(relation.get("m.in_reply_to"), dict):
        text = _FALLBACK.sub("", text, count=1) if text.startswith("> <") else text
    root = relation.get("event_id")
    is_thread = relation.get("rel_type") == "m.thread" and isinstance(root, str) and len(root) <= _LONGEST_ID
    thread = str(root) if is_thread else ""
    mentions = content.get("m.mentions")
    users = mentions.get("user_ids") if isinstance(mentions, dict) else None
    mentioned = frozenset(user for user in users if isinstance(user, str)) if isinstance(users, list) else frozenset()
    return Said(number, sender, text, thread, mentioned)


def asked(message: Said, around: Surroundings) -> Asked | None:
    """Return what is asked of the bot; None if that is nothing.

    After its own name every word is meant for it, in a room of two every line; elsewhere only commands that it has.
    """
    text = message.text.strip()
    line = _named(message, text, around)
    if line is None:
        line = _prefixed(text, around)
    if line is None and around.is_for_two and text:
        line = text
    return None if line is None else parted(line)


def parted(line: str) -> Asked:
    """Read a line that asks for a further part of a long answer: ``part 2 read 3``."""
    match = _PART.fullmatch(line)
    return Asked(match[2], max(1, int(match[1]))) if match else Asked(line)


def _named(message: Said, text: str, around: Surroundings) -> str | None:
    """Return what follows the bot's name; help if nothing does.

    A sentence can begin with the name and be about the bot: where it is not addressed by a sign or a mention, only a
    command may follow.
    """
    pill = _PILL.match(text)
    if pill and unquote(pill[1]) in around.names:
        after = _AFTER_NAME.match(text, pill.end())
        return text[after.end() :].strip() or HELP if after else None
    signs = {around.prefix, DEFAULT_PREFIX, SLASH, "@"}
    names = [name for name in {*around.names, NAME} if name]
    for name in sorted([*names, *(f"{sign}{name}" for sign in signs for name in names)], key=len, reverse=True):
        if text[: len(name)].casefold() != name.casefold():
            continue
        after = _AFTER_NAME.match(text, len(name))
        if after is None:
            continue
        line = text[after.end() :].strip()
        is_addressed = name[0] in signs or after[0].strip() or message.mentioned & set(around.names)
        if is_addressed or around.is_for_two or _word(line) in around.words:
            return line or HELP
    return None


def _prefixed(text: str, around: Surroundings) -> str | None:
    for sign in (around.prefix, SLASH):
        if sign and text.startswith(sign):
            line = text[len(sign) :]
            word = _word(line) if line[:1].strip() else ""
            part = _PART.fullmatch(line)
            if (_word(part[2]) if part else word) not in around.words:
                continue
            # Every bot has a !help, and nobody wants to hear all of them.
            is_everybodys = line.strip().casefold() == HELP and sign == DEFAULT_PREFIX and not around.is_for_two
            if not is_everybodys:
                return line
    return None


def _word(line: str) -> str:
    return next(iter(line.split(None, 1)), "").casefold()


def reaction(event: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return which event a reaction is to, and its emoji; None if it is no reaction."""
    content = event.get("content")
    relation = content.get("m.relates_to") if isinstance(content, dict) else None
    if event.get("type") != "m.reaction" or not isinstance(relation, dict):
        return None
    to, key = relation.get("event_id"), relation.get("key")
    if relation.get("rel_type") != "m.annotation" or not isinstance(to, str) or not isinstance(key, str):
        return None
    return to, bare(key)


def bare(emoji: str) -> str:
    """Return an emoji without the sign that asks for its coloured form, which some clients add."""
    return emoji.replace("\ufe0f", "").strip()


def redacted(event: Mapping[str, Any]) -> str | None:
    """Return which event was taken back; rooms of version 11 and newer say it in the content."""
    if event.get("type") != "m.room.redaction":
        return None
    content = event.get("content")
    found = content.get("redacts") if isinstance(content, dict) else None
    found = found if isinstance(found, str) else event.get("redacts")
    return found if isinstance(found, str) else None
