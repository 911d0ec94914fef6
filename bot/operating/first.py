"""Waits for the first server or room, with the bot running, and posts a prompt there to try it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from bot.app import App, open_app
from bot.caller import Caller
from bot.errors import CannotServe, UserError
from bot.operating.questions import Questions
from bot.platforms.terminal.plain import plain
from bot.services import Service, serve_all
from bot.settings import Configuration
from bot.store.alone import alone, is_held

Found = TypeVar("Found")

_BETWEEN, _UNTIL_KNOWN = 2.0, 20.0
_MOST_SHOWN = 9
RUNNING = "The bot runs already. Restart it, so that it uses these settings."
WAITING = "Waiting for {where}, with the bot running, for {minutes:.0f} minutes at most; Ctrl-C ends it."
NOT_COME = "None has come yet. The bot can be invited at any time; it must run then."
NO_PLACE = "It may not post anywhere there yet. /config check, typed there, says what is missing."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt can be posted: what people call it, and whose posts go there."""

    name: str
    caller: Caller


Look = Callable[[], Awaitable[tuple[str, Sequence[Place]] | None]]


async def first_place(settings: Configuration, questions: Questions, seconds: float, posts_test: bool) -> None:
    """Wait until the bot is somewhere, for some seconds at most, and offer to post a prompt there.

    Args:
        posts_test: Whether to post one without asking.
    """
    if is_held(settings.folders.state):
        print(RUNNING)
        return
    # What the services say while they start is not for whoever sets them up; refusals are.
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set)
    try:
        async with AsyncExitStack() as stack:
            app, serving = await stack.enter_async_context(_running(settings))
            stopping = asyncio.ensure_future(stop.wait())
            stack.callback(stopping.cancel)
            ends: list[asyncio.Future[Any]] = [stopping, serving]
            looks = await _looks(settings, stack)
            where = " or ".join(name for name, _ in looks)
            print(f"\n{WAITING.format(where=where, minutes=seconds / 60)}")
            found = await _unless(ends, _first([look for _, look in looks], seconds))
            for refusal in serving.result() if serving.done() else ():
                print(refusal)
            if found is None:
                print(NOT_COME)
                return
            name, places = found
            print(f"Kruzhok is in {name}.")
            if places:
                await _unless(ends, _offer(app, places, questions, posts_test))
            else:
                print(NO_PLACE)
    except CannotServe as error:
        print(error)
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@asynccontextmanager
async def _running(settings: Configuration) -> AsyncIterator[tuple[App, asyncio.Future[list[str]]]]:
    """Run the bot meanwhile, as ``run`` does; gives what ends with the sentences of services that refuse it."""
    with alone(settings.folders.state):
        async with open_app(settings.folders) as app:
            ending = asyncio.Event()
            serving = asyncio.ensure_future(serve_all(_services(app, settings), ending, Random()))
            try:
                yield app, serving
            finally:
                ending.set()
                await asyncio.gather(serving, return_exceptions=True)


def _services(app: App, settings: Configuration) -> list[Service]:
    found = []
    if settings.discord:
        from bot.platforms.discord import serving as discord

        of_discord = settings.discord
        condition = app.conditions.of("discord")
        found.append(Service("Discord", lambda stop: discord.serve(app, of_discord, stop), condition))
    if settings.matrix:
        from bot.platforms.matrix import serving as matrix

        of_matrix, state = settings.matrix, settings.folders.state
        condition = app.conditions.of("matrix")
        found.append(Service("Matrix", lambda stop: matrix.serve(app, of_matrix, state, stop), condition))
    return found


async def _looks(settings: Configuration, stack: AsyncExitStack) -> list[tuple[str, Look]]:
    """Return what is waited for, and how one sees that it has come."""
    looks: list[tuple[str, Look]] = []
    if settings.discord:
        from bot.platforms.discord.checking import logged_in

        there = await stack.enter_async_context(logged_in(settings.discord))

        async def server() -> tuple[str, Sequence[Place]] | None:
            found = await there.first_server(_MOST_SHOWN)
            if found is None:
                return None
            return f"“{found.name}”", [
                Place(f"#{name}", Caller("setup", f"discord:{number}", True, server=f"discord:server:{found.number}"))
                for number, name in found.channels
            ]

        looks.append(("the first server", server))
    if settings.matrix:
        from bot.platforms.matrix.checking import first_rooms

        of_matrix, folder = settings.matrix, settings.folders.state / "matrix"

        async def room() -> tuple[str, Sequence[Place]] | None:
            rooms = await first_rooms(of_matrix, folder, _MOST_SHOWN)
            places = [Place(name, Caller("setup", f"matrix:{number}", True)) for number, name in rooms]
            return ("a room" if len(places) == 1 else "some rooms", places) if places else None

        looks.append(("the first room", room))
    return looks


async def _first(looks: Sequence[Look], seconds: float) -> tuple[str, Sequence[Place]] | None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                for look in looks:
                    found = await look()
                    if found is not None:
                        return found
                await asyncio.sleep(_BETWEEN)
    return None


async def _offer(app: App, places: Sequence[Place], questions: Questions, posts_test: bool) -> None:
    """Post a prompt where it is wanted, as a schedule would that a moderator runs by hand."""
    place = places[0] if posts_test else await _chosen(places, questions)
    if place is not None:
        print(await _post(app, place.caller))


async def _chosen(places: Sequence[Place], questions: Questions) -> Place | None:
    if not questions.is_possible:
        return None
    print("A prompt can be posted there now, to try it:")
    for number, each in enumerate(places, 1):
        print(f"    {number}  {each.name}")
    typed = await questions.line("Where, by its number? Enter for nowhere")
    return places[int(typed) - 1] if typed.isascii() and typed.isdigit() and 0 < int(typed) <= len(places) else None


async def _post(app: App, caller: Caller) -> str:
    """Post by a schedule that is made for it and removed again; it uses nothing up."""
    tomorrow = app.now() + timedelta(days=1)
    try:
        await _when_known(app, caller)
        await app.scheduling.add(caller, "prompt", f"{tomorrow:%Y-%m-%d} 12:00")
        number = max(each.number for each in await app.timetable.schedules(caller))
        try:
            return plain(await app.single_posts.run(caller, number, counted="no"))
        finally:
            await app.scheduling.remove(caller, number)
    except UserError as error:
        return f"No prompt was posted: {error}"


async def _when_known(app: App, caller: Caller) -> None:
    """Wait until the running bot has heard of the place, for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_UNTIL_KNOWN):
            while not app.conditions.of(caller.platform).is_connected:  # noqa: ASYNC110 - a condition wakes nobody
                await asyncio.sleep(0.1)


async def _unless(ends: Sequence[asyncio.Future[Any]], work: Coroutine[Any, Any, Found]) -> Found | None:
    """Do something, unless one of these comes first."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait({working, *ends}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
