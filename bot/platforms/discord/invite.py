"""The two links by which people get the bot: into a server, or for themselves."""

import discord

from bot.platforms.discord.permissions import ALL
from bot.platforms.discord.proxy import use_proxies
from bot.platforms.discord.serving import refusals_told
from bot.settings import DiscordSettings

AUTHORIZE = "https://discord.com/oauth2/authorize"
_IN_SERVER, _FOR_ONESELF = 0, 1  # Discord's integration types


async def invitation(settings: DiscordSettings) -> str:
    """Return both links; Discord is asked which application the token belongs to.

    Raises:
        CannotServe: Discord refuses the token, or cannot be reached.
    """
    use_proxies(settings)
    async with refusals_told(), discord.Client(intents=discord.Intents(guilds=True)) as client:
        await client.login(settings.token)
        application = client.application_id or 0
    return (
        f"For a server:\n    {server_link(application)}\nFor yourself, to use anywhere:\n    {user_link(application)}"
    )


def server_link(application: int) -> str:
    """Return the link that adds the bot to a server, with exactly the permissions that it uses."""
    wanted = f"permissions={ALL.value}&integration_type={_IN_SERVER}&scope=bot+applications.commands"
    return f"{AUTHORIZE}?client_id={application}&{wanted}"


def user_link(application: int) -> str:
    """Return the link that gives somebody the commands wherever they are."""
    return f"{AUTHORIZE}?client_id={application}&integration_type={_FOR_ONESELF}&scope=applications.commands"
