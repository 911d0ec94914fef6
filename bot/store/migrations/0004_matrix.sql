-- How far each account has read what its homeserver has for it.
CREATE TABLE matrix_stream (
    account TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL
) STRICT;

-- What members asked and what was not answered yet, as the server delivered it: encrypted where the room is.
CREATE TABLE matrix_command (
    number INTEGER NOT NULL PRIMARY KEY,
    group_id TEXT NOT NULL,
    event TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL, -- JSON
    state TEXT NOT NULL, -- waiting, begun, unreadable, or told that it is
    session TEXT NOT NULL, -- the one whose key is missing; empty where none is
    received_at INTEGER NOT NULL -- milliseconds since 1970, UTC, as all times here
) STRICT;
CREATE INDEX matrix_command_by_group ON matrix_command (group_id, state, number);

-- Answers on their way, until the server has them.
CREATE TABLE matrix_message (
    number INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL UNIQUE, -- the transaction's id, made from what is answered: the server takes it once
    group_id TEXT NOT NULL, -- where it goes
    command TEXT NOT NULL, -- the event that it answers
    asked_in TEXT NOT NULL, -- the group in which that was
    kind TEXT NOT NULL, -- the event's type
    content TEXT NOT NULL, -- JSON
    reactions TEXT NOT NULL, -- JSON: what a reaction to it asks for, by the emoji
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX matrix_message_by_group ON matrix_message (group_id, number);

-- Which of our messages answers which event, so that nothing is answered twice and reactions and redactions are known.
CREATE TABLE matrix_answer (
    event TEXT NOT NULL PRIMARY KEY, -- ours
    group_id TEXT NOT NULL,
    command TEXT NOT NULL, -- the event that it answers; empty for scheduled posts
    asked_in TEXT NOT NULL,
    thread TEXT NOT NULL, -- the event that the thread of it began with; empty outside threads
    reactions TEXT NOT NULL,
    answered_at INTEGER NOT NULL
) STRICT;
CREATE INDEX matrix_answer_by_command ON matrix_answer (command);
CREATE INDEX matrix_answer_by_time ON matrix_answer (answered_at);

-- Which poll was started under which post; votes stay with the server.
CREATE TABLE matrix_poll (
    post TEXT NOT NULL PRIMARY KEY,
    group_id TEXT NOT NULL,
    poll TEXT NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;
