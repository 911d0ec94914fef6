"""The settings of a circle as one private message: a menu chooses one, a form changes it, and the message is edited.

Nothing of it is kept in memory: the menu and the forms carry what they mean in their custom ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self, cast

import discord
from discord import ui

from bot.caller import Caller
from bot.characters import one_line
from bot.errors import Refused, UserError
from bot.features.group_settings import SCOPES, shown_settings
from bot.features.group_values import HERE, NONE, Setting
from bot.features.setting_values import DEFAULT, SWITCHABLE, setting_named
from bot.platforms.discord import custom_id, limits
from bot.platforms.discord.buttons import Pages, buttons
from bot.platforms.discord.custom_id import CHOOSE, Press
from bot.platforms.discord.interaction import Interaction, caller, look_up, server, values
from bot.platforms.discord.moderators import ONLY_MODERATORS
from bot.platforms.discord.offering import CHANNELS, forum_of
from bot.platforms.discord.render import View, parts, view
from bot.platforms.discord.respond import answering, defer, in_time, send, show
from bot.reply import Reply

FORM, FILE_FORM = "k1setting:", "k1import:"
CHOICE = "Change a setting …"
_VALUE, _SCOPE = "value", "scope"
_MOST_TOML = 4000
_LABEL, _TITLE, _DESCRIPTION = 45, 45, 100
_SCOPE_NAMES = {"here": "This channel", "server": "Every channel of the server that has not chosen otherwise"}


async def show_dashboard(interaction: Interaction) -> None:
    """Answer with the settings, and a menu to change them."""
    async with answering(interaction):
        reply = await in_time(
            interaction, interaction.client.app.group_settings.show(caller(interaction)), private=True
        )
        await send(interaction, await _dashboard(interaction, reply), private=True)


async def _dashboard(interaction: Interaction, settings: Reply, changed: Reply | None = None) -> View:
    """Lay the settings out in one message, under what was changed just now."""
    news = changed or Reply("")
    said = tuple(piece for piece in news.pieces if piece not in settings.pieces)
    shown = Reply(settings.title, (*said, *settings.pieces), actions=(*news.actions[:1], *settings.actions))
    pages = Pages("", 1, 1, interaction.user.id)
    # There is one part only, whatever channels and roles are called and however much is missing: /config check tells.
    first, *_ = parts(shown, interaction.client.mentions)
    made = view(first, await buttons(interaction, shown, pages, private=False))
    container = next(each for each in made.children if isinstance(each, ui.Container))
    container.add_item(ui.ActionRow(_menu(interaction)))
    return made


def _menu(interaction: Interaction) -> ui.Select[View]:
    options = [
        discord.SelectOption(label=each.name, description=limits.fit(each.about, _DESCRIPTION))
        for each in shown_settings(caller(interaction))
    ]
    return ui.Select(custom_id=Press(CHOOSE).custom_id, placeholder=CHOICE, min_values=1, max_values=1, options=options)


class ChooseSetting(ui.DynamicItem[ui.Select[Any]], template=custom_id.template(CHOOSE)):
    """The menu: opens the form of a setting."""

    @classmethod
    async def from_custom_id(cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: object) -> Self:
        """Make it of its custom id."""
        return cls(cast("ui.Select[Any]", item))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the form."""
        async with answering(interaction):
            await look_up(interaction)
            _moderator(interaction)
            setting = setting_named(self.item.values[0])
            form = ui.Modal(title=limits.fit(setting.name, _TITLE), custom_id=f"{FORM}{setting.name}")
            for label in _fields(interaction, setting):
                form.add_item(label)
            await _open(interaction, form)


async def ask_for_text(interaction: Interaction, scope: str) -> None:
    """Open a form for TOML, which has lines as slash commands have not."""
    async with answering(interaction):
        form = ui.Modal(title="Settings as TOML", custom_id=f"{FILE_FORM}{one_line(scope)[:20]}")
        text: ui.TextInput[Any] = ui.TextInput(
            custom_id=_VALUE, style=discord.TextStyle.paragraph, required=True, max_length=_MOST_TOML
        )
        form.add_item(ui.Label(text="What /config export gave out", component=text))
        await _open(interaction, form)


async def _open(interaction: Interaction, form: ui.Modal) -> None:
    # It is stopped at once: discord.py must not keep it, and what comes back is understood by its custom id.
    form.stop()
    await interaction.response.send_modal(form)


def _moderator(interaction: Interaction) -> Caller:
    """Return whoever asks, if they are a moderator, in a server.

    Raises:
        Refused: They are not.
    """
    who = caller(interaction)
    if interaction.guild_id is None or not who.is_moderator:
        raise Refused(ONLY_MODERATORS)
    return who


