"""A Discord of one's own on loopback: as much of its REST and gateway as a bot needs to start, answer and stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web

APPLICATION = 1000
TOKEN = "a.secret.token"  # noqa: S105 - of nobody
COMMANDS = f"/applications/{APPLICATION}/commands"


class Loopback:
    """Everything that the bot sent, and a way to send it something.

    Attributes:
        refuses: Whether the token is refused by REST.
        requests: Method, path and body of each request, in order.
        close_code: With what the gateway closes after IDENTIFY, if it does.
    """

    def __init__(self) -> None:
        self.refuses = False
        self.close_code = 0
        self.requests: list[tuple[str, str, Any]] = []
        self.identified = 0
        self.port = 0
        self.ready = asyncio.Event()
        self.answered: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
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

    async def slash(self, name: str, **options: str) -> None:
        """Let a member give a command."""
        self._last_id += 1
        given = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        await self._dispatch(
            "INTERACTION_CREATE",
            {
                "id": str(self._last_id),
                "application_id": str(APPLICATION),
                "type": 2,
                "token": f"token{self._last_id}",
                "version": 1,
                "data": {"id": "1", "name": name, "type": 1, "options": given},
                "channel_id": "7",
                "channel": {"id": "7", "type": 1},
                "user": {"id": "9", "username": "anna", "discriminator": "0", "avatar": None},
                "locale": "en-US",
                "entitlements": [],
                "authorizing_integration_owners": {},
                "context": 1,
                "app_permissions": "0",
                "attachment_size_limit": 26214400,
            },
        )

    async def _dispatch(self, event: str, data: Any) -> None:
        assert self._socket is not None
        self._sequence += 1
        await self._socket.send_json({"op": 0, "t": event, "s": self._sequence, "d": data})

    async def rest(self, request: web.Request) -> web.Response:
        """Answer a request."""
        body = await request.json() if request.can_read_body else None
        self.requests.append((request.method, request.path, body))
        if request.path.endswith("/callback"):
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
                    for n, each in enumerate(body, 1)
                ]
            )
        return _json({"message": "404: Not Found", "code": 0}, 404)

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
            elif sent["op"] == 2 and self.close_code:
                await socket.close(code=self.close_code)
            elif sent["op"] == 2:
                self.identified += 1
                await self._dispatch("READY", _ready())
                self.ready.set()
        return socket


def _ready() -> dict[str, Any]:
    return {
        "v": 10,
        "user": {"id": str(APPLICATION), "username": "Kruzhok", "discriminator": "0", "avatar": None, "bot": True},
        "guilds": [],
        "session_id": "session",
        "resume_gateway_url": "wss://not.used.invalid",
        "shard": [0, 1],
        "application": {"id": str(APPLICATION), "flags": 0},
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


def _json(body: Any, status: int = 200) -> web.Response:
    # Exactly this type, without a charset: discord.py takes anything else for text.
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json"})


@asynccontextmanager
async def loopback() -> AsyncIterator[Loopback]:
    """Serve on a free port."""
    served = Loopback()
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
