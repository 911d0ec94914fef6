"""Takes the help of slash commands from the features' docstrings, where it is written once."""

import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar

from discord import app_commands

from bot.commands import command
from bot.reply import Reply

PRIVATE = "Whether only you see the answer."

_Callback = TypeVar("_Callback", bound=Callable[..., object])


def documented_by(run: Callable[..., Awaitable[Reply]]) -> Callable[[_Callback], _Callback]:
    """Describe a slash command and its options as a feature's method describes itself."""
    # A method of the class has self before the caller; bound to nothing, it has the shape that commands have.
    described = command("", run.__get__(object()))

    def describe(callback: _Callback) -> _Callback:
        callback.__doc__ = described.about
        options = {argument.name: argument.about for argument in described.arguments}
        if "private" in inspect.signature(callback).parameters:
            options["private"] = PRIVATE
        return app_commands.describe(**options)(callback)

    return describe
