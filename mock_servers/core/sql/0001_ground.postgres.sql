CREATE TABLE world (name TEXT PRIMARY KEY, body JSON NOT NULL);
CREATE TABLE sequence (world TEXT NOT NULL, name TEXT NOT NULL, value BIGINT NOT NULL, PRIMARY KEY (world, name));
CREATE TABLE timer (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, world TEXT NOT NULL, vendor TEXT NOT NULL, name TEXT NOT NULL,
    due DOUBLE PRECISION NOT NULL, body JSON NOT NULL);
CREATE INDEX timer_in_order ON timer (world, due, seq);
CREATE TABLE credential (
    vendor TEXT NOT NULL, digest TEXT NOT NULL, world TEXT NOT NULL, body JSON NOT NULL, PRIMARY KEY (vendor, digest));
CREATE INDEX credential_of_world ON credential (world);
