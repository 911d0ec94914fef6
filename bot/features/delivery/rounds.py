"""Goes round and round while the bot runs: what is due is claimed, posted, and moderators are told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.errors import DeliveryFailed, UserError
from bot.features.delivery.attempts import Attempts, Lost
from bot.features.delivery.clocks import Clocks
from bot.features.delivery.retries import Retries
from bot.features.delivery.telling import Telling
from bot.features.delivery.watch import Watch
from bot.posting import Platform
from bot.store.claims import LEASE, Claims
from bot.store.occurrence import Occurrence

log = logging.getLogger(__name__)

# How often the outbox is looked at when nothing is known to be due; a clock that jumped is noticed by then.
POLL_SECONDS = 5.0
AT_ONCE = 32
# After so many posts schedules that came due meanwhile are planned.
_MOST_IN_A_ROUND = 200


class Delivery:
    """The outbox, emptied: planned times are taken, made into posts, sent, and their receipts kept.

    Args:
        step: Told the name of each step of a delivery; tests end the process there.
    """

    def __init__(
        self,
        claims: Claims,
        watch: Watch,
        attempts: Attempts,
        retries: Retries,
        telling: Telling,
        clocks: Clocks,
        step: Callable[[str], None],
    ) -> None:
        self._claims = claims
        self._watch = watch
        self._attempts = attempts
        self._retries = retries
        self._telling = telling
        self._clocks = clocks
        self._step = step
        self._wakened = asyncio.Event()
        # By platform: who tells its moderators.
        self._tellers: dict[str, asyncio.Task[None]] = {}
        # The keys of what this process is at: a clock that jumps ends their leases, and they would be taken twice.
        self._under_way: set[str] = set()
        # By platform: when the outbox was last looked at, in seconds that never go back, while somebody delivers.
        self.looked_at: dict[str, float] = {}

    def wake(self) -> None:
        """Look at the outbox now: something was decided."""
        self._wakened.set()

    async def run(self, platform: Platform, ending: asyncio.Event | None = None) -> None:
        """Deliver to a platform until cancelled; what goes wrong in a round is logged, and the next comes.

        Args:
            ending: Once it is set no more deliveries are begun; those that were begun are finished.
        """
        ending = ending or asyncio.Event()
        slots = asyncio.Semaphore(AT_ONCE)
        try:
            async with asyncio.TaskGroup() as tasks:
                while not ending.is_set():
                    try:
                        if not await self._round(platform, slots, tasks, ending):
                            self._tell(platform, tasks)
                            await self._rest(platform, ending)
                    except Exception:  # a full disk, a bug: it must not end the loop
                        log.exception("deliveries to %s wait: nothing is posted until this is mended", platform.name)
                        self.looked_at[platform.name] = self._clocks.monotonic()
                        await self._clocks.sleep(POLL_SECONDS)
        finally:
            self.looked_at.pop(platform.name, None)

    async def _round(
        self, platform: Platform, slots: asyncio.Semaphore, tasks: asyncio.TaskGroup, ending: asyncio.Event
    ) -> bool:
        """Plan and begin to deliver some of what is due; returns whether there was anything."""
        planned = await self._watch.plan_due(platform)
        begun = 0
        while begun < _MOST_IN_A_ROUND and not ending.is_set():
            await slots.acquire()
            try:
                claimed = await self._claim(platform, 1)
            except BaseException:
                slots.release()
                raise
            if not claimed:
                slots.release()
                break
            tasks.create_task(self._deliver(platform, claimed[0])).add_done_callback(lambda _: slots.release())
            begun += 1
            await self._clocks.sleep(1 / platform.posts_a_second)
        return bool(planned or begun)

    async def _rest(self, platform: Platform, ending: asyncio.Event) -> None:
        """Wait until something may be due, or somebody has decided something."""
        self._wakened.clear()
        seconds = min(await self._watch.seconds_until_due(platform), POLL_SECONDS)
        waiting = [
            asyncio.ensure_future(self._clocks.sleep(seconds)),
            asyncio.ensure_future(self._wakened.wait()),
            asyncio.ensure_future(ending.wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()

    async def deliver_due(self, platform: Platform) -> int:
        """Deliver everything that is due now, one after the other; returns how many posts were tried."""
        tried = 0
        while True:
            planned = await self._watch.plan_due(platform)
            claimed = await self._claim(platform, AT_ONCE)
            for occurrence in claimed:
                await self._deliver(platform, occurrence)
            tried += len(claimed)
            if not planned and not claimed:
                return tried

    async def deliver_one(self, platform: Platform, key: str) -> None:
        """Deliver one occurrence now, if it is due and nobody else is at it."""
        now = self._clocks.now()
        claimed = await self._claims.claim_one(key, now, now + LEASE)
        if claimed:
            await self._deliver(platform, claimed)

    async def _claim(self, platform: Platform, most: int) -> list[Occurrence]:
        self._step("before claim")
        self.looked_at[platform.name] = self._clocks.monotonic()
        now = self._clocks.now()
        claimed = await self._claims.claim(platform.name, now, now + LEASE, most)
        if claimed:
            self._step("after claim")
        return claimed

    def _tell(self, platform: Platform, tasks: asyncio.TaskGroup) -> None:
        """Begin to tell moderators what is new, unless that is under way; nobody's post waits for it."""
        telling = self._tellers.get(platform.name)
        if telling is None or telling.done():
            self._tellers[platform.name] = tasks.create_task(self._safely(self._telling.tell_moderators(platform)))

    async def _deliver(self, platform: Platform, occurrence: Occurrence) -> None:
        """Deliver one occurrence, unless this process is at it, whatever comes of it; nobody else's suffers."""
        if occurrence.key in self._under_way:
            return
        self._under_way.add(occurrence.key)
        try:
            await self._attempts.post_once(platform, occurrence)
        except Lost:
            log.info("another process has taken over a post in %s", occurrence.group)
        except DeliveryFailed as error:
            await self._safely(self._retries.after_failure(platform, occurrence, error))
        except TimeoutError:
            await self._safely(
                self._retries.after_failure(platform, occurrence, DeliveryFailed("the service does not answer"))
            )
        except UserError as error:
            await self._safely(
                self._retries.after_failure(platform, occurrence, DeliveryFailed(str(error), is_certain=True))
            )
        except Exception:  # a bug, a full disk: logged whole; the lease ends, and then it is looked for and tried again
            log.exception("a post in %s could not be delivered", occurrence.group)
            await self._safely(self._retries.after_mistake(platform, occurrence))
        finally:
            self._under_way.discard(occurrence.key)

    async def _safely(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:  # as above
            log.exception("what became of a post could not be recorded or told; it is tried again")
