"""A Discord of one's own on loopback: as much of its REST and gateway as a bot needs to start, answer and stop."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

APPLICATION = 1000
TOKEN = "a.secret.token"  # noqa: S105 - of nobody
COMMANDS = f"/applications/{APPLICATION}/commands"
MEMBER = 9
_KRUZHOK = {"username": "Kruzhok", "discriminator": "0", "avatar": None, "bot": True}
_ANNA = {"username": "anna", "discriminator": "0", "avatar": None}
_COLORS = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
# Ids of servers: far enough apart for those of their roles and channels.
_FIRST_GUILD, _APART = 1 << 40, 1000

Failure = tuple[int, dict[str, str], Any]
Others = Callable[[web.Request, Any], Awaitable[web.StreamResponse | None]]


class Loopback:
    """Everything that the bot sent, and a way to send it something.

    Attributes:
        refuses: Whether the token is refused by REST.
        requests: Method, path and body of each request, in order.
        members: How many members take turns in giving commands.
        guilds: In how many servers the bot is.
        failures: With what to refuse callbacks, first come, first served; each is a status, headers and a body.
        slow: Answers are taken only while this is set; ``asked`` tells that one has come.
        others: Answers what else is asked, given the request and its body; None for what it does not know.
        close_code: With what the gateway closes after IDENTIFY or RESUME, if it does.
    """

    def __init__(self) -> None:
        self.refuses = False
        self.close_code = 0
        self.requests: list[tuple[str, str, Any]] = []
        self.identified = 0
        self.port = 0
        self.members = 1
        self.guilds = 0
        self.failures: list[Failure] = []
        self.ready = asyncio.Event()
        self.guilds_told = asyncio.Event()
        self.resumed = asyncio.Event()
        self.asked = asyncio.Event()
        self.slow = asyncio.Event()
        self.slow.set()
        self.answered: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.others: Others | None = None
        self._socket: web.WebSocketResponse | None = None
        self._sequence = 0
        self._last_id = 5000

    @property
    def environment(self) -> dict[str, str]:
        """The settings that lead the bot here."""
        return {
            "KRUZHOK_DISCORD_TOKEN": TOKEN,
            "KRUZHOK_DISCORD_API": f"http://127.0.0.1:{self.port}",
            "KRUZHOK_DISCORD_GATEWAY": f"ws://127.0.0.1:{self.port}/gateway",
        }

    async def slash(self, name: str, **options: str) -> str:
        """Let a member give a command; returns the path at which the answer is awaited."""
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        return await self.interact(2, {"data": {"id": "1", "name": name, "type": 1, "options": given}})

    async def complete(self, name: str, option: str, typed: str) -> str:
        """Let a member type a command's option; returns the path at which the answer is awaited."""
        given = [{"name": option, "type": 3, "value": typed, "focused": True}]
        return await self.interact(4, {"data": {"id": "1", "name": name, "type": 1, "options": given}})

    async def press(self, custom_id: str) -> str:
        """Let a member press a button of a message; returns the path at which the answer is awaited."""
        pressed = {"custom_id": custom_id, "component_type": 2, "id": 1}
        return await self.interact(3, {"data": pressed, "message": _message(custom_id)})

    async def interact(self, type_: int, what: dict[str, Any]) -> str:
        """Let a member do something in a direct message; returns the path at which the answer is awaited."""
        self._last_id += 1
        token = f"token{self._last_id}"
        await self.send(
            "INTERACTION_CREATE",
            {
                "id": str(self._last_id),
                "application_id": str(APPLICATION),
                "type": type_,
                "token": token,
                "version": 1,
                "channel_id": "7",
                "channel": {"id": "7", "type": 1},
                "user": {"id": str(MEMBER + self._last_id % self.members), **_ANNA},
                "locale": "en-US",
                "entitlements": [],
                "authorizing_integration_owners": {},
                "context": 1,
                "app_permissions": "0",
                "attachment_size_limit": 26214400,
                **what,
            },
        )
        return f"/interactions/{self._last_id}/{token}/callback"

    async def drop(self, code: int = 4000) -> None:
        """Break the connection; with most codes the bot resumes."""
        assert self._socket is not None
        await self._socket.close(code=code)

    async def send(self, event: str, data: Any) -> None:
        """Send an event of the gateway."""
        assert self._socket is not None
        self._sequence += 1
        await self._socket.send_json({"op": 0, "t": event, "s": self._sequence, "d": data})

    async def send_text(self, frame: str) -> None:
        """Send whatever it is through the gateway."""
        assert self._socket is not None
        await self._socket.send_str(frame)

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        body = await request.json() if request.body_exists else None
        self.requests.append((request.method, request.path, body))
        if request.path.endswith("/callback"):
            self.asked.set()
            if self.failures:
                status, headers, told = self.failures.pop(0)
                return _json(told, status, headers)
            await self.slow.wait()
            await self.answered.put((request.path, body))
            about = {"id": request.path.split("/")[2], "type": 2, "response_message_loading": False}
            return _json({"interaction": about})
        if self.refuses:
            return _json({"message": "401: Unauthorized", "code": 0}, 401)
        me = {"id": str(APPLICATION), "username": "Kruzhok", "discriminator": "0", "avatar": None, "bot": True}
        if request.path == "/users/@me":
            return _json(me)
        if request.path == "/oauth2/applications/@me":
            return _json(_application(me))
        if request.path == "/gateway/bot":
            limits = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
            return _json({"url": "wss://not.used.invalid", "shards": 1, "session_start_limit": limits})
        if request.path == COMMANDS:
            return _json(
                [
                    {"description": "", **each, "id": str(n), "application_id": "1000", "version": "1"}
                    for n, each in enumerate(body or [], 1)
                ]
            )
        found = await self.others(request, body) if self.others else None
        return found or _json({"message": "404: Not Found", "code": 0}, 404)

    async def gateway(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with the bot."""
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45000}})
        async for message in socket:
            if message.type != WSMsgType.TEXT:
                break
            sent = json.loads(message.data)
            if sent["op"] == 1:
                await socket.send_json({"op": 11})
            elif sent["op"] in (2, 6) and self.close_code:
                await socket.close(code=self.close_code)
            elif sent["op"] == 6:
                self.resumed.set()
                await self.send("RESUMED", {})
            elif sent["op"] == 2:
                self.identified += 1
                await self.send("READY", _ready(self.guilds))
                self.ready.set()
                for number in range(self.guilds):
                    await self.send("GUILD_CREATE", guild(number))
                self.guilds_told.set()
        return socket


def _ready(guilds: int) -> dict[str, Any]:
    return {
        "v": 10,
        "user": {"id": str(APPLICATION), "username": "Kruzhok", "discriminator": "0", "avatar": None, "bot": True},
        "guilds": [{"id": str(_FIRST_GUILD + n * _APART), "unavailable": True} for n in range(guilds)],
        "session_id": "session",
        "resume_gateway_url": "wss://not.used.invalid",
        "shard": [0, 1],
        "application": {"id": str(APPLICATION), "flags": 0},
    }


def guild(number: int) -> dict[str, Any]:
    """Return a server as it is told at a start: the bot, six roles, a category and nine text channels."""
    id_ = _FIRST_GUILD + number * _APART
    roles = [
        {"id": str(id_ + n), "name": f"Role {n}", "permissions": "1024", "position": n, "color": 0, "colors": _COLORS}
        | {"hoist": False, "managed": False, "mentionable": False, "flags": 0}
        for n in range(6)
    ]
    channels = [
        {"id": str(id_ + 10 + n), "type": 0 if n else 4, "name": f"channel-{n}", "position": n, "nsfw": False}
        | {"parent_id": str(id_ + 10) if n else None, "topic": "Whatever is talked about here.", "flags": 0}
        | {"permission_overwrites": [{"id": str(id_), "type": 0, "allow": "0", "deny": "2048"}]}
        for n in range(10)
    ]
    bot = {"user": {"id": str(APPLICATION), **_KRUZHOK}, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00"}
    return {
        "id": str(id_),
        "name": f"Reading group {number}",
        "owner_id": str(MEMBER),
        "member_count": 100,
        "roles": roles,
        "channels": channels,
        "members": [bot | {"deaf": False, "mute": False, "flags": 0}],
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_progress_bar_enabled": False,
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        **{name: [] for name in ("emojis", "stickers", "features", "threads", "presences", "voice_states")},
        **{name: [] for name in ("stage_instances", "guild_scheduled_events", "soundboard_sounds")},
    }


def _message(custom_id: str) -> dict[str, Any]:
    button = {"type": 2, "style": 2, "label": "Another", "custom_id": custom_id, "id": 1}
    return {
        "id": "6",
        "type": 20,
        "channel_id": "7",
        "author": {"id": str(APPLICATION), **_KRUZHOK},
        "content": "",
        "timestamp": "2026-05-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "pinned": False,
        "flags": 1 << 15,
        "components": [{"type": 1, "id": 2, "components": [button]}],
        **{name: [] for name in ("mentions", "mention_roles", "attachments", "embeds")},
    }


def _application(owner: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(APPLICATION),
        "name": "Kruzhok",
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": owner,
        "verify_key": "",
        "team": None,
        "flags": 0,
    }


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # Exactly this type, without a charset: discord.py takes anything else for text.
    exact = {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=exact | (headers or {}))


@asynccontextmanager
async def loopback(served: Loopback | None = None) -> AsyncIterator[Loopback]:
    """Serve on a free port: this one, if it is given."""
    served = served or Loopback()
    application = web.Application()
    application.router.add_get("/gateway/", served.gateway)
    application.router.add_route("*", "/{path:.*}", served.rest)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    served.port = runner.addresses[0][1]
    try:
        yield served
    finally:
        await runner.cleanup()
