-- The first ledger. Moments are microseconds since 1970-01-01 UTC, so that they compare as numbers in both databases.

-- What was read from a vendor, in its newest version. `updated` is the source's clock, `learnt` is ours.
CREATE TABLE fact (
    kind TEXT NOT NULL,
    connection TEXT NOT NULL,
    id TEXT NOT NULL,
    parent TEXT NOT NULL,
    status TEXT NOT NULL,
    updated BIGINT NOT NULL,
    learnt BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, connection, id)
);
CREATE INDEX fact_parent ON fact (kind, connection, parent);
CREATE INDEX fact_learnt ON fact (kind, connection, learnt);

-- How far a feed was read. `complete` is when the last read that reached the end began.
CREATE TABLE cursor (
    connection TEXT NOT NULL,
    feed TEXT NOT NULL,
    value TEXT,
    moved BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    PRIMARY KEY (connection, feed)
);

-- Where a cursor stood, about once an hour: reconciliation reads again from one of these.
CREATE TABLE cursor_mark (
    connection TEXT NOT NULL,
    feed TEXT NOT NULL,
    moved BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (connection, feed, moved)
);

-- One outcome that must happen once. `sent` means: the call may have been made, look before repeating it.
CREATE TABLE effect (
    key TEXT PRIMARY KEY,
    merchant TEXT NOT NULL,
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('todo', 'sent', 'done', 'dead', 'void')),
    due BIGINT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    unknowns INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL DEFAULT 0,
    intent BIGINT,
    owner TEXT NOT NULL DEFAULT '',
    fence BIGINT NOT NULL DEFAULT 0,
    remote TEXT,
    reason TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    next_step TEXT NOT NULL DEFAULT '',
    payload TEXT,
    created BIGINT NOT NULL,
    settled BIGINT
);
CREATE INDEX effect_due ON effect (lane, kind, due, key) WHERE state IN ('todo', 'sent');
CREATE INDEX effect_dead ON effect (reason, key) WHERE state = 'dead';
CREATE INDEX effect_subject ON effect (subject);
CREATE INDEX effect_remote ON effect (lane, remote) WHERE remote IS NOT NULL;
CREATE INDEX effect_settled ON effect (settled) WHERE settled IS NOT NULL;

-- Stock promised to orders that the warehouse's own numbers do not show yet. `landed` is when the order arrived there.
CREATE TABLE promise (
    merchant TEXT NOT NULL,
    reference TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    landed BIGINT,
    PRIMARY KEY (merchant, reference, sku)
);
CREATE INDEX promise_sku ON promise (merchant, sku);

-- Webhooks as they came, once each.
CREATE TABLE inbox (
    connection TEXT NOT NULL,
    event_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    happened BIGINT,
    received BIGINT NOT NULL,
    handled BIGINT,
    PRIMARY KEY (connection, event_id)
);
CREATE INDEX inbox_open ON inbox (connection, received) WHERE handled IS NULL;

-- One connection to one vendor: who may call it now, and not before when. The fence grows with every change of hands.
CREATE TABLE lane (
    lane TEXT PRIMARY KEY,
    owner TEXT NOT NULL DEFAULT '',
    lease BIGINT NOT NULL DEFAULT 0,
    fence BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
);

-- When each pass of a lane is next due.
CREATE TABLE schedule (
    lane TEXT NOT NULL,
    pass TEXT NOT NULL,
    every_seconds BIGINT NOT NULL,
    due BIGINT NOT NULL,
    started BIGINT,
    succeeded BIGINT,
    failures INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (lane, pass)
);
CREATE INDEX schedule_due ON schedule (due);

-- What a person has to look at. Seen again, it is counted, not repeated.
CREATE TABLE incident (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    words TEXT NOT NULL,
    next_step TEXT NOT NULL,
    opened BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    times INTEGER NOT NULL DEFAULT 1,
    closed BIGINT
);
CREATE INDEX incident_open ON incident (kind, opened) WHERE closed IS NULL;
