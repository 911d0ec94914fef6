"""What goes wrong between a bot and its homeserver: a proxy on loopback that counts requests and can spoil them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

_HOP = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}


class Fault(Enum):
    """What the proxy does with a request."""

    NONE = "pass it on"
    BAD_GATEWAY = "answer 502 with a page of HTML, as a reverse proxy does while the server behind it is down"
    REVOKED = "answer that the token is not known"
    LIMITED = "answer that there are too many requests"
    BLACK_HOLE = "never answer"
    HALF_CLOSED = "pass it on, and close the connection in the midst of the answer"
    LOST_ANSWER = "pass it on, and close the connection instead of answering"


class Faults:
    """The proxy.

    Attributes:
        address: Where it listens, in place of the homeserver.
        requests: What was asked, in order: such as ``("GET", "/_matrix/client/v3/sync")``.
        retry_after: What ``LIMITED`` tells to wait, in milliseconds.
    """

    def __init__(self, upstream: str, session: aiohttp.ClientSession) -> None:
        self.address = ""
        self.requests: list[tuple[str, str]] = []
        self.retry_after = 1000
        self._upstream, self._session = upstream, session
        self._fault, self._only, self._left = Fault.NONE, "", -1
        self._kept_back = ""
        self._changed = asyncio.Event()
        self._asked = asyncio.Event()

    def set(self, fault: Fault, only: str = "", times: int = -1) -> None:
        """Spoil requests from now on; those in a black hole lose their connection.

        Args:
            fault: How.
            only: Only those with this in their path; others are passed on.
            times: Only so many of them; -1 is all.
        """
        self._fault, self._only, self._left = fault, only, times
        self._changed.set()
        self._changed = asyncio.Event()

    def keep_back(self, only: str) -> None:
        """Ask the server for whatever has this in its path, but keep its answers; from now, until told otherwise by "".

        Also of what has been asked for already. It goes on beside other faults.
        """
        self._kept_back = only
        self._changed.set()
        self._changed = asyncio.Event()

    def count(self, part: str = "") -> int:
        """How many requests there were with this in their path."""
        return sum(part in path for _, path in self.requests)

    async def asked(self, part: str = "", times: int = 1, seconds: float = 20.0) -> None:
        """Wait until there were so many requests with this in their path, counting those that came before.

        Raises:
            TimeoutError: There were not, in time.
        """
        async with asyncio.timeout(seconds):
            while self.count(part) < times:
                await self._asked.wait()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, or spoil it."""
        self.requests.append((request.method, request.path))
        self._asked.set()
        self._asked = asyncio.Event()
        match self._fault_of(request.path):
            case Fault.NONE:
                answer = await self._passed_on(request)
                while self._kept_back and self._kept_back in request.path:
                    await self._changed.wait()
                return answer
            case Fault.BAD_GATEWAY:
                return _bad_gateway()
            case Fault.REVOKED:
                content: dict[str, object] = {"errcode": "M_UNKNOWN_TOKEN", "error": "Unknown access token"}
                return web.json_response({**content, "soft_logout": False}, status=401)
            case Fault.LIMITED:
                content = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}
                return web.json_response({**content, "retry_after_ms": self.retry_after}, status=429)
            case Fault.BLACK_HOLE:
                await self._changed.wait()
                return _cut(request)
            case Fault.HALF_CLOSED:
                return await self._half(request, await self._passed_on(request))
            case Fault.LOST_ANSWER:
                await self._passed_on(request)
                return _cut(request)

    def _fault_of(self, path: str) -> Fault:
        if self._only not in path or self._left == 0:
            return Fault.NONE
        self._left -= 1
        return self._fault

    async def _passed_on(self, request: web.BaseRequest) -> web.Response:
        headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in _HOP)
        url, body = self._upstream + request.raw_path, await request.read()
        try:
            async with self._session.request(request.method, url, data=body, headers=headers) as given:
                content = await given.read()
        except aiohttp.ClientError:
            return _bad_gateway()
        kept = CIMultiDict((name, value) for name, value in given.headers.items() if name.lower() not in _HOP)
        return web.Response(status=given.status, headers=kept, body=content)

    async def _half(self, request: web.BaseRequest, whole: web.Response) -> web.StreamResponse:
        content = whole.body if isinstance(whole.body, bytes) else b""
        half = web.StreamResponse(status=whole.status, headers=whole.headers)
        half.content_length = len(content)
        await half.prepare(request)
        await half.write(content[: len(content) // 2])
        return _cut(request, half)


def _bad_gateway() -> web.Response:
    return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")


def _cut(request: web.BaseRequest, answer: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return answer or web.Response()


@asynccontextmanager
async def faults(upstream: str) -> AsyncIterator[Faults]:
    """Run a proxy before the server at that address; at first it only passes on and counts.

    Whatever still hangs at the end is cut off.
    """
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, auto_decompress=True) as session:
        proxy = Faults(upstream, session)
        runner = web.ServerRunner(web.Server(proxy.answer, handler_cancellation=True), shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        proxy.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield proxy
        finally:
            proxy.set(Fault.NONE)
            await runner.cleanup()
