"""Asks the running bot how it is: for containers, which start what is not well anew."""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping

from bot.settings import HealthSettings, read_configuration

WELL, UNWELL = 0, 1
NOWHERE = "Nobody can be asked: set KRUZHOK_HEALTH, for the running bot and here, like 127.0.0.1:8008."
SILENT = "No bot answers at {address}. Is it running, with the same KRUZHOK_HEALTH?"
# With what it takes to be started this is within five seconds.
_SECONDS = 3.0
_LONGEST_ANSWER = 65_536
# An address that stands for all of the machine's is reached at its own.
_OWN = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nobody listens there


async def health(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Say how the running bot is; returns 0 if it is well, and otherwise 1.

    Raises:
        SettingsError: What is configured cannot be.
    """
    settings = read_configuration(environment).health
    if settings is None:
        print(NOWHERE, file=sys.stderr)
        return UNWELL
    try:
        async with asyncio.timeout(_SECONDS):
            report = json.loads(await _ask(settings))
        reasons = [str(each) for each in report["reasons"]]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        print(SILENT.format(address=f"{settings.host}:{settings.port}"), file=sys.stderr)
        return UNWELL
    for reason in reasons:
        print(reason, file=sys.stderr)
    if not reasons:
        print("All is well.")
    return UNWELL if reasons else WELL


async def _ask(settings: HealthSettings) -> str:
    """Return the body of the answer."""
    reader, writer = await asyncio.open_connection(_OWN.get(settings.host, settings.host), settings.port)
    try:
        writer.write(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b""
        while len(answer) < _LONGEST_ANSWER and (part := await reader.read(_LONGEST_ANSWER)):
            answer += part
    finally:
        writer.close()
    return answer.decode("utf-8").partition("\r\n\r\n")[2]
