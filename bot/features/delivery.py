"""Posts what is due: once, on time, and through crashes, lost answers and clocks that jump."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from bot.errors import DeliveryFailed, UserError
from bot.features.group_values import GroupValues, Values
from bot.features.planning import LATE, plan, put_right
from bot.features.posts import PROMPT, QUOTE, THE_END, Made, Posts, What
from bot.posting import Platform, Post, Receipt, Target
from bot.recurrence.zones import zone
from bot.reply import Prose, Reply, day_and_time
from bot.store.claims import LEASE, Claims
from bot.store.notices import Notices
from bot.store.occurrence import Occurrence, Planned
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

log = logging.getLogger(__name__)

_POST_SECONDS, _LOOK_SECONDS = 30.0, 60.0
# Between holding an occurrence and sending it no more than this may pass, or the process was stopped meanwhile.
_FRESH_SECONDS = 10.0
# A target that fails is tried for an hour, and several times however far a clock jumps.
GIVE_UP_AFTER, _FEWEST_ATTEMPTS = timedelta(hours=1), 5
_FIRST_RETRY, _LONGEST_RETRY = 5.0, 600.0
# What a mistake of ours keeps from being posted is given up after about as long.
_MOST_ATTEMPTS = 40
# Clocks of chat services and ours differ.
_SKEW = timedelta(minutes=2)
# A post is looked for from well before it was planned: our clock may have been ahead by an hour when it was made.
_LOOK_BACK = timedelta(hours=2)
# How often the outbox is looked at when nothing is known to be due; a clock that jumped is noticed by then.
POLL_SECONDS = 5.0
# Where rounds are further apart, the process or the machine was stopped, and may have been put back.
_GAP = timedelta(seconds=30)
AT_ONCE = 32
_PLANNED_AT_ONCE = 200
_MANY = 100

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Clocks:
    """What time it is (aware), seconds that never go back, and how to wait for some of them."""

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Sleep


class Lost(Exception):
    """Another process has taken the occurrence over."""


class Delivery:
    """The outbox, emptied: planned times are taken, made into posts, sent, and their receipts kept.

    Args:
        step: Told the name of each step of a delivery; tests end the process there.
    """

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        claims: Claims,
        notices: Notices,
        values: GroupValues,
        posts: Posts,
        clocks: Clocks,
        random: Random,
        step: Callable[[str], None],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._claims = claims
        self._notices = notices
        self._values = values
        self._posts = posts
        self._clocks = clocks
        self._random = random
        self._step = step
        self._wakened = asyncio.Event()
        # By platform: since when rounds came without a gap, and when the last one was.
        self._watched: dict[str, tuple[datetime, datetime | None]] = {}
        self._told: dict[str, int] = {}
        self._telling: dict[str, asyncio.Task[None]] = {}
        # The keys of what this process is at: a clock that jumps ends their leases, and they would be taken twice.
        self._under_way: set[str] = set()
        self._reported = 0
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
        planned = await self.plan_due(platform)
        begun = 0
        while begun < _PLANNED_AT_ONCE and not ending.is_set():
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
        coming = (await self._schedules.next_due(platform.name), await self._occurrences.next_due(platform.name))
        now = self._clocks.now()
        seconds = min((max(0.0, (time - now).total_seconds()) for time in coming if time), default=POLL_SECONDS)
        waiting = [
            asyncio.ensure_future(self._clocks.sleep(min(seconds, POLL_SECONDS))),
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
            planned = await self.plan_due(platform)
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
        telling = self._telling.get(platform.name)
        if telling is None or telling.done():
            self._telling[platform.name] = tasks.create_task(self._safely(self.tell_moderators(platform)))

    async def plan_due(self, platform: Platform) -> int:
        """Take due times of schedules into the outbox; returns how many schedules were due."""
        now = self._clocks.now()
        await self._notice_clock(platform, now)
        due = await self._schedules.due(platform.name, now, _PLANNED_AT_ONCE)
        if due:
            await self._report(platform, now)
            decided = await self._occurrences.to_come([schedule.id for schedule in due])
            plans = [await self._planned(each, now, decided[each.id]) for each in due]
            await self._occurrences.plan([each for each in plans if each], now)
        return len(due)

    async def _planned(self, schedule: Schedule, now: datetime, decided: set[str]) -> Planned | None:
        """Plan what is due of a schedule; one that cannot be computed is paused, and keeps nobody else waiting."""
        grace = await self._grace(schedule, now)
        try:
            return plan(schedule, now, grace, decided)
        except Exception:  # a zone that the data no longer has, a rule of a newer version
            log.exception("schedule %d of %s cannot be computed, and is paused", schedule.number, schedule.group)
        why = f"when it comes can no longer be computed ({schedule.rule}, {schedule.zone})"
        told = f"Schedule {schedule.number} is paused: {why}. /schedule add makes another."
        await self._occurrences.set_aside(schedule, why, told, now)
        return None

    async def _grace(self, schedule: Schedule, now: datetime) -> timedelta:
        """Return how late a post may come; a little is never too late."""
        if schedule.next_at is not None and now - schedule.next_at <= LATE:
            return LATE
        return max(LATE, (await self._values.at(schedule.group, schedule.server)).grace)

    async def _notice_clock(self, platform: Platform, now: datetime) -> None:
        """See whether the clock went on evenly; compute anew what a clock that was ahead, or other data, made of it."""
        since, latest = self._watched.get(platform.name, (now, None))
        went_back = latest is None or now < latest - _SKEW
        if latest is None or not timedelta(0) <= now - latest <= _GAP:
            since = now
        if went_back:
            await self._put_right(platform, now)
        self._watched[platform.name] = (since, now)

    async def _put_right(self, platform: Platform, now: datetime) -> None:
        longest = LEASE + timedelta(seconds=_LONGEST_RETRY * 2)
        await self._occurrences.put_right(platform.name, now, now + longest)
        outdated = await self._schedules.outdated(platform.name, now)
        for first in range(0, len(outdated), _PLANNED_AT_ONCE):
            some = outdated[first : first + _PLANNED_AT_ONCE]
            moves = []
            for each in some:
                decided = await self._occurrences.decided(each.id)
                with suppress(Exception):  # it is paused, and this is said, when it is due
                    moves.append(put_right(each, now, decided))
            await self._schedules.move(moves, now)

    async def _report(self, platform: Platform, now: datetime) -> None:
        """Say how long it takes where much is due at once."""
        number = await self._schedules.number_due(platform.name, now)
        number += await self._occurrences.number_due(platform.name, now)
        if number < _MANY:
            self._reported = 0
        elif number > self._reported:
            self._reported = number
            seconds = number / platform.posts_a_second
            log.info("%d posts are due on %s; the last goes out in about %.0f s", number, platform.name, seconds)

    async def _deliver(self, platform: Platform, occurrence: Occurrence) -> None:
        """Deliver one occurrence, unless this process is at it, whatever comes of it; nobody else's suffers."""
        if occurrence.key in self._under_way:
            return
        self._under_way.add(occurrence.key)
        try:
            await self._post_once(platform, occurrence)
        except Lost:
            log.info("another process has taken over a post in %s", occurrence.group)
        except DeliveryFailed as error:
            await self._safely(self._failed(platform, occurrence, error))
        except TimeoutError:
            await self._safely(self._failed(platform, occurrence, DeliveryFailed("the service does not answer")))
        except UserError as error:
            await self._safely(self._failed(platform, occurrence, DeliveryFailed(str(error), is_certain=True)))
        except Exception:  # a bug, a full disk: logged whole; the lease ends, and then it is looked for and tried again
            log.exception("a post in %s could not be delivered", occurrence.group)
            if occurrence.attempts > _MOST_ATTEMPTS:
                mistake = DeliveryFailed("this is a mistake of Kruzhok’s; its log says more")
                await self._safely(self._give_up(platform, occurrence, mistake))
        finally:
            self._under_way.discard(occurrence.key)

    async def _safely(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:  # as above
            log.exception("what became of a post could not be recorded or told; it is tried again")

    async def _post_once(self, platform: Platform, occurrence: Occurrence) -> None:
        """Take a delivery from where it is to its end.

        Raises:
            DeliveryFailed: It must be tried again.
            Lost: Somebody else has it now.
        """
        schedule = (await self._schedules.identified([occurrence.schedule])).get(occurrence.schedule)
        if schedule is None:
            await self._claims.miss(occurrence, "its schedule is no longer there", "", self._clocks.now())
            return
        values = await self._values.at(schedule.group, schedule.server)
        target = target_for(schedule, values)
        receipt = occurrence.receipt
        if receipt is None:
            receipt = await self._found(platform, target, occurrence)
            if receipt is None:
                receipt = await self._sent(platform, target, schedule, occurrence, values)
            else:
                await self._choose_again(schedule, occurrence)
            if receipt is None:
                return
        is_end = await self._item(occurrence) == THE_END
        wants_thread = target.threads and not receipt.thread and not is_end
        if occurrence.receipt is None:
            note = self._lateness(schedule, occurrence)
            is_done = not wants_thread and not is_end
            await self._claims.record(occurrence, receipt, self._clocks.now(), note, is_done)
            self._step("after record")
        if is_end:
            await self._claims.stop(occurrence, schedule, "everything was posted", "", self._clocks.now())
        elif wants_thread:
            there = replace(target, channel=receipt.channel)
            await self._open_thread(platform, there, schedule, occurrence, receipt)
        elif occurrence.receipt is not None:  # its thread is not wanted any more
            await self._claims.record_thread(occurrence, receipt.thread)

    async def _choose_again(self, schedule: Schedule, occurrence: Occurrence) -> None:
        """Use up what was posted, where an older copy of the database does not know it.

        The choice is the same as it was, but for quotes, which are chosen by chance.
        """
        if occurrence.item or What.parse(schedule.what).kind == QUOTE:
            return
        with suppress(UserError):
            if (await self._made(schedule, occurrence)).is_last:
                await self._claims.settle(occurrence, THE_END)

    async def _found(self, platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
        """Look before posting wherever a post may be there already.

        That is after any attempt; and where it was planned before this process watched, as an older copy of the
        database may have been put back.
        """
        since, _ = self._watched.get(platform.name, (self._clocks.now(), None))
        if occurrence.attempts <= 1 and occurrence.planned_at >= since:
            return None
        return await self._look(platform, target, occurrence)

    async def _look(self, platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
        self._step("before look")
        since = min(occurrence.planned_at, occurrence.first_try_at or occurrence.planned_at) - _LOOK_BACK
        for channel in dict.fromkeys((occurrence.channel or target.channel, target.channel)):
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    found = await platform.find(replace(target, channel=channel), occurrence.key, since)
            except DeliveryFailed as error:
                # One that is gone must not keep posts from the one that moderators chose instead.
                if channel == target.channel or not error.is_certain:
                    raise
                continue
            if found is not None:
                return found
        return None

    async def _sent(
        self, platform: Platform, target: Target, schedule: Schedule, occurrence: Occurrence, values: Values
    ) -> Receipt | None:
        """Post, unless it is no longer wanted; returns None then."""
        now = self._clocks.now()
        why = _withdrawn(schedule, occurrence, now, values)
        if not why and now - occurrence.planned_at > LATE and await self._occurrences.is_superseded(occurrence, now):
            why = "the next one has come meanwhile"
        if why:
            told = f"Schedule {schedule.number} ({schedule.what}): the post of {occurrence.local} was not made: {why}."
            await self._claims.miss(occurrence, why, "" if schedule.paused else told, now)
            return None
        made = await self._made(schedule, occurrence)
        if made.post is None:
            raise DeliveryFailed("no prompt is left: all are set aside", is_certain=True)
        if made.is_last:
            await self._claims.settle(occurrence, THE_END)
        self._step("after choice")
        post = _with_note(made.post, self._lateness(schedule, occurrence))
        if not await self._claims.hold(occurrence.key, self._clocks.now() + LEASE, target.channel):
            raise Lost
        held_at, held = self._clocks.now(), self._clocks.monotonic()
        self._step("before send")
        # While a machine sleeps, seconds are not counted, but its clock goes on.
        passed = (self._clocks.now() - held_at).total_seconds()
        if max(passed, self._clocks.monotonic() - held) > _FRESH_SECONDS:
            raise Lost
        async with asyncio.timeout(_POST_SECONDS):
            receipt = await platform.post(target, post, occurrence.key)
        self._step("after send")
        return receipt

    async def _made(self, schedule: Schedule, occurrence: Occurrence) -> Made:
        async def choose(reading: str, kind: str, choices: Sequence[str]) -> tuple[str, bool]:
            return await self._claims.choose(occurrence, reading, kind, choices, self._clocks.now())

        return await self._posts.make(schedule, choose, await self._item(occurrence))

    async def _item(self, occurrence: Occurrence) -> str:
        """Return what was decided to be posted, by whichever attempt."""
        kept = await self._occurrences.keyed(occurrence.key)
        return kept.item if kept else ""

    async def _open_thread(
        self, platform: Platform, target: Target, schedule: Schedule, occurrence: Occurrence, receipt: Receipt
    ) -> None:
        """Open the thread of a post, a step of its own."""
        made = await self._made(schedule, occurrence)
        thread = ""
        self._step("before thread")
        if made.post and made.post.subject:
            async with asyncio.timeout(_POST_SECONDS):
                thread = await platform.open_thread(target, receipt, made.post)
        self._step("after thread")
        await self._claims.record_thread(occurrence, thread)

    def _lateness(self, schedule: Schedule, occurrence: Occurrence) -> str:
        """Say that a post is late, if it is."""
        if occurrence.by_hand or self._clocks.now() - occurrence.planned_at <= LATE:
            return ""
        return f"Late: planned for {day_and_time(occurrence.planned_at.astimezone(zone(schedule.zone)))}."

    async def _failed(self, platform: Platform, occurrence: Occurrence, error: DeliveryFailed) -> None:
        """Try again later; after an hour give up."""
        now = self._clocks.now()
        occurrence = await self._occurrences.keyed(occurrence.key) or occurrence  # it may be posted by now
        began = occurrence.first_try_at or now
        if occurrence.attempts < _FEWEST_ATTEMPTS or now - began < GIVE_UP_AFTER:
            note = occurrence.note if occurrence.receipt else str(error)
            await self._claims.retry(occurrence, now + self._pause(occurrence, error), note)
            log.warning("a post in %s failed, and is tried again: %s", occurrence.group, error)
            self._step("to be tried again")
        else:
            await self._give_up(platform, occurrence, error)

    async def _give_up(self, platform: Platform, occurrence: Occurrence, error: DeliveryFailed) -> None:
        """Let the schedule rest with the reason, and tell its moderators once; what was posted stays posted."""
        now = self._clocks.now()
        schedule = (await self._schedules.identified([occurrence.schedule])).get(occurrence.schedule)
        number = schedule.number if schedule else 0
        log.warning("a post in %s failed for an hour, and is given up: %s", occurrence.group, error)
        self._step("given up")
        if schedule and not occurrence.receipt and not error.is_certain:
            values = await self._values.at(schedule.group, schedule.server)
            receipt = await self._last_look(platform, target_for(schedule, values), occurrence)
            if receipt is not None:
                await self._claims.record(occurrence, receipt, now, "", is_done=True)
                return
        if occurrence.receipt is not None:
            told = f"The post of schedule {number} is there, but it has no thread: {error}."
            await self._claims.stop(occurrence, None, str(error), told, now)
        elif occurrence.by_hand:
            told = f"Schedule {number} could not be run by hand: {error}."
            await self._claims.give_up(occurrence, None, str(error), told, now)
        else:
            told = f"Schedule {number} is paused: {error}. When that is put right: /schedule resume {number}"
            await self._claims.give_up(occurrence, schedule, str(error), told, now)

    async def _last_look(self, platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
        """Look whether the last attempt got through after all, as far as that can be seen."""
        try:
            return await self._look(platform, target, occurrence)
        except Exception as error:  # a mistake of ours too: it must not keep us from giving up
            log.info("it cannot be seen whether the last attempt got through: %r", error)
            return None

    def _pause(self, occurrence: Occurrence, error: DeliveryFailed) -> timedelta:
        """Return how long to wait: twice as long each time, with jitter, and as long as the service asks for."""
        doubled = min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** max(0, occurrence.attempts - 1))
        jitter = 0.5 + self._random.random()
        return timedelta(seconds=max(doubled * jitter, error.retry_after or 0.0))

    async def tell_moderators(self, platform: Platform) -> None:
        """Tell moderators in their channel for notices what is new; without one they read it in the schedules' list."""
        for notice in await self._notices.after(platform.name, self._told.get(platform.name, 0)):
            self._told[platform.name] = notice.number
            schedules = await self._schedules.of(notice.group)
            server = schedules[0].server if schedules else ""
            channel = (await self._values.at(notice.group, server)).number("notices")
            if not channel:
                continue
            target = Target(notice.group, server, channel, threads=False)
            key = f"notice-{notice.number}"
            try:
                async with asyncio.timeout(_POST_SECONDS):
                    if not await platform.find(target, key, notice.noticed_at - _SKEW):
                        await platform.post(target, Post(Reply("For moderators", (Prose(notice.text),))), key)
            except (DeliveryFailed, TimeoutError) as error:
                log.warning("moderators of %s could not be told: %s", notice.group, error)
            else:
                await self._notices.told([notice.number], self._clocks.now())


def target_for(schedule: Schedule, values: Values) -> Target:
    """Return where a schedule's posts go."""
    return target_of(schedule.group, schedule.server, What.parse(schedule.what), values)


def target_of(group: str, server: str, what: What, values: Values) -> Target:
    """Return where posts of one kind go in a group; only prompts get threads, and mention anybody."""
    is_prompt = what.kind == PROMPT
    return Target(
        group=group,
        server=server,
        channel=values.number("channel") or group.partition(":")[2],
        threads=is_prompt and values.is_on("threads"),
        tag=values.number("tag"),
        role=values.number("mention") if is_prompt else "",
    )


def _withdrawn(schedule: Schedule, occurrence: Occurrence, now: datetime, values: Values) -> str:
    """Return why an occurrence is not posted any more, if so."""
    if schedule.removed_at is not None:
        return "the schedule was removed"
    if schedule.paused and not occurrence.by_hand:
        return "the schedule was paused"
    if now - occurrence.planned_at > values.grace + GIVE_UP_AFTER:
        return "it would have come too late"
    return ""


def _with_note(post: Post, note: str) -> Post:
    """Return a post that begins with a note, if there is one."""
    if not note:
        return post
    reply = post.reply
    return replace(post, reply=Reply(reply.title, (Prose(note), *reply.pieces), actions=reply.actions))
