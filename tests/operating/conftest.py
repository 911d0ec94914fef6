"""The homeserver that the Matrix tests have, for those here too."""

from tests.platforms.matrix.conftest import homeserver as homeserver
from tests.platforms.matrix.conftest import member as member
