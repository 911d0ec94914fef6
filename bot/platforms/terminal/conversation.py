"""What one person types into the chat: a command, the number of an action, or a goodbye."""

from bot.caller import Caller
from bot.commands import PREFIXES, Commands, Failure, safely
from bot.reply import Action, Prose, Reply

PROMPT = "> "
LEAVING = ("quit", "exit")


class Conversation:
    """What one person types; the numbered actions are those of the last answer."""

    def __init__(self, commands: Commands, caller: Caller, actions: tuple[Action, ...] = ()) -> None:
        self._commands = commands
        self._caller = caller
        self._actions = actions

    async def answer(self, typed: str) -> Reply | Failure:
        """Answer a line, or the number of an action."""
        line = self._chosen(typed.strip())
        answer = await safely(self._commands.answer(self._caller, line))
        if isinstance(answer, Failure) and not self._is_command(line):
            answer = _not_a_command(answer, line)
        if isinstance(answer, Reply):
            self._actions = answer.actions
        return answer

    def _chosen(self, line: str) -> str:
        if line.isascii() and line.isdigit() and len(line) == 1 and 1 <= int(line) <= len(self._actions):
            return self._actions[int(line) - 1].line
        return line

    def _is_command(self, line: str) -> bool:
        first = line.split(None, 1)[0].casefold() if line else ""
        return first.startswith(PREFIXES) or any(first == each.name.split()[0] for each in self._commands.all)


def _not_a_command(failure: Failure, line: str) -> Reply:
    words = " ".join(line.split())
    return Reply(
        "Not a command",
        (Prose(failure.message), Prose("To look for it in the text:")),
        actions=(Action("Quote", f"quote {words}"), Action("Search", f"search {words}")),
    )


def is_leaving(line: str) -> bool:
    """Whether a line says goodbye."""
    return line.strip().lstrip("".join(PREFIXES)).casefold() in LEAVING
