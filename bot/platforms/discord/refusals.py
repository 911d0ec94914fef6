"""What Discord's refusals of a post mean, in words for moderators; and what they can do."""

import logging
from collections.abc import Sequence

from bot.errors import DeliveryFailed
from bot.platforms.discord.places import NO_TAG, Place, locked, wants
from bot.platforms.discord.rest import NotDone

log = logging.getLogger(__name__)

GONE = "the channel that posts go to is gone; choose another with /config channel"
REMOVED = "Kruzhok was removed from this server; whoever manages it can invite it again"
NO_DIRECT_MESSAGES = "this member takes no direct messages from Kruzhok; their privacy settings decide that"
AUTO_MODERATION = "the server's AutoMod blocked the post; exempt Kruzhok's role from that rule"
TOO_MANY_THREADS = "the server has as many active threads as Discord allows; close some"
ARCHIVED = "the thread {where} is archived; open it again, or choose another place with /config channel"
NO_TOKEN = "Discord does not accept the bot's token; whoever operates Kruzhok can put in a new one"  # noqa: S105 - a sentence
MISTAKE = "Discord did not take the post, which is a mistake of Kruzhok's; its log says more"

# Discord's codes.
UNKNOWN_MESSAGE, HAS_A_THREAD = 10008, 160004
_UNKNOWN_CHANNEL, _CANNOT_WRITE_TO_USER = 10003, 50007
_ARCHIVED_THREAD, _LOCKED_THREAD, _MOST_THREADS, _TAG_REQUIRED = 50083, 160005, 160006, 40067
_BLOCKED = (200000, 200001)
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def refused(error: NotDone, place: Place, names: Sequence[str], is_known: bool) -> DeliveryFailed:
    """Return a refusal in words; nothing of what was refused was done.

    Args:
        names: The permissions that are lacking.
        is_known: Whether that is so, or these are all that are needed, and any of them may be it.
    """
    return DeliveryFailed(_why(error, place, names, is_known), is_certain=True)


def _why(error: NotDone, place: Place, names: Sequence[str], is_known: bool) -> str:
    known = {
        _CANNOT_WRITE_TO_USER: NO_DIRECT_MESSAGES,
        _ARCHIVED_THREAD: ARCHIVED.format(where=place.called),
        _LOCKED_THREAD: locked(place),
        _MOST_THREADS: TOO_MANY_THREADS,
        _TAG_REQUIRED: NO_TAG.format(where=place.called).rstrip("."),
        HAS_A_THREAD: "the post has a thread already",
        **dict.fromkeys(_BLOCKED, AUTO_MODERATION),
    }
    if error.code in known:
        return known[error.code]
    if error.code == _UNKNOWN_CHANNEL or error.status == _NOT_FOUND:
        return GONE
    if error.status == _UNAUTHORIZED:
        return NO_TOKEN
    if error.status == _FORBIDDEN:
        which = "" if is_known else ", and lacks at least one of them"
        return f"{wants(place, names)}{which}; whoever manages the server can give it"
    log.error("Discord did not take a post: %s", error)
    return MISTAKE
