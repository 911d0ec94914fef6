"""What is asked on every platform, to see that it says the same as the others."""

import re
from collections import Counter

QUESTIONS = (
    "quote Cheka",
    "quote Kronstadt section:4",
    "quote lesser evil",
    "quote naval bae",
    "quote Trotsky after:7.1",
    "quote xylophone",
    "search Cheka",
    "search Serge page:2",
    "search Trotsky section:4",
    "search xylophone",
    "read ¶7",
    "read 7.2",
    "read 3",
    "read 1 page:2",
    "read ¶1",
    "contents",
    "summary 1",
    "summary 2",
    "summary 5",
    "glossary",
    "glossary Cheka",
    "glossary Weissman",
    "glossary timeline",
    "glossary 1936",
    "cite",
    "cite 7.2 style:mla",
    "cite ¶7 style:apa",
    "verify self-inflicted death in 1918",
    "help quote",
    "about",
)


def words(shown: str) -> Counter[str]:
    """Return the words of what is shown, and how often each is there."""
    return Counter(re.findall(r"\w+", shown))
