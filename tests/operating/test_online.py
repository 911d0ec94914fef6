"""``doctor --online`` asks the services, over REST alone, and posts nothing."""

import asyncio
import copy
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.operating.doctor import look_over
from bot.operating.findings import Finding
from bot.platforms.discord.serving import REFUSED
from bot.recurrence.zones import TZDATA_VERSION
from bot.store.schedules import Schedule
from tests.operating.test_doctor import NOW, one
from tests.platforms.discord.loopback import _KRUZHOK, APPLICATION, COMMANDS, TOKEN, Loopback, _json, guild, loopback
from tests.platforms.discord.test_run import started
from tests.platforms.discord.test_serving import as_before as as_before

# Looking points discord.py at the proxy, in the whole process.
pytestmark = pytest.mark.usefixtures("as_before")

SECONDS = 30.0  # far more than a start takes, so that only what hangs fails
SERVER = guild(0)
CHANNEL = SERVER["channels"][3]
_ADMINISTRATOR, _NOTHING, _SEND = 8, 0, 2048
_NEEDED = 1024 | 2048 | 65536 | (1 << 35) | (1 << 38)


class Server:
    """A server as REST tells it.

    Attributes:
        allowed: The permissions of everybody.
        denied: What everybody may not do in the channel.
    """

    def __init__(self) -> None:
        self.allowed = _NEEDED
        self.denied = 0
        self.is_there = True

    async def answer(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        assert request.method == "GET", "nothing is changed"
        told = copy.deepcopy({name: SERVER[name] for name in SERVER if name not in ("members", "channels")})
        told["roles"][0]["permissions"] = str(self.allowed)
        channel = CHANNEL | {"guild_id": SERVER["id"]}
        channel["permission_overwrites"] = [{"id": SERVER["id"], "type": 0, "allow": "0", "deny": str(self.denied)}]
        member = {"user": {"id": str(APPLICATION), **_KRUZHOK}, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00"}
        answers = {
            f"/channels/{CHANNEL['id']}": channel,
            f"/guilds/{SERVER['id']}": told,
            f"/guilds/{SERVER['id']}/channels": [channel],
            f"/guilds/{SERVER['id']}/members/{APPLICATION}": member | {"deaf": False, "mute": False, "flags": 0},
        }
        return _json(answers[request.path]) if self.is_there and request.path in answers else None


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


async def scheduled(state: Path) -> None:
    """Let a group on Discord have a schedule."""
    from contextlib import AsyncExitStack

    from bot.store.schedules import Schedules
    from bot.store.state import open_state

    async with AsyncExitStack() as stack:
        opened = await open_state(stack, state)
        schedule = Schedule(
            id="s",
            group=f"discord:{CHANNEL['id']}",
            server=f"discord:server:{SERVER['id']}",
            number=0,
            what="prompt",
            rule="daily 08:00",
            zone="UTC",
            start=NOW.date(),
            handled=None,
            next_at=NOW + timedelta(days=1),
        )
        await Schedules(opened, TZDATA_VERSION).add(schedule, "discord:1", NOW, 25)


async def asked(state: Path, variables: dict[str, str]) -> list[Finding]:
    """Look over a state folder, and ask the services."""
    return await look_over({"KRUZHOK_STATE": str(state), **variables}, datetime.now(UTC), online=True)


async def test_a_good_token_and_a_right_clock_are_well(state: Path, served: Loopback) -> None:
    findings = await asked(state, served.environment)
    assert one(findings, "discord").text == f"Discord knows the bot as Kruzhok, application {APPLICATION}."
    assert one(findings, "clock online").state == "ok"
    assert {method for method, _, _ in served.requests} == {"GET"}
    assert TOKEN not in str(findings)


async def test_a_refused_token_is_a_problem_with_its_cure(state: Path, served: Loopback) -> None:
    served.refuses = True
    found = one(await asked(state, served.environment), "discord")
    assert found.state == "problem"
    assert found.text == f"{REFUSED.partition('. ')[0]}."
    assert "Reset Token" in found.cure


async def test_where_nothing_answers_it_says_so(state: Path) -> None:
    nowhere = {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": "http://127.0.0.1:9"}
    findings = await asked(state, nowhere)
    assert one(findings, "discord").state == "problem"
    assert one(findings, "clock online").state == "warning"


async def test_it_sees_whether_the_commands_were_sent(state: Path, served: Loopback) -> None:
    assert "at the next start" in one(await asked(state, served.environment), "discord commands").text
    async with started(state, "run", **served.environment):
        await asyncio.wait_for(served.ready.wait(), SECONDS)
        assert [path for method, path, _ in served.requests if method == "PUT"] == [COMMANDS]
        found = one(await asked(state, served.environment), "discord commands")
    assert found.text == "The commands that Discord knows are this program's."


async def test_what_is_missing_in_each_channel_is_said(state: Path, served: Loopback) -> None:
    server = Server()
    served.others = server.answer
    await scheduled(state)
    found = one(await asked(state, served.environment), "discord channel")
    assert (found.state, found.cure) == ("ok", ""), found
    server.denied = _SEND
    found = one(await asked(state, served.environment), "discord channel")
    assert found.state == "problem"
    assert "“Send Messages” in #channel-3" in found.text
    server.allowed = _NOTHING
    assert "View Channel" in one(await asked(state, served.environment), "discord channel").text
    server.is_there = False
    assert "gone" in one(await asked(state, served.environment), "discord channel").text


@pytest.mark.parametrize(("seconds", "state_of_it"), [(2, "ok"), (30, "warning"), (-600, "problem")])
async def test_a_clock_that_is_wrong_is_found(state: Path, seconds: int, state_of_it: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        now = datetime.now(UTC) - timedelta(seconds=seconds)
        return web.json_response({}, headers={"Date": format_datetime(now, usegmt=True)}, status=404)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        there = {"KRUZHOK_DISCORD_TOKEN": TOKEN, "KRUZHOK_DISCORD_API": f"http://127.0.0.1:{runner.addresses[0][1]}"}
        findings = await asked(state, there)
    finally:
        await runner.cleanup()
    assert one(findings, "clock online").state == state_of_it


async def test_a_homeserver_that_is_none_is_said(state: Path, served: Loopback, objections: list[str]) -> None:
    matrix = {
        "KRUZHOK_MATRIX_HOMESERVER": f"http://127.0.0.1:{served.port}",
        "KRUZHOK_MATRIX_USER": "@kruzhok:localhost",
        "KRUZHOK_MATRIX_TOKEN": "x",
    }
    found = one(await asked(state, matrix), "matrix")
    assert found.state == "problem"
    assert "KRUZHOK_MATRIX_HOMESERVER" in found.cure
    objections.clear()  # Discord has no such paths, and is not meant to


async def test_with_bad_settings_nobody_is_asked(state: Path) -> None:
    assert "cannot be read" in one(await asked(state, {"KRUZHOK_LOG": "xml"}), "online").text
