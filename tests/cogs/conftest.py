"""The circle of the Discord tests."""

from tests.platforms.discord.conftest import circle, nothing_went_wrong

__all__ = ("circle", "nothing_went_wrong")
