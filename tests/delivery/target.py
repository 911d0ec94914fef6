"""A chat service in a process of its own: it keeps what is posted, forgets nonces, and fails as it is told to."""

import asyncio
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.delivery.clock import SharedClock

# As Discord does; nobody says for how long exactly.
NONCES_KEPT = 180.0


@dataclass
class Message:
    """Something that was posted, and when by the service's own clock."""

    number: str
    channel: str
    key: str
    text: str
    at: float
    thread: str = ""


@dataclass
class Fault:
    """How requests of one kind (post, find, thread) in a channel fail, and how many of them."""

    where: str
    how: str
    times: int
    seconds: float = 0.0


@dataclass
class Service:
    """Everything that the service knows."""

    clock: SharedClock
    kept: float = NONCES_KEPT
    messages: list[Message] = field(default_factory=list)
    nonces: dict[tuple[str, str], Message] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: int = 0

    def count(self, what: str) -> None:
        """Count something that happened."""
        self.counted[what] = self.counted.get(what, 0) + 1

    def fault(self, channel: str, where: str) -> Fault | None:
        """Return how a request fails, if it does."""
        for each in self.faults.get(channel, []):
            if each.where in (where, "any") and each.times != 0:
                each.times -= 1
                return each
        return None

    def commit(self, channel: str, key: str, text: str) -> Message:
        """Post, or return what the same nonce has posted lately."""
        known = self.nonces.get((channel, key))
        if known and self.clock.true - known.at < self.kept:
            self.count("nonces recognised")
            return known
        message = Message(str(len(self.messages) + 1), channel, key, text, self.clock.true)
        self.messages.append(message)
        self.nonces[channel, key] = message
        return message

    def open(self, number: str) -> Message:
        """Open a message's thread."""
        message = self.messages[int(number) - 1]
        self.count("threads opened again" if message.thread else "threads opened")
        message.thread = f"t{number}"
        return message


async def _failing(service: Service, request: web.Request, where: str, work: dict[str, str]) -> web.StreamResponse:
    """Do what a request asks for, as far as its fault lets it."""
    service.count(where)
    fault = service.fault(work["channel"], where)
    how = fault.how if fault else ""
    if how in ("403", "404"):
        return web.json_response({}, status=int(how))
    if how == "429" and fault:
        return web.json_response({"retry_after": fault.seconds}, status=429)
    if how in ("500 before", "502 before"):
        return web.Response(status=int(how[:3]), text="<html>")
    if how == "drop before":
        return _drop(request)
    if how == "hang":
        service.hanging += 1
        await service.released.wait()
    answer = _done(service, where, work)
    service.hanging -= how == "hang"
    if how in ("500 after", "502 after"):
        return web.Response(status=int(how[:3]), text="<html>")
    if how == "drop after":
        return _drop(request)
    return web.json_response({} if how == "nonsense" else answer)


def _drop(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response()


def _done(service: Service, where: str, work: dict[str, str]) -> Any:
    if where == "post":
        return asdict(service.commit(work["channel"], work["key"], work["text"]))
    if where == "thread":
        return asdict(service.open(work["message"]))
    since, channel = float(work["since"]), work["channel"]
    return {"found": [asdict(each) for each in service.messages if each.channel == channel and each.at >= since]}


def application() -> web.Application:
    """Make the service and what steers it."""
    services: dict[str, Service] = {}

    async def asked(request: web.Request) -> web.StreamResponse:
        return await _failing(services["now"], request, request.match_info["where"], await request.json())

    async def begin(request: web.Request) -> web.StreamResponse:
        if "now" in services:
            services["now"].released.set()
        services["now"] = Service(SharedClock(Path((await request.json())["clock"])))
        return web.json_response({})

    async def steer(request: web.Request) -> web.StreamResponse:
        service, told = services["now"], await request.json()
        service.kept = told.get("nonces_kept", service.kept)
        for channel, faults in told.get("faults", {}).items():
            service.faults[channel] = [Fault(**each) for each in faults]
        if told.get("release"):
            service.released.set()
        return web.json_response({})

    async def seen(request: web.Request) -> web.StreamResponse:
        service = services["now"]
        messages = [asdict(each) for each in service.messages]
        return web.json_response({"messages": messages, "counted": service.counted, "hanging": service.hanging})

    app = web.Application()
    app.router.add_post("/control/begin", begin)
    app.router.add_post("/control/steer", steer)
    app.router.add_get("/control/seen", seen)
    app.router.add_post("/{where:post|find|thread}", asked)
    return app


async def serve() -> None:
    """Serve on a free port of loopback, say which, and end when nobody listens to us any more."""
    runner = web.AppRunner(application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve())
