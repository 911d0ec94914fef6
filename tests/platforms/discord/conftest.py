"""A circle on a simulated Discord for every test; a bug that was logged fails it, and what Discord would object to."""

import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import simcord.http.router
from aiohttp import web
from discord.utils import _to_json

from tests.platforms.discord.circle import Circle, meeting
from tests.platforms.discord.loopback import Loopback
from tests.platforms.discord.openapi import document


@pytest.fixture
async def circle(begun: Path) -> AsyncIterator[Circle]:
    """Bring a circle together, with the bot in it."""
    async with meeting(begun) as met:
        yield met


@pytest.fixture(autouse=True)
def nothing_went_wrong(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where an error was logged, unless the test is about that."""
    yield
    if request.node.get_closest_marker("goes_wrong") is None:
        wrong = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not wrong, [record.getMessage() for record in wrong]


@pytest.fixture(autouse=True)
def objections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hold every request against Discord's own document, where it is there; a test that means to err clears them."""
    found: list[str] = []
    described = document()
    if described:
        dispatch, rest = simcord.http.router.dispatch, Loopback.rest

        def dispatch_checked(backend: Any, method: str, path: str, **sent: Any) -> Any:
            # As it would be on the wire: discord.py's tuples are arrays there.
            body = None if sent.get("json") is None else json.loads(_to_json(sent["json"]))
            found.extend(described.problems(method, path, sent.get("params") or {}, body))
            return dispatch(backend, method, path, **sent)

        async def rest_checked(self: Loopback, request: web.Request) -> web.StreamResponse:
            body = await request.json() if request.body_exists else None
            found.extend(described.problems(request.method, request.path, request.query, body))
            return await rest(self, request)

        monkeypatch.setattr(simcord.http.router, "dispatch", dispatch_checked)
        monkeypatch.setattr(Loopback, "rest", rest_checked)
    yield found
    assert not found, "\n".join(found)