def _fields(interaction: Interaction, setting: Setting) -> Iterator[ui.Label[Any]]:
    """Give the fields of a setting's form: its value, and for whom."""
    value = values(interaction)[setting.name]
    yield ui.Label(
        text=limits.fit(setting.name, _LABEL),
        description=limits.fit(f"{setting.about} {setting.values}", _DESCRIPTION),
        component=_field(interaction, setting, value),
    )
    scopes = [
        discord.SelectOption(label=limits.fit(_SCOPE_NAMES[each], limits.LABEL), value=each, default=each == SCOPES[0])
        for each in SCOPES
    ]
    where: ui.Select[Any] = ui.Select(custom_id=_SCOPE, options=scopes, min_values=1, max_values=1, required=True)
    yield ui.Label(text="For", component=where)


def _field(interaction: Interaction, setting: Setting, value: str) -> ui.Item[Any]:
    """Return what a setting's value is given in, with what it is now."""
    match setting.kind:
        case "channel":
            return ui.ChannelSelect(
                custom_id=_VALUE,
                channel_types=[*CHANNELS, discord.ChannelType.public_thread, discord.ChannelType.private_thread],
                min_values=0,
                max_values=1,
                default_values=_present(interaction, setting, value),
                required=False,
            )
        case "mention" | "role":
            known = _present(interaction, setting, value)
            return ui.RoleSelect(custom_id=_VALUE, min_values=0, max_values=1, default_values=known, required=False)
        case "switch" | "choice":
            return _select((*setting.choices, DEFAULT), [value])
        case "commands":
            return _select(SWITCHABLE, value.split(", "), several=True)
        case "tag" if forum := forum_of(interaction):
            tags = {str(tag.id): tag.name for tag in forum.available_tags[: limits.CHOICES - 1]}
            return _select((NONE, *tags), [value], names=tags)
        case _:
            return ui.TextInput(custom_id=_VALUE, default=value, required=False, max_length=limits.CHOICE)


def _present(interaction: Interaction, setting: Setting, value: str) -> list[discord.SelectDefaultValue]:
    """Return the channel or role that is chosen now, if it is still there; Discord refuses others."""
    guild = server(interaction)
    if guild is None or not value.isdecimal():
        return []
    is_channel = setting.kind == "channel"
    found = guild.get_channel_or_thread(int(value)) if is_channel else guild.get_role(int(value))
    if found is None:
        return []
    kind = discord.SelectDefaultValueType.channel if is_channel else discord.SelectDefaultValueType.role
    # Discord's document has a string here, as all its numbers are; discord.py would send what it is given.
    return [discord.SelectDefaultValue(id=cast(int, str(found.id)), type=kind)]


def _select(
    offered: Sequence[str], chosen: Sequence[str], names: Mapping[str, str] | None = None, several: bool = False
) -> ui.Select[Any]:
    """Return a menu of values; of several, also none can be chosen.

    Args:
        names: What values are called that are not shown as they are.
    """
    called = names or {}
    options = [
        discord.SelectOption(
            label=limits.fit(called.get(each, each), limits.CHOICE), value=each, default=each in chosen
        )
        for each in offered
    ]
    fewest, most = (0, len(options)) if several else (1, 1)
    return ui.Select(custom_id=_VALUE, options=options, min_values=fewest, max_values=most, required=not several)


async def submitted(interaction: Interaction) -> None:
    """Take in a form that was sent, also one that was opened before a restart."""
    given: Mapping[str, Any] = cast(Mapping[str, Any], interaction.data or {})
    name = str(given.get("custom_id", ""))
    async with answering(interaction):
        await look_up(interaction)
        who = _moderator(interaction)
        sent = dict(_sent(given.get("components", ())))
        app = interaction.client.app
        if name.startswith(FILE_FORM):
            work = app.settings_file.take_in(who, sent.get(_VALUE, ""), name.removeprefix(FILE_FORM))
            await show(interaction, await in_time(interaction, work, private=True), private=True)
            return
        if not name.startswith(FORM):
            raise UserError("This form is from another version of Kruzhok. Open it anew: /config show")
        setting = setting_named(name.removeprefix(FORM))
        await _change(interaction, who, setting, sent.get(_VALUE, ""), sent.get(_SCOPE, SCOPES[0]))


async def _change(interaction: Interaction, who: Caller, setting: Setting, value: str, scope: str) -> None:
    """Change a setting, and show the dashboard in its place."""
    empty = {"channel": HERE if setting.default == HERE else NONE, "commands": NONE, "mention": NONE, "role": NONE}
    app = interaction.client.app
    if interaction.message is None:
        await defer(interaction, private=True)
    elif not interaction.response.is_done():
        await interaction.response.defer()
    changed = await app.group_settings.change(who, value or empty.get(setting.kind, DEFAULT), scope, setting=setting)
    settings = await app.group_settings.show(who)
    await interaction.edit_original_response(view=await _dashboard(interaction, settings, changed))


def _sent(components: Any) -> Iterator[tuple[str, str]]:
    """Give what stands in the fields of a form, by their custom ids; of several values, all."""
    for each in components:
        field = each.get("component", each)
        if "custom_id" in field:
            several = field.get("values")
            yield str(field["custom_id"]), " ".join(several) if several is not None else str(field.get("value", ""))
        yield from _sent(field.get("components", ()))
