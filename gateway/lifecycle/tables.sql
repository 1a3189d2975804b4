-- Tables of the life cycles of one owner, in its own database and schema. Steps are only added.

CREATE TABLE lifecycle_case (
    case_no text PRIMARY KEY,
    machine text NOT NULL,
    state text NOT NULL,
    version integer NOT NULL CHECK (version >= 1),
    opened_at timestamptz NOT NULL
);

CREATE TABLE lifecycle_step (
    case_no text NOT NULL REFERENCES lifecycle_case,
    version integer NOT NULL,
    act text NOT NULL,
    -- NULL: the case was opened
    source text,
    target text NOT NULL,
    at timestamptz NOT NULL,
    -- who: an organisation, an officer as the client names it, and as which party
    unit text NOT NULL,
    person text,
    party text NOT NULL,
    request_id text NOT NULL,
    reason text,
    basis text,
    evidence_sha256 bytea CHECK (octet_length(evidence_sha256) = 32),
    PRIMARY KEY (case_no, version)
);

-- What was done under a key of the client's; without a case it was given up and will never be done.
CREATE TABLE lifecycle_command (
    unit text NOT NULL,
    idempotency_key text NOT NULL,
    digest bytea NOT NULL,
    case_no text REFERENCES lifecycle_case,
    version integer,
    at timestamptz NOT NULL,
    PRIMARY KEY (unit, idempotency_key),
    CHECK ((case_no IS NULL) = (version IS NULL))
);

CREATE TABLE lifecycle_deadline (
    deadline_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_no text NOT NULL REFERENCES lifecycle_case,
    machine text NOT NULL,
    clock text NOT NULL,
    whose text NOT NULL,
    -- whether the clock itself acts on the day after
    acts boolean NOT NULL,
    started_on date NOT NULL,
    -- the spans counted one after the other from then, and the terms that they were read from
    spans text[] NOT NULL,
    terms text[] NOT NULL,
    paused_since date[] NOT NULL DEFAULT '{}',
    paused_until date[] NOT NULL DEFAULT '{}',
    -- it stands still since that day, and has no last day
    stopped_on date,
    due_on date,
    provisional boolean NOT NULL,
    ended_at timestamptz,
    -- why the clock could not do its act, and when it tries again
    failure text,
    retry_at timestamptz,
    CHECK ((due_on IS NULL) = (stopped_on IS NOT NULL)),
    CHECK (cardinality(paused_since) = cardinality(paused_until)),
    CHECK (cardinality(spans) = cardinality(terms))
);
CREATE UNIQUE INDEX lifecycle_deadline_running ON lifecycle_deadline (case_no, clock)
    WHERE ended_at IS NULL;
CREATE INDEX lifecycle_deadline_due ON lifecycle_deadline (machine, due_on)
    WHERE ended_at IS NULL AND acts;
CREATE INDEX lifecycle_deadline_open ON lifecycle_deadline (due_on, deadline_no)
    WHERE ended_at IS NULL;

-- Announced years that the installed calendar does not know, or says otherwise.
CREATE TABLE lifecycle_schedule (
    year integer PRIMARY KEY,
    days jsonb NOT NULL,
    sha256 bytea NOT NULL,
    loaded_at timestamptz NOT NULL
);

CREATE FUNCTION lifecycle_step_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'steps of a life cycle are kept as they are';
END
$$;
CREATE TRIGGER lifecycle_step_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON lifecycle_step
    FOR EACH STATEMENT EXECUTE FUNCTION lifecycle_step_is_kept();
