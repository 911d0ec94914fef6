"""The homeserver that most tests share, and people on it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.platforms.matrix.circle import circle, gathering  # noqa: F401 - fixtures
from tests.platforms.matrix.plain import Plain, plain
from tests.platforms.matrix.synapse import Synapse, running

Member = Callable[..., Awaitable[Plain]]


@pytest.fixture(scope="session")
def homeserver() -> Iterator[Synapse]:
    """A Synapse without limits; tests take fresh users and rooms, and neither stop nor kill it."""
    with running() as server:
        yield server


@pytest.fixture
async def member(homeserver: Synapse) -> AsyncIterator[Member]:
    """Bring somebody new who reads and writes without encryption: ``await member()``, ``await member("moderator")``."""
    async with AsyncExitStack() as exits:

        async def new(prefix: str = "member") -> Plain:
            user = await homeserver.register(homeserver.fresh(prefix))
            return await exits.enter_async_context(plain(homeserver.address, user))

        yield new
