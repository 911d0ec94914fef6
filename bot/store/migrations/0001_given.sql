-- What a group was given without asking for it by name, so that nothing comes again before everything has.
CREATE TABLE given (
    group_id TEXT NOT NULL,
    reading TEXT NOT NULL,
    kind TEXT NOT NULL,
    item TEXT NOT NULL,
    given_at INTEGER NOT NULL, -- milliseconds since 1970, UTC
    PRIMARY KEY (group_id, reading, kind, item)
) STRICT;
