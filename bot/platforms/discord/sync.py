"""Sends the commands to Discord when they changed, in one scope: everywhere."""

import hashlib
import json
import logging
from typing import Any

from discord import app_commands

from bot.store.published import Published

log = logging.getLogger(__name__)


def hash_of(tree: app_commands.CommandTree[Any]) -> str:
    """Return a hash of all that Discord is told about the commands."""
    payload = [command.to_dict(tree) for command in tree.get_commands()]
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


async def sync(tree: app_commands.CommandTree[Any], published: Published, application: int) -> dict[str, int]:
    """Make Discord know these commands, and return their ids by what is typed, subcommands too."""
    hash_ = hash_of(tree)
    ids = await published.ids(str(application), hash_)
    if ids is None:
        ids = {command.name: command.id for command in await tree.sync()}
        missing = sorted({command.name for command in tree.get_commands()} - ids.keys())
        if missing:
            # Not recorded, so that they are sent again at the next start.
            log.warning("Discord did not take these commands: %s", ", ".join(missing))
        else:
            await published.record(str(application), hash_, ids)
    slash = (each for each in tree.walk_commands() if isinstance(each, app_commands.Command))
    known = ((each.qualified_name, ids.get(each.qualified_name.split()[0])) for each in slash)
    return {name: number for name, number in known if number is not None}
