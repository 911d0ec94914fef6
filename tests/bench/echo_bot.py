"""A bot that answers every message on Matrix with the same words, straight on HTTP: the floor to compare with."""

import asyncio
import json
import os
from typing import Any
from urllib.parse import quote

import aiohttp

# About as long as the answer to a quote is.
TEXT = "As it stands in the text. " * 24


async def main() -> None:
    """Join when invited, and echo, until killed."""
    address, token = os.environ["ECHO_HOMESERVER"], os.environ["ECHO_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"{address}/_matrix/client/v3/", headers=headers) as session:
        async with session.get("account/whoami") as response:
            own = (await response.json())["user_id"]
        since = ""
        while True:
            params = {"timeout": "25000", **({"since": since} if since else {})}
            async with session.get("sync", params=params) as response:
                news = await response.json()
            rooms = news.get("rooms", {})
            for room in rooms.get("invite", {}):
                await session.post(f"rooms/{quote(room)}/join", json={})
            for room, told in rooms.get("join", {}).items() if since else ():
                for event in told["timeline"]["events"]:
                    if event["type"] == "m.room.message" and event["sender"] != own:
                        await echo(session, room, event)
            since = news["next_batch"]


async def echo(session: aiohttp.ClientSession, room: str, event: dict[str, Any]) -> None:
    """Answer one message."""
    content = {
        "msgtype": "m.notice",
        "body": TEXT,
        "format": "org.matrix.custom.html",
        "formatted_body": f"<p>{TEXT}</p>",
        "m.mentions": {},
        "m.relates_to": {"m.in_reply_to": {"event_id": event["event_id"]}},
    }
    path = f"rooms/{quote(room)}/send/m.room.message/{quote(event['event_id'])}"
    await session.put(path, data=json.dumps(content).encode())


if __name__ == "__main__":
    asyncio.run(main())
