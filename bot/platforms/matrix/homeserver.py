"""Asks a homeserver over Matrix's client-server API, one request at a time, and tells refusals from silence."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp

log = logging.getLogger(__name__)

Json = dict[str, Any]  # what json makes and takes

LOST_TOKEN = ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED")
_TOO_MANY = "M_LIMIT_EXCEEDED"
# A server that asks for patience without saying how much.
_PATIENCE = 5.0
# Answers of a sync after weeks can be long; one that never ends must not fill the memory.
_LONGEST_ANSWER = 256 * 1024 * 1024


class Unreachable(Exception):
    """There was no usable answer: no network, a server that is down, or something else in its place."""


class MatrixRefused(Exception):
    """The homeserver answered that it will not.

    Attributes:
        status: The HTTP status.
        code: Matrix's name of the reason, such as ``M_FORBIDDEN``; empty if it gave none.
        message: The server's words; for logs, not for people.
        retry_after: Seconds after which it may be tried again; None if it is not a matter of time.
        answer: All that it said, such as the ways in which a user can prove who they are.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: float | None = None, answer: Json | None = None
    ) -> None:
        super().__init__(f"{code or status}: {message}")
        self.answer = answer or {}
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

    @property
    def is_lost_token(self) -> bool:
        """Whether the access token is not, or no longer, good."""
        return self.status == 401 and self.code in LOST_TOKEN


class Homeserver:
    """A homeserver, and our access token there.

    Attributes:
        address: Its base address, such as ``https://matrix.example.org``.
        token: Sent with every request, if there is one.
    """

    def __init__(self, address: str, session: aiohttp.ClientSession, token: str = "") -> None:
        self.address = address.rstrip("/")
        self.token = token
        self._session = session

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        seconds: float = 30.0,
    ) -> Json:
        """Make one request.

        Args:
            path: What follows ``/_matrix/client/``, its parts quoted; see :func:`path`.
            seconds: How long to wait for the whole answer.

        Raises:
            MatrixRefused: The server answered with an error.
            Unreachable: There was no usable answer.
        """
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = None if body is None else json.dumps(body, ensure_ascii=True).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with (
                asyncio.timeout(seconds),
                self._session.request(
                    method, f"{self.address}/_matrix/client/{path}", data=data, params=params, headers=headers
                ) as response,
            ):
                return _understood(response.status, await _whole(response))
        except TimeoutError:
            raise Unreachable(f"no answer within {seconds:.0f} s") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its name only: what aiohttp says can hold an address with its parameters.
            raise Unreachable(type(error).__name__) from None


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Return all of an answer.

    Raises:
        ValueError: It is too long to be one.
    """
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > _LONGEST_ANSWER:
            raise ValueError("an answer without end")
        parts.append(part)
    return b"".join(parts)


def _understood(status: int, raw: bytes) -> Json:
    """Return the answer.

    Raises:
        MatrixRefused: It is an error of Matrix's.
        Unreachable: It is none that a homeserver gives, such as a proxy's page.
    """
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if status < 400 and isinstance(answer, dict):
        return answer
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if status == 429:
        raise MatrixRefused(status, _TOO_MANY, "too many requests", _retry_after(answer))
    if 400 <= status < 500 and isinstance(answer, dict) and (isinstance(code, str) or "flows" in answer):
        raise MatrixRefused(status, code or "", str(answer.get("error", ""))[:200], answer=answer)
    raise Unreachable(f"the server answered with status {status}")


def _retry_after(answer: object) -> float:
    """Return how many seconds to wait."""
    if isinstance(answer, dict):
        given = answer.get("retry_after_ms")
        if isinstance(given, int | float) and 0 <= given < 24 * 3600 * 1000:
            return float(given) / 1000
    return _PATIENCE


def path(*parts: str) -> str:
    """Return a path of parts that are quoted each: ``path("v3/rooms", room, "state")``; the first is taken as it is."""
    first, *others = parts
    return "/".join((first, *(quote(part, safe="") for part in others)))


@asynccontextmanager
async def open_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open what requests are made with; a sync must not keep others waiting for a connection."""
    connector = aiohttp.TCPConnector(limit=64)
    timeout = aiohttp.ClientTimeout(total=None, connect=20)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session
