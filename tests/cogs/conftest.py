"""The circle of the Discord tests, and what holds for each of them."""

from tests.platforms.discord.conftest import circle, nothing_went_wrong, objections

__all__ = ("circle", "nothing_went_wrong", "objections")
