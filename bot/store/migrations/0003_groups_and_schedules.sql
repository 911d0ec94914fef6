-- Groups that decided something, or for which something is planned, and since when Kruzhok is gone from them.
CREATE TABLE known_group (
    group_id TEXT NOT NULL PRIMARY KEY,
    server TEXT NOT NULL, -- empty where there is none
    left_at INTEGER -- milliseconds since 1970, UTC, as all times here; null while we are there
) STRICT;
CREATE INDEX known_group_by_server ON known_group (server);

-- What moderators decided: for a group, or for those of a server's groups that decided nothing else.
CREATE TABLE setting (
    scope TEXT NOT NULL, -- a group or a server
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT;

-- Which moderator changed what and when; kept for 90 days.
CREATE TABLE change (
    number INTEGER NOT NULL PRIMARY KEY,
    scope TEXT NOT NULL,
    member TEXT NOT NULL, -- the platform's number; empty once they had it deleted
    what TEXT NOT NULL,
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX change_by_scope ON change (scope, number);
CREATE INDEX change_by_member ON change (member);

-- Discussion prompts that moderators wrote for their group.
CREATE TABLE own_prompt (
    group_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    reading TEXT NOT NULL,
    question TEXT NOT NULL,
    place TEXT NOT NULL, -- the sentences it starts from, as 7.2-3
    added_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, number)
) STRICT;

-- Prompts that a group does not want, its own or the reading's.
CREATE TABLE prompt_set_aside (
    group_id TEXT NOT NULL,
    reading TEXT NOT NULL,
    prompt TEXT NOT NULL,
    PRIMARY KEY (group_id, reading, prompt)
) STRICT;

CREATE TABLE schedule (
    id TEXT NOT NULL PRIMARY KEY, -- of chance, so that no key of a post ever comes again
    platform TEXT NOT NULL,
    group_id TEXT NOT NULL,
    server TEXT NOT NULL,
    number INTEGER NOT NULL, -- how the group calls it
    what TEXT NOT NULL, -- what is posted, as it is typed: prompt section:3
    rule TEXT NOT NULL, -- when, as it is typed: thursdays 19:00
    zone TEXT NOT NULL, -- an IANA name
    start TEXT NOT NULL, -- the local date from which the rule counts
    handled TEXT NOT NULL, -- the local time up to which everything is posted or passed over; empty before the first
    next_at INTEGER, -- when the next occurrence is due; null if there is none, and while paused or removed
    tzdata TEXT NOT NULL, -- the version of the time-zone data by which next_at was computed
    computed_at INTEGER NOT NULL,
    paused TEXT NOT NULL, -- why it rests; empty while it runs
    paused_at INTEGER,
    removed_at INTEGER, -- kept for a week, to be brought back
    created_at INTEGER NOT NULL,
    UNIQUE (group_id, number)
) STRICT;
CREATE INDEX schedule_due ON schedule (platform, next_at);
CREATE INDEX schedule_by_server ON schedule (server);

-- Planned times of schedules that came near or about which something was decided: an outbox, and then the history.
CREATE TABLE occurrence (
    key TEXT NOT NULL PRIMARY KEY, -- made from schedule and local time; the post carries it
    schedule TEXT NOT NULL,
    platform TEXT NOT NULL,
    group_id TEXT NOT NULL,
    local TEXT NOT NULL, -- the local time that the rule promised, or when it was run by hand
    planned_at INTEGER NOT NULL,
    due_at INTEGER, -- when to try, or to try again if whoever tries does not finish; null if nothing is left to do
    state TEXT NOT NULL, -- waiting, posted, skipped or failed
    counted INTEGER NOT NULL, -- 0 if it was run by hand and uses nothing up
    item TEXT NOT NULL, -- what is posted, decided before the first attempt; empty before
    note TEXT NOT NULL, -- for moderators: moved, late, why it was skipped or failed
    holder TEXT NOT NULL, -- which process tries
    attempts INTEGER NOT NULL,
    first_try_at INTEGER,
    channel TEXT NOT NULL,
    message TEXT NOT NULL,
    link TEXT NOT NULL,
    thread TEXT NOT NULL,
    posted_at INTEGER,
    UNIQUE (schedule, local)
) STRICT;
CREATE INDEX occurrence_due ON occurrence (platform, due_at);
CREATE INDEX occurrence_by_group ON occurrence (group_id, planned_at);

-- What moderators are to be told: in the group's log channel, or when they next look at the schedules.
CREATE TABLE notice (
    number INTEGER NOT NULL PRIMARY KEY,
    platform TEXT NOT NULL,
    group_id TEXT NOT NULL,
    text TEXT NOT NULL,
    noticed_at INTEGER NOT NULL,
    told_at INTEGER
) STRICT;
CREATE INDEX notice_by_group ON notice (group_id, told_at);
