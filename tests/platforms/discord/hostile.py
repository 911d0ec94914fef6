"""Text that should come out as text."""

from hypothesis import strategies as st

SIGNS = (
    "@everyone", "@here", "<@1>", "<@&1>", "<#1>", "<t:1:R>", "</quote:1>", "<:x:1>", "**bold**", "__under__", "*i*",
    "_i_", "~~gone~~", "||hidden||", "`code`", "```block```", "# big", "## big", "### big", "-# small", "> quoted",
    ">>> all", "- item", "* item", "+ item", "1. item", "1986. A year", "[masked](https://x.org)", "https://x.org",
    "<https://x.org>", "mailto:a@x.org", "\\", "\\*", "\\\\*x*", "a\nb", "\n# b", "\u2028# c", "\u202eabc", "e\u0301",
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷🇩🇪", "👍🏽", "ก็", "한국", "שלום", "مرحبا", "漢字", "\x00", "\x1b[31m", "\ud800", "(p. 183)",
    ":smile:", ":wave::skin-tone-2:", "</quote:1>", "\u200b# x",
)  # fmt: skip

# Every character that Python knows, between signs that mean something to Discord.
TEXTS = st.lists(
    st.one_of(st.sampled_from(SIGNS), st.text(st.characters(exclude_categories=()), max_size=12), st.just(" ")),
    max_size=40,
).map("".join)
