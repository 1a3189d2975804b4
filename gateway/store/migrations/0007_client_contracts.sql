-- What a client may do by its contract, and how fast.
--
-- Every change raises the client's epoch, which the fence compares: an operation that was taken
-- out of a contract is answered on no worker any more.

-- purposes: those agreed on; none: all that tokens of its class may state
-- may_ask_anything: NULL: as the settings say for its class
-- requests_per_minute, burst: NULL: as the settings say for all
ALTER TABLE client
    ADD COLUMN purposes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN may_ask_anything boolean,
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
    ADD COLUMN burst integer CHECK (burst > 0),
    ADD CHECK ((requests_per_minute IS NULL) = (burst IS NULL));

-- A document with one operation that a client may run for a purpose.
CREATE TABLE client_operation (
    client_id text NOT NULL REFERENCES client ON DELETE CASCADE,
    purpose text NOT NULL,
    -- of the document without blanks, commas and comments
    normal_sha256 bytea NOT NULL CHECK (length(normal_sha256) = 32),
    -- of the document as it was registered, by which it is asked for without its text
    document_sha256 bytea NOT NULL CHECK (length(document_sha256) = 32),
    name text NOT NULL,
    document text NOT NULL,
    -- distinct subjects a day, counted apart from the client's quota; NULL: counted there
    quota_per_day bigint CHECK (quota_per_day >= 0),
    registered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (client_id, purpose, normal_sha256),
    UNIQUE (client_id, purpose, name)
);
CREATE TRIGGER client_operation_changed AFTER INSERT OR UPDATE OR DELETE ON client_operation
    FOR EACH ROW EXECUTE FUNCTION announce_client();
CREATE TRIGGER client_operation_emptied AFTER TRUNCATE ON client_operation
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('client');

-- The token buckets that workers share. A worker lets requests pass by a copy of its own and tells
-- afterwards what it let pass, so that a level may fall below zero. Lost in a crash: buckets are
-- full then.
CREATE UNLOGGED TABLE client_pace (
    client_id text NOT NULL,
    purpose text NOT NULL,
    level double precision NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (client_id, purpose)
) WITH (fillfactor = 50);

-- Takes what a worker let pass out of the buckets, and returns their levels, by number from 1.
CREATE FUNCTION share_pace(
    p_client text[], p_purpose text[], p_spent double precision[], p_per_second double precision[],
    p_burst double precision[]
) RETURNS TABLE (number integer, level double precision) LANGUAGE sql AS $$
    WITH told AS (
        SELECT t.client_id, t.purpose, t.spent, t.per_second, t.burst, t.number
        FROM unnest(p_client, p_purpose, p_spent, p_per_second, p_burst) WITH ORDINALITY
            AS t (client_id, purpose, spent, per_second, burst, number)
    ), shared AS (
        INSERT INTO client_pace AS p (client_id, purpose, level, at)
        SELECT t.client_id, t.purpose, t.burst - t.spent, clock_timestamp() FROM told AS t
        ORDER BY t.client_id, t.purpose
        ON CONFLICT (client_id, purpose) DO UPDATE SET
            level = least(
                (SELECT t.burst FROM told AS t
                 WHERE t.client_id = p.client_id AND t.purpose = p.purpose),
                p.level + (SELECT t.per_second FROM told AS t
                           WHERE t.client_id = p.client_id AND t.purpose = p.purpose)
                    * greatest(0, extract(epoch FROM EXCLUDED.at - p.at))
            ) - (SELECT t.spent FROM told AS t
                 WHERE t.client_id = p.client_id AND t.purpose = p.purpose),
            at = greatest(p.at, EXCLUDED.at)
        RETURNING p.client_id, p.purpose, p.level
    )
    SELECT t.number::integer, s.level
    FROM shared AS s JOIN told AS t ON t.client_id = s.client_id AND t.purpose = s.purpose
$$;

-- How many subjects clients asked for in a minute and on a day, over all workers; only to notice
-- sweeps. Each worker counts a subject once, so that one may count once per worker.
CREATE UNLOGGED TABLE client_sweep (
    client_id text NOT NULL,
    span text NOT NULL CHECK (span IN ('MINUTE', 'DAY')),
    begins_at bigint NOT NULL,
    subjects bigint NOT NULL,
    PRIMARY KEY (client_id, span)
) WITH (fillfactor = 50);

-- Adds what a worker counted; returns the counts of these spans, by number from 1. A span that is
-- over for other workers already counts for itself only.
CREATE FUNCTION share_sweeps(
    p_client text[], p_span text[], p_begins_at bigint[], p_subjects bigint[]
) RETURNS TABLE (number integer, subjects bigint) LANGUAGE sql AS $$
    WITH told AS (
        SELECT t.client_id, t.span, t.begins_at, t.subjects, t.number
        FROM unnest(p_client, p_span, p_begins_at, p_subjects) WITH ORDINALITY
            AS t (client_id, span, begins_at, subjects, number)
    ), shared AS (
        INSERT INTO client_sweep AS s (client_id, span, begins_at, subjects)
        SELECT t.client_id, t.span, t.begins_at, t.subjects FROM told AS t
        ORDER BY t.client_id, t.span
        ON CONFLICT (client_id, span) DO UPDATE SET
            begins_at = EXCLUDED.begins_at,
            subjects = EXCLUDED.subjects
                + CASE WHEN s.begins_at = EXCLUDED.begins_at THEN s.subjects ELSE 0 END
        WHERE s.begins_at <= EXCLUDED.begins_at
        RETURNING s.client_id, s.span, s.subjects
    )
    SELECT t.number::integer, s.subjects
    FROM shared AS s JOIN told AS t ON t.client_id = s.client_id AND t.span = s.span
$$;
