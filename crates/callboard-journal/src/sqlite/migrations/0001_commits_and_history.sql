-- Facts about the file: which migrations ran (name "migration.N", value their checksum).
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The tail, one row; an append moves it only from the place that it follows.
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    version INTEGER NOT NULL,
    epoch TEXT,
    node TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0, NULL, '', '');

CREATE TABLE commits (
    seq INTEGER PRIMARY KEY,
    base_version INTEGER NOT NULL,
    head_version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    hash TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;

-- The history of jobs. A listing is always by (created_at, id) within one state and maybe one kind, so that a page
-- costs the same at any depth.
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
CREATE INDEX jobs_by_kind ON jobs (kind, state, created_at, id);

CREATE TABLE attempts (
    job_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (job_id, attempt)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    seq INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    checksum TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
