-- The audit log: one row per request, written before its answer leaves.
-- `entry` holds canonical JSON bytes that determine everything; the columns beside it only find.

CREATE TABLE subject_reference (
    subject_key text PRIMARY KEY,
    reference bytea NOT NULL UNIQUE CHECK (length(reference) = 16)
);

-- An entry names its decisions by SHA-256; equal decisions are stored once.
CREATE TABLE audit_decisions (
    sha256 bytea PRIMARY KEY CHECK (sha256 = sha256(json)),
    json bytea NOT NULL
);

CREATE TABLE audit_entry (
    entry_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    request_id text NOT NULL,
    client_id text NOT NULL,
    purpose text NOT NULL,
    outcome text NOT NULL,
    entry bytea NOT NULL
);
-- entries hold random references: compressing them costs time and saves little
ALTER TABLE audit_entry ALTER COLUMN entry SET STORAGE EXTERNAL;
CREATE INDEX audit_entry_request ON audit_entry (request_id);
CREATE INDEX audit_entry_client ON audit_entry (client_id, purpose);
CREATE INDEX audit_entry_at ON audit_entry USING brin (at);

CREATE TABLE quota_usage (
    client_id text NOT NULL,
    day date NOT NULL,
    units bigint NOT NULL,
    PRIMARY KEY (client_id, day)
) WITH (fillfactor = 50);

-- Records a batch of entries and is the fence: an entry whose consent or quota does not hold at
-- this moment is left out and named in the result.
--
-- Entries are parallel arrays, numbered from 1. Consents, new subject references and new
-- decisions are parallel arrays of their own. Returns (position, reason) of entries left out:
-- CONSENT_NOT_ACTIVE or QUOTA_EXCEEDED.
--
-- A consent's row is locked FOR SHARE until the batch has committed, so that a withdrawal
-- commits either before (and the row no longer matches) or after it. A row that is being changed
-- at this moment counts as not active: the fence never waits for anybody's open transaction.
CREATE FUNCTION record_entries(
    p_at timestamptz[], p_request_id text[], p_client_id text[], p_purpose text[],
    p_outcome text[], p_entry bytea[], p_units integer[], p_day date[],
    p_consent_entry integer[], p_consent_no text[], p_consent_version integer[],
    p_subject_key text[], p_reference bytea[],
    p_sha256 bytea[], p_decisions bytea[]
) RETURNS TABLE (entry_position integer, reason text) LANGUAGE plpgsql AS $$
DECLARE
    v_lost integer[] := '{}';
    v_over integer[] := '{}';
    v_usage record;
BEGIN
    IF cardinality(p_subject_key) > 0 THEN
        -- a key that another worker has just added fails the batch, which is then built anew
        INSERT INTO subject_reference (subject_key, reference)
        SELECT n.subject_key, n.reference
        FROM unnest(p_subject_key, p_reference) AS n (subject_key, reference)
        ORDER BY n.subject_key;
    END IF;
    IF cardinality(p_sha256) > 0 THEN
        INSERT INTO audit_decisions (sha256, json)
        SELECT n.sha256, n.json FROM unnest(p_sha256, p_decisions) AS n (sha256, json)
        ORDER BY n.sha256
        ON CONFLICT DO NOTHING;
    END IF;
    IF cardinality(p_consent_no) > 0 THEN
        WITH held AS (
            SELECT w.entry, w.consent_no, w.version
            FROM unnest(p_consent_entry, p_consent_no, p_consent_version)
                AS w (entry, consent_no, version)
            JOIN consent AS c ON c.consent_no = w.consent_no
            WHERE c.version = w.version AND c.state = 'ACTIVE'
                AND c.valid_from <= p_at[w.entry] AND p_at[w.entry] < c.valid_to
            FOR SHARE OF c SKIP LOCKED
        )
        SELECT coalesce(array_agg(DISTINCT w.entry), '{}') INTO v_lost
        FROM unnest(p_consent_entry, p_consent_no, p_consent_version)
            AS w (entry, consent_no, version)
        WHERE NOT EXISTS (
            SELECT FROM held AS h
            WHERE h.entry = w.entry AND h.consent_no = w.consent_no AND h.version = w.version
        );
    END IF;
    FOR v_usage IN
        INSERT INTO quota_usage AS q (client_id, day, units)
        SELECT c.client_id, e.day, sum(e.units)
        FROM unnest(p_client_id, p_units, p_day) WITH ORDINALITY
            AS e (client_id, units, day, entry)
        JOIN client AS c ON c.client_id = e.client_id AND c.quota_per_day IS NOT NULL
        WHERE e.units > 0 AND e.entry <> ALL (v_lost)
        GROUP BY c.client_id, e.day
        ORDER BY c.client_id, e.day
        ON CONFLICT (client_id, day) DO UPDATE SET units = q.units + EXCLUDED.units
        RETURNING q.client_id, q.day, q.units,
            (SELECT c.quota_per_day FROM client AS c WHERE c.client_id = q.client_id) AS quota
    LOOP
        CONTINUE WHEN v_usage.units <= v_usage.quota;
        v_over := v_over || take_back_units(
            v_usage.client_id, v_usage.day, v_usage.units, v_usage.quota,
            p_client_id, p_day, p_units, v_lost);
    END LOOP;
    INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
    SELECT e.at, e.request_id, e.client_id, e.purpose, e.outcome, e.entry
    FROM unnest(p_at, p_request_id, p_client_id, p_purpose, p_outcome, p_entry)
        WITH ORDINALITY AS e (at, request_id, client_id, purpose, outcome, entry, n)
    WHERE e.n <> ALL (v_lost) AND e.n <> ALL (v_over)
    ORDER BY e.n;
    RETURN QUERY SELECT l, 'CONSENT_NOT_ACTIVE' FROM unnest(v_lost) AS l;
    RETURN QUERY SELECT o, 'QUOTA_EXCEEDED' FROM unnest(v_over) AS o;
END
$$;

-- Takes the batch's entries that do not fit into a client's quota out of its count again.
-- Entries fit in their order; one that does not fit does not keep a smaller later one out.
CREATE FUNCTION take_back_units(
    p_client text, p_on date, p_counted bigint, p_quota bigint,
    p_client_id text[], p_day date[], p_units integer[], p_lost integer[]
) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    v_over integer[] := '{}';
    v_used bigint := p_counted;
    v_entry integer;
BEGIN
    FOR v_entry IN 1 .. cardinality(p_client_id) LOOP
        IF p_client_id[v_entry] = p_client AND p_day[v_entry] = p_on
            AND v_entry <> ALL (p_lost) THEN
            v_used := v_used - p_units[v_entry];
        END IF;
    END LOOP;
    FOR v_entry IN 1 .. cardinality(p_client_id) LOOP
        CONTINUE WHEN p_client_id[v_entry] <> p_client OR p_day[v_entry] <> p_on
            OR p_units[v_entry] = 0 OR v_entry = ANY (p_lost);
        IF v_used + p_units[v_entry] <= p_quota THEN
            v_used := v_used + p_units[v_entry];
        ELSE
            v_over := v_over || v_entry;
        END IF;
    END LOOP;
    UPDATE quota_usage SET units = v_used WHERE client_id = p_client AND day = p_on;
    RETURN v_over;
END
$$;
