"""Asks whoever sits at the terminal, and nobody where there is none."""

import asyncio
import getpass
import sys

from bot.errors import UserError

NOBODY = "There is nobody to ask for {what}. Say it with {flag}."


class Questions:
    """What is asked; ``is_yes`` answers what needs only a yes."""

    def __init__(self, is_yes: bool) -> None:
        self._is_yes = is_yes
        self.is_possible = sys.stdin.isatty() and not is_yes

    def text(self, prompt: str, flag: str) -> str:
        """Ask for a line; returns nothing if nothing is typed.

        Raises:
            UserError: There is nobody to ask.
        """
        self._require(prompt, flag)
        print(f"{prompt}: ", end="", flush=True)
        return sys.stdin.readline().strip()

    def secret(self, prompt: str, flag: str) -> str:
        """Ask for a line that is not shown.

        Raises:
            UserError: There is nobody to ask.
        """
        self._require(prompt, flag)
        return getpass.getpass(f"{prompt} (not shown): ").strip()

    def agrees(self, question: str) -> bool:
        """Ask for a yes, which Enter is."""
        if not self.is_possible:
            return self._is_yes
        print(f"{question} [Y/n] ", end="", flush=True)
        return sys.stdin.readline().strip().casefold() in ("", "y", "yes")

    async def line(self, prompt: str) -> str:
        """Ask for a line while other things go on."""
        print(f"{prompt}: ", end="", flush=True)
        loop = asyncio.get_running_loop()
        typed: asyncio.Future[str] = loop.create_future()

        def read() -> None:
            if not typed.done():
                typed.set_result(sys.stdin.readline())

        loop.add_reader(sys.stdin.fileno(), read)
        try:
            return (await typed).strip()
        finally:
            loop.remove_reader(sys.stdin.fileno())

    def _require(self, what: str, flag: str) -> None:
        if not self.is_possible:
            raise UserError(NOBODY.format(what=what[:1].lower() + what[1:], flag=flag))
