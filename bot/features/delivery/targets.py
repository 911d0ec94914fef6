"""Where the posts of a group go, and whether they can."""

from bot.errors import Refused
from bot.features.group_values import Values
from bot.features.posts import PROMPT, What
from bot.posting import Platform, Target
from bot.store.schedules import Schedule


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


async def refuse_without_permission(platform: Platform, schedule: Schedule, values: Values) -> None:
    """Refuse where a post could not be made, or not be found again after a crash.

    Raises:
        Refused: It names what is missing.
    """
    missing = await platform.missing(target_for(schedule, values))
    if missing:
        raise Refused(" ".join(missing))
