CREATE TABLE world (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE sequence (world TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (world, name));
CREATE TABLE timer (
    seq INTEGER PRIMARY KEY, world TEXT NOT NULL, vendor TEXT NOT NULL, name TEXT NOT NULL, due REAL NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX timer_in_order ON timer (world, due, seq);
CREATE TABLE credential (
    vendor TEXT NOT NULL, digest TEXT NOT NULL, world TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (vendor, digest));
CREATE INDEX credential_of_world ON credential (world);
