"""What a setting brings about, as the sentence that moderators read when they change it."""

from collections.abc import Callable, Mapping

from bot.features.group_values import AGAIN, DEFAULTS, Values


def _late(values: Values) -> str:
    hours = values["grace"]
    if hours == "0":
        return "A post that was missed by more than a few minutes is left out."
    how_late = f"{hours} hour{'s' if hours != '1' else ''}"
    return f"A post that was missed is made up to {how_late} late, and says so; later it is left out."


CONSEQUENCES: Mapping[str, Callable[[Values], str]] = {
    "reading": lambda values: "Quotes, summaries and prompts come from it from now on.",
    "threads": lambda values: (
        "Each scheduled prompt gets a thread of its own, where it is discussed."
        if values.is_on("threads")
        else "Scheduled prompts get no threads; people answer below them."
    ),
    "mention": lambda values: (
        "Whom it names is notified of each scheduled prompt, and nobody else."
        if values.number("mention")
        else "Scheduled prompts mention nobody."
    ),
    "length": lambda values: f"/quote gives one {values['length']} at a time.",
    "private": lambda values: (
        "Only those who ask see their answers."
        if values.is_on("private")
        else "Everybody sees what is asked and answered."
    ),
    "off": lambda values: (
        f"Nobody can use {', '.join(f'/{name}' for name in sorted(values.off))} here; schedules go on."
        if values.off
        else "All commands can be used here."
    ),
    "moderators": lambda values: (
        "Its members may use /config, /schedule and /prompts. Discord shows these to members without “Manage Server” "
        "only where Server Settings → Integrations → Kruzhok says so."
        if values["moderators"] != DEFAULTS["moderators"]
        else "Members with the permission “Manage Server” are moderators, and nobody else."
    ),
    "notices": lambda values: (
        "What goes wrong is told there." if values.number("notices") else "What goes wrong is told in /schedule list."
    ),
    "grace": _late,
    "afterwards": lambda values: (
        "When everything was used, schedules say so and begin again."
        if values["afterwards"] == AGAIN
        else "When everything was used, schedules say so and stop."
    ),
    "prefix": lambda values: f"Commands begin with {values['prefix']} here, such as {values['prefix']}quote Cheka.",
}
