"""Delivers scheduled posts to Discord: once, findable by their keys, with every refusal said in a sentence."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.caller import Caller
from bot.characters import one_line
from bot.errors import DeliveryFailed, UserError
from bot.platforms.discord import finding, limits, naming
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.finding import NOT_CONNECTED
from bot.platforms.discord.interaction import PLATFORM
from bot.platforms.discord.places import NO_POSTS, Place, findings, locked, obstacles, permissions, tag_obstacles
from bot.platforms.discord.posts import Message, message
from bot.platforms.discord.reaching import Reach, code_of, route
from bot.platforms.discord.refusals import HAS_A_THREAD, UNKNOWN_MESSAGE
from bot.posting import Kind, Named, Post, Receipt, Target


class DiscordPlatform:
    """Discord, as delivery sees it."""

    name = PLATFORM
    # Discord takes 50 requests a second of a bot. A post is two, with its thread; a few are left for looking.
    posts_a_second = 22.0

    def __init__(self, bot: KruzhokBot) -> None:
        self._bot = bot
        self._reach = Reach(bot)

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Post once."""
        place = await self._reach.place(target)
        for obstacle in self._impossible(place, target):
            raise DeliveryFailed(obstacle.rstrip("."), is_certain=True)
        if place.is_archived:
            await self._reach.ask(place, target, route("PATCH", place.number), json={"archived": False})
        made = message(target, post, key, self._bot.mentions, place.has_threads)
        app = self._bot.app
        if made.kept:
            await app.button_lines.keep(made.kept, app.now())
        if place.is_forum:
            return await self._post_in_forum(place, target, post, made)
        # Discord passes over a second message with the same nonce, for some minutes.
        body = _body(made) | {"nonce": key, "enforce_nonce": True}
        sent = await self._reach.ask(place, target, route("POST", place.number, "/messages"), json=body)
        return finding.receipt(place, sent["id"])

    def _impossible(self, place: Place, target: Target) -> Iterator[str]:
        if not place.takes_posts:
            yield NO_POSTS.format(where=place.called)
        if place.is_locked:
            yield locked(place)
        if place.is_forum:
            yield from tag_obstacles(place, target, permissions(self._reach.guild(target), place))

    async def _post_in_forum(self, place: Place, target: Target, post: Post, made: Message) -> Receipt:
        usable = [str(tag.number) for tag in place.tags if not tag.is_moderated]
        tags = [target.tag] if target.tag else usable[:1] if place.demands_tag else []
        body = {"name": _name(post.subject or post.reply.title), "message": _body(made), "applied_tags": tags}
        # The parameter is discord.py's: without it, Discord used to expect the message beside the name.
        params = {"use_nested_fields": 1}
        sent = await self._reach.ask(place, target, route("POST", place.number, "/threads"), json=body, params=params)
        return finding.receipt(place, sent.get("message", sent)["id"], thread=sent["id"])

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Look for a post of ours by its key among the messages since a time (UTC)."""
        return await finding.find(self._reach, target, key, since)

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Open the thread of a post, unless it has one; returns its number, or nothing where there can be none."""
        if receipt.thread or not post.subject:
            return receipt.thread
        place = await self._reach.place(target)
        if not place.has_threads:
            return str(place.number) if place.is_thread else ""
        what = route("POST", int(receipt.channel), f"/messages/{int(receipt.message)}/threads")
        try:
            opened = await self._reach.ask(place, target, what, json={"name": _name(post.subject)})
        except DeliveryFailed as error:
            if code_of(error) == HAS_A_THREAD:
                return receipt.message  # Discord gives a thread the number of its message
            if code_of(error) == UNKNOWN_MESSAGE:
                return ""  # a moderator has deleted the post, and nothing is to be opened any more
            raise
        return str(opened["id"])

    async def results(self, receipt: Receipt) -> str:
        """Return nothing: Discord shows the results of its polls itself, and tells them to nobody who may not read."""
        return ""

    async def missing(self, target: Target) -> list[str]:
        """Return what keeps us from posting, looking and opening threads there, each as a sentence for moderators."""
        try:
            place = await self._reach.place(target)
        except DeliveryFailed as error:
            return [_sentence(str(error))]
        guild = self._reach.guild(target)
        if guild is None:
            return [_sentence(NOT_CONNECTED)] if place.server else []
        return list(obstacles(place, target, guild))

    async def report(self, target: Target) -> list[tuple[str, bool]]:
        """Return what can and cannot be done there: permission by permission, polls too."""
        try:
            place = await self._reach.place(target)
        except DeliveryFailed as error:
            return [(str(error), False)]
        guild = self._reach.guild(target)
        if guild is None:
            return [(NOT_CONNECTED, False)] if place.server else [("post here", True)]
        return list(findings(place, target, guild))

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Return the channel, role or tag that a moderator means, and may use."""
        guild = naming.guild_of(self._bot, caller.server)
        if guild is None:
            raise UserError(naming.ONLY_IN_SERVERS)
        match kind:
            case "channel":
                return await naming.chosen_channel(guild, caller, text)
            case "role":
                return naming.chosen_role(guild, text)
            case "mention":
                return await naming.chosen_mention(guild, caller, text)
            case "tag":
                return naming.chosen_tag(guild, text, channel)

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Return what people call something now, by its number; also if it is gone."""
        return naming.called(self._bot, kind, number, server)


def _body(made: Message) -> dict[str, Any]:
    return {
        "content": made.content,
        "components": made.view.to_components(),
        "allowed_mentions": made.mentions,
    }


def _name(subject: str) -> str:
    return limits.fit(one_line(subject).strip() or "…", limits.THREAD_NAME)


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."
