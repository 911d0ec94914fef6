"""Where the posts of a group go."""

from bot.features.group_values import Values
from bot.features.posts import PROMPT, What
from bot.posting import Target
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
