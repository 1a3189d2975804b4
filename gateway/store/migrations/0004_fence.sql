-- The fence in full: an answer leaves only if everything it was decided on still holds when its
-- audit entry is committed. Consents are compared row by row and locked. Everything else has an
-- epoch per thing that an answer can rely on, and is compared without a lock:
--
--   client:<client_id>     suspension and quota of a client
--   grant:<consumer>       what sharing grants give one department
--   effect:<record kind>   effects on records of one kind
--   policy                 the rules (see 0003)
--
-- Who changes one of them raises its epoch in the same transaction and announces its name on
-- `credit_gateway_entitlements`, so that workers read just that anew.

ALTER TABLE entitlement_epoch DROP CONSTRAINT entitlement_epoch_area_check;
DELETE FROM entitlement_epoch WHERE area <> 'policy';

CREATE FUNCTION raise_epochs(p_areas text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO entitlement_epoch AS e (area, epoch)
    SELECT DISTINCT a.area, 1 FROM unnest(p_areas) AS a (area) ORDER BY a.area
    ON CONFLICT (area) DO UPDATE SET epoch = e.epoch + 1;
    SELECT pg_notify('credit_gateway_entitlements', a.area)
    FROM (SELECT DISTINCT area FROM unnest(p_areas) AS u (area)) AS a;
$$;

-- After TRUNCATE nobody knows what was there: every epoch of the sort is raised, and workers read
-- everything anew.
CREATE FUNCTION announce_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE entitlement_epoch SET epoch = epoch + 1 WHERE starts_with(area, TG_ARGV[0] || ':');
    PERFORM pg_notify('credit_gateway_entitlements', TG_ARGV[0]);
    RETURN NULL;
END
$$;

DROP TRIGGER client_changed ON client;
DROP TRIGGER sharing_grant_changed ON sharing_grant;
DROP TRIGGER grant_coordinate_changed ON grant_coordinate;
DROP TRIGGER record_effect_changed ON record_effect;
DROP TRIGGER consent_emptied ON consent;
DROP FUNCTION announce_area();

CREATE TRIGGER client_emptied AFTER TRUNCATE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('client');
CREATE TRIGGER sharing_grant_emptied AFTER TRUNCATE ON sharing_grant
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('grant');
CREATE TRIGGER grant_coordinate_emptied AFTER TRUNCATE ON grant_coordinate
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('grant');
CREATE TRIGGER record_effect_emptied AFTER TRUNCATE ON record_effect
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('effect');
CREATE TRIGGER consent_emptied AFTER TRUNCATE ON consent
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('consent');

-- Clients -----------------------------------------------------------------------------------

-- A suspended client is answered nothing; its tokens stay valid in themselves.
ALTER TABLE client ADD COLUMN is_suspended boolean NOT NULL DEFAULT false;

CREATE FUNCTION announce_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM raise_epochs(ARRAY['client:' || coalesce(NEW.client_id, OLD.client_id)]);
    RETURN NULL;
END
$$;
CREATE TRIGGER client_added AFTER INSERT OR DELETE ON client
    FOR EACH ROW EXECUTE FUNCTION announce_client();
CREATE TRIGGER client_changed AFTER UPDATE ON client
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION announce_client();

-- Grants: only what was or becomes ACTIVE changes what a department may read -------------------

CREATE FUNCTION announce_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_areas text[] := '{}';
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'ACTIVE' THEN
        v_areas := v_areas || ('grant:' || OLD.consumer);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'ACTIVE' THEN
        v_areas := v_areas || ('grant:' || NEW.consumer);
    END IF;
    IF cardinality(v_areas) > 0 THEN
        PERFORM raise_epochs(v_areas);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER sharing_grant_changed AFTER INSERT OR UPDATE OR DELETE ON sharing_grant
    FOR EACH ROW EXECUTE FUNCTION announce_grant();

CREATE FUNCTION announce_grant_coordinate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_consumers text[];
BEGIN
    SELECT coalesce(array_agg('grant:' || g.consumer), '{}') INTO v_consumers
    FROM sharing_grant AS g
    WHERE g.grant_no IN (OLD.grant_no, NEW.grant_no) AND g.state = 'ACTIVE';
    IF cardinality(v_consumers) > 0 THEN
        PERFORM raise_epochs(v_consumers);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER grant_coordinate_changed AFTER INSERT OR UPDATE OR DELETE ON grant_coordinate
    FOR EACH ROW EXECUTE FUNCTION announce_grant_coordinate();

-- Effects: often many records of one kind at once, so once per statement -----------------------

CREATE FUNCTION announce_effects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM raise_epochs(k.areas)
    FROM (SELECT array_agg(DISTINCT 'effect:' || c.record_kind) AS areas FROM changed AS c) AS k
    WHERE k.areas IS NOT NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER record_effect_began AFTER INSERT ON record_effect
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_effects();
CREATE TRIGGER record_effect_ended AFTER DELETE ON record_effect
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_effects();
CREATE TRIGGER record_effect_was AFTER UPDATE ON record_effect
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_effects();
CREATE TRIGGER record_effect_is AFTER UPDATE ON record_effect
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_effects();

-- One-off consents ------------------------------------------------------------------------------

-- A record kind of a one-off consent that was delivered: once, in the commit of its audit entry.
CREATE TABLE consent_use (
    consent_no text NOT NULL REFERENCES consent ON DELETE CASCADE,
    record_kind text NOT NULL,
    request_id text NOT NULL,
    used_at timestamptz NOT NULL,
    -- digest of client, idempotency key and query; who repeats it may have the kind again for a while
    repeat_key bytea CHECK (length(repeat_key) = 32),
    PRIMARY KEY (consent_no, record_kind)
);
CREATE TRIGGER consent_used AFTER INSERT OR UPDATE OR DELETE ON consent_use
    FOR EACH ROW EXECUTE FUNCTION announce_consent();

-- How long an identical query may be repeated; `gateway.entitlements.holdings` has the same number.
CREATE FUNCTION repeats_until(p_used_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE AS $$ SELECT p_used_at + interval '15 minutes' $$;

-- Quotas ----------------------------------------------------------------------------------------

-- Subjects that a client has asked for on a day, so that each counts once; days that are over are
-- deleted, their numbers stay in `quota_usage`.
CREATE TABLE quota_subject (
    client_id text NOT NULL,
    day date NOT NULL,
    reference bytea NOT NULL,
    PRIMARY KEY (client_id, day, reference)
);

-- Deletes at most p_limit subjects counted before a day; returns how many, 0 when all are gone.
CREATE FUNCTION forget_counted_subjects(p_before date, p_limit integer) RETURNS bigint
LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM quota_subject AS s
        WHERE s.ctid = ANY (ARRAY(
            SELECT o.ctid FROM quota_usage AS u
            JOIN quota_subject AS o ON o.client_id = u.client_id AND o.day = u.day
            WHERE u.day < p_before LIMIT p_limit
        ))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- Audit -----------------------------------------------------------------------------------------

-- Each index costs every entry, and nothing searches by client. Request ids begin with the time, so
-- that the index on them grows at its end.
DROP INDEX audit_entry_client;

DROP FUNCTION record_entries;
DROP FUNCTION take_back_units;

-- Records a batch of entries and is the fence.
--
-- Entries are parallel arrays, numbered from 1. What they rely on, count and mention are groups of
-- parallel arrays of their own, whose `..._entry` is the number of an entry:
--
--   mark      epochs that entries rely on, each (area, epoch) once in the batch
--   consent   consents read at a version
--   use       the same for one-off consents, once per record kind delivered; '' if none was
--   quota     clients that have a quota, each once a day, with its limit
--   counted   subjects (by reference) that count against a quota (by its number)
--   subject, decision   references and decisions that are new
--
-- Returns (reason, number, amount):
--
--   OUTDATED            number of a mark that is not true any more: nothing at all was written
--   CONSENT_NOT_ACTIVE  number of an entry that was left out
--   CONSENT_BUSY        likewise; another entry is using the same one-off consent at this moment
--   QUOTA_EXCEEDED      likewise
--   USED                number of a quota, and the subjects of its day, this batch included
--
-- A consent's row is locked until the batch has committed (FOR SHARE; a one-off one alone), so that
-- a withdrawal commits either before (and the row no longer matches) or after it. A row that is
-- being changed at this moment counts as not active: the fence never waits for anybody's open
-- transaction.
CREATE FUNCTION record_entries(
    p_at timestamptz[], p_request_id text[], p_client_id text[], p_purpose text[],
    p_outcome text[], p_entry bytea[],
    p_mark text[], p_mark_epoch bigint[],
    p_consent_entry integer[], p_consent_no text[], p_consent_version integer[],
    p_use_entry integer[], p_use_consent text[], p_use_version integer[], p_use_kind text[],
    p_use_repeat bytea[],
    p_quota_client text[], p_quota_day date[], p_quota_limit bigint[],
    p_counted_entry integer[], p_counted_quota integer[], p_counted_reference bytea[],
    p_subject_key text[], p_reference bytea[],
    p_sha256 bytea[], p_decisions bytea[]
) RETURNS TABLE (reason text, number integer, amount bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_lost integer[] := '{}';
    v_some integer[];
    v_usage record;
BEGIN
    RETURN QUERY
    SELECT 'OUTDATED', m.number::integer, m.epoch
    FROM unnest(p_mark, p_mark_epoch) WITH ORDINALITY AS m (area, epoch, number)
    LEFT JOIN entitlement_epoch AS e ON e.area = m.area
    WHERE coalesce(e.epoch, 0) <> m.epoch
        AND (m.area <> 'policy' OR m.epoch < oldest_policy_epoch());
    IF FOUND THEN
        RETURN;
    END IF;
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
        RETURN QUERY SELECT 'CONSENT_NOT_ACTIVE', l, NULL::bigint FROM unnest(v_lost) AS l;
    END IF;
    IF cardinality(p_use_consent) > 0 THEN
        FOR v_usage IN
            SELECT c.why, array_agg(c.entry) AS entries
            FROM check_one_off_consents(
                p_at, p_use_entry, p_use_consent, p_use_version, p_use_kind, p_use_repeat
            ) AS c
            WHERE c.entry <> ALL (v_lost)
            GROUP BY c.why
        LOOP
            v_lost := v_lost || v_usage.entries;
            RETURN QUERY SELECT v_usage.why, l, NULL::bigint FROM unnest(v_usage.entries) AS l;
        END LOOP;
    END IF;
    IF cardinality(p_counted_entry) > 0 THEN
        FOR v_usage IN
            WITH fresh AS (
                INSERT INTO quota_subject (client_id, day, reference)
                SELECT DISTINCT q.client_id, q.day, c.reference
                FROM unnest(p_counted_entry, p_counted_quota, p_counted_reference)
                    AS c (entry, quota, reference)
                JOIN unnest(p_quota_client, p_quota_day) WITH ORDINALITY
                    AS q (client_id, day, number) ON q.number = c.quota
                WHERE c.entry <> ALL (v_lost)
                ORDER BY q.client_id, q.day, c.reference
                ON CONFLICT DO NOTHING
                RETURNING client_id, day, reference
            ), per_client AS (
                SELECT f.client_id, f.day, count(*) AS units, array_agg(f.reference) AS references
                FROM fresh AS f GROUP BY f.client_id, f.day
            ), counted AS (
                INSERT INTO quota_usage AS u (client_id, day, units)
                SELECT p.client_id, p.day, p.units FROM per_client AS p
                ORDER BY p.client_id, p.day
                ON CONFLICT (client_id, day) DO UPDATE SET units = u.units + EXCLUDED.units
                RETURNING u.client_id, u.day, u.units
            )
            SELECT q.number::integer AS quota, q.quota_limit, c.client_id, c.day, c.units,
                p.references AS fresh
            FROM counted AS c
            JOIN per_client AS p ON p.client_id = c.client_id AND p.day = c.day
            JOIN unnest(p_quota_client, p_quota_day, p_quota_limit) WITH ORDINALITY
                AS q (client_id, day, quota_limit, number)
                ON q.client_id = c.client_id AND q.day = c.day
        LOOP
            IF v_usage.units > v_usage.quota_limit THEN
                SELECT t.over INTO v_some
                FROM take_back_subjects(
                    v_usage.client_id, v_usage.day, v_usage.quota_limit, v_usage.units,
                    v_usage.fresh, v_usage.quota, p_counted_entry, p_counted_quota,
                    p_counted_reference, v_lost
                ) AS t;
                v_lost := v_lost || v_some;
                RETURN QUERY SELECT 'QUOTA_EXCEEDED', l, NULL::bigint FROM unnest(v_some) AS l;
            END IF;
        END LOOP;
        RETURN QUERY
        SELECT 'USED', q.number::integer, u.units
        FROM unnest(p_quota_client, p_quota_day) WITH ORDINALITY AS q (client_id, day, number)
        JOIN quota_usage AS u ON u.client_id = q.client_id AND u.day = q.day;
    END IF;
    IF cardinality(p_use_consent) > 0 THEN
        PERFORM use_one_off_consents(
            p_at, p_request_id, v_lost, p_use_entry, p_use_consent, p_use_kind, p_use_repeat);
    END IF;
    INSERT INTO audit_entry (at, request_id, client_id, purpose, outcome, entry)
    SELECT e.at, e.request_id, e.client_id, e.purpose, e.outcome, e.entry
    FROM unnest(p_at, p_request_id, p_client_id, p_purpose, p_outcome, p_entry)
        WITH ORDINALITY AS e (at, request_id, client_id, purpose, outcome, entry, n)
    WHERE e.n <> ALL (v_lost)
    ORDER BY e.n;
END
$$;

-- Takes the subjects of a batch's entries that do not fit into a quota out of its count again.
-- Entries fit in their order; one that does not fit does not keep a smaller later one out, and one
-- whose subjects are all counted already always fits.
CREATE FUNCTION take_back_subjects(
    p_client text, p_on date, p_limit bigint, p_counted bigint, p_fresh bytea[], p_number integer,
    p_counted_entry integer[], p_counted_quota integer[], p_counted_reference bytea[],
    p_lost integer[], OUT over integer[]
) LANGUAGE plpgsql AS $$
DECLARE
    v_used bigint := p_counted - cardinality(p_fresh);
    v_kept bytea[] := '{}';
    v_entry record;
BEGIN
    over := '{}';
    FOR v_entry IN
        SELECT c.entry, array_agg(DISTINCT c.reference) AS asked
        FROM unnest(p_counted_entry, p_counted_quota, p_counted_reference)
            AS c (entry, quota, reference)
        WHERE c.quota = p_number AND c.entry <> ALL (p_lost) AND c.reference = ANY (p_fresh)
        GROUP BY c.entry
        ORDER BY c.entry
    LOOP
        v_entry.asked := ARRAY(
            SELECT a FROM unnest(v_entry.asked) AS a WHERE a <> ALL (v_kept));
        IF v_used + cardinality(v_entry.asked) <= p_limit OR cardinality(v_entry.asked) = 0 THEN
            v_used := v_used + cardinality(v_entry.asked);
            v_kept := v_kept || v_entry.asked;
        ELSE
            over := over || v_entry.entry;
        END IF;
    END LOOP;
    DELETE FROM quota_subject AS s
    WHERE s.client_id = p_client AND s.day = p_on AND s.reference = ANY (p_fresh)
        AND s.reference <> ALL (v_kept);
    UPDATE quota_usage SET units = v_used WHERE client_id = p_client AND day = p_on;
END
$$;

-- Which entries may not use their one-off consents, and why. Locks the consents, so that nobody
-- else uses them until the batch has committed.
--
-- A consent that has just been used up by the same query stays good for its repetition.
CREATE FUNCTION check_one_off_consents(
    p_at timestamptz[], p_use_entry integer[], p_use_consent text[], p_use_version integer[],
    p_use_kind text[], p_use_repeat bytea[]
) RETURNS TABLE (why text, entry integer) LANGUAGE plpgsql AS $$
DECLARE
    v_locked text[];
BEGIN
    WITH locked AS (
        SELECT c.consent_no FROM consent AS c
        WHERE c.consent_no = ANY (p_use_consent)
        ORDER BY c.consent_no
        FOR NO KEY UPDATE SKIP LOCKED
    )
    SELECT coalesce(array_agg(l.consent_no), '{}') INTO v_locked FROM locked AS l;
    RETURN QUERY
    WITH wanted AS (
        SELECT u.entry, u.consent_no, u.version, u.kind, u.repeat, p_at[u.entry] AS at
        FROM unnest(p_use_entry, p_use_consent, p_use_version, p_use_kind, p_use_repeat)
            AS u (entry, consent_no, version, kind, repeat)
    ), judged AS (
        SELECT w.entry,
            c.consent_no IS NOT NULL AND c.valid_from <= w.at AND w.at < c.valid_to
            AND (
                (c.state = 'ACTIVE' AND c.version = w.version)
                OR (c.state = 'USED_UP' AND w.repeat IS NOT NULL
                    AND c.version IN (w.version, w.version + 1))
            )
            AND (
                d.consent_no IS NULL
                OR coalesce(d.repeat_key = w.repeat AND w.at < repeats_until(d.used_at), false)
            ) AS is_good,
            w.consent_no = ANY (v_locked) AS is_ours,
            w.kind <> '' AND d.consent_no IS NULL AND EXISTS (
                SELECT FROM wanted AS o
                WHERE o.entry < w.entry AND o.consent_no = w.consent_no AND o.kind = w.kind
                    AND NOT coalesce(o.repeat = w.repeat, false)
            ) AS is_second
        FROM wanted AS w
        LEFT JOIN consent AS c ON c.consent_no = w.consent_no
        LEFT JOIN consent_use AS d ON d.consent_no = w.consent_no AND d.record_kind = w.kind
    )
    SELECT CASE WHEN bool_and(j.is_good) THEN 'CONSENT_BUSY' ELSE 'CONSENT_NOT_ACTIVE' END, j.entry
    FROM judged AS j
    GROUP BY j.entry
    HAVING NOT bool_and(j.is_good AND j.is_ours AND NOT j.is_second);
END
$$;

-- Notes what the entries of a batch that are not lost deliver, and ends consents that have no
-- record kind left.
CREATE FUNCTION use_one_off_consents(
    p_at timestamptz[], p_request_id text[], p_lost integer[],
    p_use_entry integer[], p_use_consent text[], p_use_kind text[], p_use_repeat bytea[]
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO consent_use (consent_no, record_kind, request_id, used_at, repeat_key)
    SELECT u.consent_no, u.kind, p_request_id[u.entry], p_at[u.entry], u.repeat
    FROM unnest(p_use_entry, p_use_consent, p_use_kind, p_use_repeat)
        AS u (entry, consent_no, kind, repeat)
    WHERE u.kind <> '' AND u.entry <> ALL (p_lost)
    ORDER BY u.consent_no, u.kind, u.entry
    ON CONFLICT (consent_no, record_kind) DO NOTHING;
    UPDATE consent AS c SET state = 'USED_UP', version = c.version + 1, changed_at = d.at
    FROM (
        SELECT u.consent_no, max(p_at[u.entry]) AS at
        FROM unnest(p_use_entry, p_use_consent) AS u (entry, consent_no)
        WHERE u.entry <> ALL (p_lost) GROUP BY u.consent_no
    ) AS d
    WHERE c.consent_no = d.consent_no AND c.state = 'ACTIVE'
        AND NOT EXISTS (
            SELECT FROM unnest(c.record_kinds) AS k (kind)
            WHERE NOT EXISTS (
                SELECT FROM consent_use AS s
                WHERE s.consent_no = c.consent_no AND s.record_kind = k.kind
            )
        );
$$;
