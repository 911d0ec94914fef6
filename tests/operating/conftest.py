"""The homeserver that the Matrix tests have, and Discord's own document, against which requests are held."""

from tests.platforms.discord.conftest import objections as objections
from tests.platforms.matrix.conftest import homeserver as homeserver
from tests.platforms.matrix.conftest import member as member
