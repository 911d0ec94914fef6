"""Every request in every Discord test is held against Discord's own document, and what is wrong is noticed."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
from discord.http import Route

from tests.platforms.discord import openapi
from tests.platforms.discord.circle import Circle
from tests.platforms.discord.loopback import loopback
from tests.platforms.discord.openapi import HOW_TO_GET_IT, Document

COMPONENTS_V2 = 1 << 15
CALLBACK = "/interactions/1/token/callback"
BUTTON = {"type": 2, "style": 2, "label": "Another", "custom_id": "k1:quote"}


def message(*components: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return the body of a message with these components in a container."""
    return {"flags": COMPONENTS_V2, "components": [{"type": 17, "components": list(components)}], **others}


def row(**button: Any) -> dict[str, Any]:
    """Return a row with one button, changed so."""
    return {"type": 1, "components": [BUTTON | button]}


@pytest.fixture
def document() -> Document:
    """Discord's document; where it is not, nothing of the bot is held against it, which must not go unnoticed."""
    found = openapi.document()
    if found is None:
        pytest.skip(HOW_TO_GET_IT)
    return found


async def test_every_request_of_every_test_is_checked(
    document: Document, circle: Circle, objections: list[str]
) -> None:
    await circle.ask("quote", words="Cheka")
    assert objections == []
    route = Route("POST", "/channels/{channel_id}/messages", channel_id=circle.channel.id)
    with suppress(discord.HTTPException, NotImplementedError):
        await circle.bot.http.request(route, json=message({"type": 99}))
    assert len(objections) == 1
    assert "{'type': 99} is not valid" in objections[0]
    objections.clear()


async def test_requests_over_loopback_are_checked_too(document: Document, objections: list[str]) -> None:
    async with loopback() as served, aiohttp.ClientSession(served.environment["KRUZHOK_DISCORD_API"]) as session:
        for label, number in (("Another", 0), ("x" * 81, 1)):
            answer = {"type": 4, "data": message(row(label=label))}
            async with session.post(CALLBACK, json=answer) as response:
                assert response.status == 200
            assert len(objections) == number
    objections.clear()


@pytest.mark.parametrize(
    ("body", "objected"),
    [
        (message({"type": 99}), "not valid under any"),
        (message({"type": 10, "content": "x" * 4001}), "['content']: 'xxx"),
        (message({"type": 10}), "'content' is a required property"),
        (message(row(label="x" * 81)), "['label']: 'xxx"),
        (message(row(custom_id="x" * 101)), "['custom_id']: 'xxx"),
        (message(row(style=9)), "['style']"),
        (message({"type": 1, "components": [BUTTON] * 6}), "is too long"),
        (message(*[{"type": 14}] * 41), "is too long"),
        (message(row(), contents="x"), "'contents' does not match"),
        ({"content": "x" * 2001}, "['content']: 'xxx"),
        ({"content": 5}, "['content']: 5"),
    ],
)
def test_a_wrong_message_is_noticed(document: Document, body: dict[str, Any], objected: str) -> None:
    for type_ in (4, 7):
        (found,) = document.problems("POST", CALLBACK, {}, {"type": type_, "data": body})
        assert objected in found
    (found,) = document.problems("POST", "/webhooks/1/token", {}, body)
    assert objected in found


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", "/nowhere", {}, None),
        ("PUT", CALLBACK, {}, {"type": 5}),
        ("POST", CALLBACK, {}, None),
        ("POST", CALLBACK, {}, {"type": 99}),
        ("POST", CALLBACK, {"wait": "1"}, {"type": 5}),
        ("POST", CALLBACK, {"with_response": "7"}, {"type": 5}),
        ("POST", "/interactions/x/token/callback", {}, {"type": 5}),
        ("POST", CALLBACK, {}, {"type": 8, "data": {"choices": [{"name": "x", "value": "x"}] * 26}}),
        ("POST", CALLBACK, {}, {"type": 8, "data": {"choices": [{"name": "x" * 101, "value": "x"}]}}),
        ("POST", "/webhooks/1/token", {}, {"content": "x", "username": "x" * 81}),
        ("DELETE", "/webhooks/1/token/messages/@original", {}, {"content": "x"}),
        ("GET", "/channels/1/messages", {"limit": 101}, None),
        ("POST", "/channels/1/threads", {}, {"name": "x" * 101, "type": 11}),
        ("POST", "/channels/1/threads", {}, {"name": "x", "message": {"content": "x" * 4001}}),
        ("PUT", "/applications/1/commands", {}, [{"name": "x" * 33, "type": 1}]),
    ],
)
def test_a_wrong_request_is_noticed(
    document: Document, method: str, path: str, query: dict[str, Any], body: Any
) -> None:
    assert document.problems(method, path, query, body)


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", CALLBACK, {"with_response": "1"}, {"type": 4, "data": message(row())}),
        ("POST", CALLBACK, {}, {"type": 5, "data": {"flags": 64}}),
        ("POST", CALLBACK, {}, {"type": 6}),
        ("POST", CALLBACK, {}, {"type": 8, "data": {"choices": [{"name": "x", "value": "x"}]}}),
        ("PATCH", "/webhooks/1/token/messages/@original", {"with_components": 0}, message(row())),
        ("POST", "/webhooks/1/token", {"wait": 1}, message(row())),
        ("GET", "/gateway/bot", {}, None),
    ],
)
def test_nothing_is_held_against_what_is_right(
    document: Document, method: str, path: str, query: dict[str, Any], body: Any
) -> None:
    assert document.problems(method, path, query, body) == []


def test_another_copy_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KRUZHOK_DISCORD_SPEC", str(tmp_path / "openapi.json"))
    assert openapi.document_path() == tmp_path / "openapi.json"
    monkeypatch.setenv("KRUZHOK_DISCORD_SPEC", "")
    assert openapi.document_path() == openapi.BESIDE_THE_CHECKOUT
