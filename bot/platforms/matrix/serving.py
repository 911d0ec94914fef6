"""Serves Matrix until it is told to stop, or the homeserver does not want the bot any more."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import aiohttp

from bot.app import App
from bot.errors import CannotServe
from bot.logs import keep_out
from bot.platforms.matrix.answering import Answering
from bot.platforms.matrix.asking import Asking
from bot.platforms.matrix.cross_signing import sign_ourselves
from bot.platforms.matrix.delivery import Account, MatrixPlatform
from bot.platforms.matrix.direct import DirectRooms
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.establishing import establish
from bot.platforms.matrix.homeserver import Homeserver, MatrixRefused, Unreachable, open_session
from bot.platforms.matrix.identity import FOLDER, IdentityError, restored, settle_restore
from bot.platforms.matrix.joining import Joining
from bot.platforms.matrix.polling import Polling
from bot.platforms.matrix.rooms import Room, Rooms
from bot.platforms.matrix.sending import Pauses, Sending
from bot.platforms.matrix.stream import News, Stream, group_of, room_of
from bot.settings import MatrixSettings
from bot.store.inbox import Received

log = logging.getLogger(__name__)

REFUSED = (
    "The homeserver does not accept Kruzhok's access any more. Set KRUZHOK_MATRIX_PASSWORD (or _FILE), remove the "
    "folder “matrix” from the state folder, and start Kruzhok again: it logs in anew."
)
WRONG_LOGIN = (
    "The homeserver does not accept the user name or the password. Put right KRUZHOK_MATRIX_USER and "
    "KRUZHOK_MATRIX_PASSWORD (or _FILE)."
)
UNREACHABLE = "The homeserver cannot be reached. Is there a network, and is KRUZHOK_MATRIX_HOMESERVER right?"
# Of the 5 seconds that there are to stop.
_FINISHING_SECONDS = 3.0
# After a bug in deliveries.
_AGAIN_SECONDS = 5.0


async def serve(app: App, settings: MatrixSettings, state: Path, stop: asyncio.Event) -> None:
    """Answer on Matrix until ``stop`` is set; then finish what is being answered, and leave.

    Raises:
        CannotServe: The homeserver refuses the bot, now or later, or cannot be reached at the start.
    """
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(open_session())
        service = await _unless_stopped(_opened(app, settings, state / FOLDER, session, stack), stop)
        if service is not None:
            await service.run(stop)


async def _opened(
    app: App, settings: MatrixSettings, folder: Path, session: aiohttp.ClientSession, stack: AsyncExitStack
) -> "Service":
    """Log in, or go on as the device that we are.

    Raises:
        CannotServe: It is not possible.
    """
    home = Homeserver(settings.homeserver, session)
    async with _refusals_told():
        identity = await establish(home, folder, user=settings.user, password=settings.password, token=settings.token)
        keep_out(identity.token)
        keep_out(identity.pickle_key)
        encryption = Encryption.open(home, folder, identity, now=app.now, monotonic=monotonic)
        stack.callback(encryption.close)
        await encryption.keep_up()
        standing = await sign_ourselves(home, folder, identity, encryption, settings.password)
    return Service(app, settings, home, standing.identity.user, encryption, folder)


@asynccontextmanager
async def _refusals_told() -> AsyncIterator[None]:
    """Say in one sentence what it means when the homeserver does not let the bot in.

    Raises:
        CannotServe: It does not.
    """
    try:
        yield
    except IdentityError as error:
        raise CannotServe(str(error), is_refusal=True) from None
    except MatrixRefused as error:
        if error.retry_after is not None:
            raise CannotServe("The homeserver wants to be left alone for a while.", is_refusal=False) from error
        if error.is_lost_token:
            raise CannotServe(REFUSED, is_refusal=True) from None
        if error.code == "M_FORBIDDEN":
            raise CannotServe(WRONG_LOGIN, is_refusal=True) from None
        raise CannotServe(f"The homeserver refuses ({error.code or error.status}).", is_refusal=False) from error
    except Unreachable as error:
        log.debug("no way to the homeserver", exc_info=error)
        raise CannotServe(UNREACHABLE, is_refusal=False) from None


async def _unless_stopped(work: "Awaitable[Service]", stop: asyncio.Event) -> "Service | None":
    """Wait until it is opened, but no longer than until it is stopped."""
    made, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({made, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return made.result() if made.done() else None
    finally:
        for each in (made, stopping):
            each.cancel()
        await asyncio.gather(made, stopping, return_exceptions=True)


class Service:
    """One account, served."""

    def __init__(
        self,
        app: App,
        settings: MatrixSettings,
        home: Homeserver,
        user: str,
        encryption: Encryption,
        folder: Path,
    ) -> None:
        self._app = app
        self._folder = folder
        self._encryption = encryption
        self._random = Random()
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sleep = asyncio.sleep
        self._rooms = rooms = Rooms()
        self._asking = asking = Asking(app, user, encryption, rooms, app.outbox)
        self._sending = Sending(home, encryption, rooms, app.outbox, sleep, self._random, self._lose)
        polls = Polling(app, user, home, asking, app.outbox)
        self._answering = Answering(
            app,
            user,
            rooms,
            asking,
            app.inbox,
            app.outbox,
            self._sending,
            DirectRooms(home, user, rooms),
            polls,
            sleep,
            self._random,
        )
        self._joining = Joining(
            home, user, rooms, app.groups, settings.invites, app.now, monotonic, sleep, self._pauses
        )
        self._stream = Stream(home, user, encryption, rooms, app.inbox, self._sift, app.now)
        account = Account(user, home, rooms)
        self._platform = MatrixPlatform(app, account, asking, self._sending, app.outbox, polls, sleep)
        self._has_begun = False
        self._begun = asyncio.Event()

    def _pauses(self) -> Pauses:
        return Pauses(self._random)

    def _lose(self, error: MatrixRefused) -> None:
        if not self._lost.done():
            self._lost.set_exception(CannotServe(REFUSED, is_refusal=True))

    async def _sift(self, room: str, event: Mapping[str, Any], is_before: bool) -> Received | None:
        return await self._asking.sift(room, event, not self._has_begun, is_before)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop`` is set.

        Raises:
            CannotServe: The homeserver does not want us any more.
        """
        ending = asyncio.Event()
        work = (self._read(), self._joining.run(), self._answering.tell_of_unreadable())
        running = [asyncio.ensure_future(each) for each in work]
        delivering = asyncio.ensure_future(self._deliver(ending))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            waiting: set[asyncio.Future[Any]] = {*running, self._lost, stopping}
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for each in done - {stopping}:
                each.result()
        finally:
            stopping.cancel()
            ending.set()
            for each in running:
                each.cancel()
            if not self._begun.is_set():
                delivering.cancel()
            finished = await self._answering.finish(_FINISHING_SECONDS)
            _, unfinished = await asyncio.wait({delivering}, timeout=_FINISHING_SECONDS if finished else 0.1)
            delivering.cancel()
            await asyncio.gather(*running, delivering, return_exceptions=True)
            self._lost.cancel()
            if not finished:
                log.warning("some answers were not finished; they are given after the next start")
            if unfinished:
                log.warning("some posts were not finished; they are looked for after the next start")

    async def _read(self) -> None:
        """Read the stream, for ever: what cannot be had now is tried again, less and less often."""
        condition = self._app.conditions.of(self._platform.name)
        pauses = self._pauses()
        is_restored = restored(self._folder)
        if is_restored:
            # What an older copy of the database waits to answer was answered since.
            await self._app.inbox.forget_before(self._app.now())
        while True:
            try:
                news = await self._stream.next(from_now=is_restored and not self._has_begun)
                if not self._has_begun and is_restored:
                    settle_restore(self._folder)
                await self._take(news)
            except MatrixRefused as error:
                if error.is_lost_token:
                    raise CannotServe(REFUSED, is_refusal=True) from None
                condition.disconnected("the homeserver refuses to tell what is new")
                await self._wait(error.retry_after or pauses.next(), error)
            except Unreachable as error:
                condition.disconnected("the homeserver does not answer")
                await self._wait(pauses.next(), error)
            except Exception as error:  # a full disk, a bug: nothing is lost, as the same news comes again
                log.exception("what is new could not be taken in")
                condition.disconnected("what is new cannot be taken in")
                await self._wait(pauses.next(), error)
            else:
                pauses.reset()
                condition.connected()
                condition.progress()

    async def _wait(self, seconds: float, error: Exception) -> None:
        log.warning("the homeserver is asked again in %.1f s: %s", seconds, error)
        await asyncio.sleep(seconds)

    async def _take(self, news: News) -> None:
        """Do what news ask for; what was to be kept of them is kept already."""
        if not self._has_begun:
            self._has_begun = True
            self._app.places.add(self._platform)
            await self._answering.begin()
            await self._look_around()
            self._begun.set()
        readable = {(group_of(number), session) for number, session in self._encryption.newly_readable()}
        if readable:
            self._answering.wake(await self._app.inbox.can_be_read(readable))
        self._answering.wake(dict.fromkeys(each.group for each in news.received))
        for number, told in news.invitations.items():
            self._joining.invited(number, told)
        for number in news.left:
            await self._app.groups.gone(group_of(number), self._app.now())
        for number in news.changed:
            changed = self._rooms.get(number)
            if changed is not None:
                await self._app.groups.back(group_of(number))
                await self._changed(changed)
        await self._encryption.keep_up()

    async def _look_around(self) -> None:
        """See in which of the groups that we know we still are, and what became of their rooms."""
        for group in await self._app.groups.known(self._platform.name):
            if self._rooms.get(room_of(group)) is None:
                await self._app.groups.gone(group, self._app.now())
            else:
                await self._app.groups.back(group)
        for room in self._rooms.all():
            await self._changed(room)

    async def _changed(self, room: Room) -> None:
        try:
            await self._joining.changed(room)
        except Unreachable as error:
            log.info("a room's change waits for the next start: %s", error)

    async def _deliver(self, ending: asyncio.Event) -> None:
        """Deliver what is due from when our rooms are known; answering goes on, whatever becomes of it."""
        await self._begun.wait()
        while True:
            try:
                await self._app.delivery.run(self._platform, ending)
                return
            except Exception:  # a bug: logged whole, and what was being posted is looked for
                log.exception("deliveries have ended; they begin again")
                await asyncio.sleep(_AGAIN_SECONDS)
