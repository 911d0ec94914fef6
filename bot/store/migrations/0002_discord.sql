-- What buttons stand for whose command line does not fit into Discord's 100 characters; nothing about who pressed them.
CREATE TABLE button_line (
    key TEXT NOT NULL PRIMARY KEY, -- made from the line, so that equal lines are one row
    line TEXT NOT NULL,
    created_at INTEGER NOT NULL -- milliseconds since 1970, UTC; the last time that it was offered
) STRICT;

-- The commands that an application has on Discord, so that they are sent again only when they changed.
CREATE TABLE published_commands (
    application TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    ids TEXT NOT NULL -- JSON: Discord's id of each command, by its name
) STRICT;
