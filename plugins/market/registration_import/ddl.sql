-- Tables of the registration import, in the market department's database.
-- Registrations themselves stand in scjg.qy_djxx; here is only how they got there.

CREATE SCHEMA IF NOT EXISTS registration_import;

-- One row per reading of one file. Records 1 to records_committed are accounted for.
CREATE TABLE IF NOT EXISTS registration_import.file_run (
    run_id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_name         text        NOT NULL,
    file_sha256       text        NOT NULL,
    codec             text        NOT NULL,
    rules_version     integer     NOT NULL,
    started_at        timestamptz NOT NULL DEFAULT now(),
    ended_at          timestamptz,
    records_committed bigint      NOT NULL DEFAULT 0,
    inserted          bigint      NOT NULL DEFAULT 0,
    replaced          bigint      NOT NULL DEFAULT 0,
    unchanged         bigint      NOT NULL DEFAULT 0,
    quarantined       bigint      NOT NULL DEFAULT 0,
    flags             jsonb       NOT NULL DEFAULT '{}',
    CHECK (records_committed = inserted + replaced + unchanged + quarantined)
);

-- At most one unfinished run per content.
CREATE UNIQUE INDEX IF NOT EXISTS file_run_unfinished
    ON registration_import.file_run (file_sha256) WHERE ended_at IS NULL;

-- Rows kept out, with their bytes. A new run of the same content replaces those of older runs.
CREATE TABLE IF NOT EXISTS registration_import.quarantine (
    run_id        bigint NOT NULL REFERENCES registration_import.file_run ON DELETE CASCADE,
    record_number bigint NOT NULL,
    line          bigint NOT NULL,
    rule          text   NOT NULL,
    reason        text   NOT NULL,
    raw           bytea  NOT NULL,
    PRIMARY KEY (run_id, record_number)
);

-- Which record of which run gave each imported registration its present values.
CREATE TABLE IF NOT EXISTS registration_import.row_origin (
    tyshxydm      text   COLLATE "C" PRIMARY KEY,
    run_id        bigint NOT NULL REFERENCES registration_import.file_run,
    record_number bigint NOT NULL,
    line          bigint NOT NULL
);
