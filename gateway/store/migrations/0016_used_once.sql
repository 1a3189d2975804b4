-- Proofs of possession and signed statements are good for one request. The fence remembers them in
-- the commit of the entry that came with them, for as long as they could be used again.

CREATE TABLE used_once (
    replay_id bytea PRIMARY KEY CHECK (length(replay_id) = 32),
    good_until timestamptz NOT NULL
);

-- Remembers what a batch's entries came with; returns the fenced entries that came with something
-- that was used before. Of several in the batch with the same the first one uses it.
CREATE FUNCTION take_once(
    p_entry integer[], p_id bytea[], p_until timestamptz[], p_fenced boolean[]
) RETURNS integer[] LANGUAGE sql AS $$
    WITH first AS (
        SELECT DISTINCT ON (o.id) o.id, o.until, o.entry
        FROM unnest(p_entry, p_id, p_until) AS o (entry, id, until)
        ORDER BY o.id, o.entry
    ), fresh AS (
        INSERT INTO used_once (replay_id, good_until)
        SELECT f.id, f.until FROM first AS f ORDER BY f.id
        ON CONFLICT DO NOTHING
        RETURNING replay_id
    )
    SELECT coalesce(array_agg(DISTINCT o.entry), '{}')
    FROM unnest(p_entry, p_id, p_fenced) AS o (entry, id, is_fenced)
    JOIN first AS f ON f.id = o.id
    LEFT JOIN fresh AS n ON n.replay_id = o.id
    WHERE o.is_fenced AND (n.replay_id IS NULL OR f.entry <> o.entry)
$$;

-- Forgets at most p_limit of what is too old to be used anyway, with a minute for clocks that differ;
-- returns how many, 0 when all are gone. No index leads here: what is kept is a minute or two.
CREATE FUNCTION forget_used_once(p_limit integer) RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM used_once AS u
        WHERE u.ctid = ANY (ARRAY(
            SELECT o.ctid FROM used_once AS o
            WHERE o.good_until < now() - interval '60 seconds'
            LIMIT p_limit FOR UPDATE SKIP LOCKED
        ))
        RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

-- See 0004 for what it promises. Besides:
--
--   once     proofs and statements that entries came with (by their number, from 1): 32 bytes by which
--            the same one is recognised, until when it could be used, and whether its entry is fenced
--
-- An entry whose answer is to leave and whose proof was used before is left out: REPLAYED.
DROP FUNCTION record_entries;
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
    p_sha256 bytea[], p_decisions bytea[],
    p_once_entry integer[], p_once_id bytea[], p_once_until timestamptz[], p_once_fenced boolean[]
) RETURNS TABLE (reason text, number integer, amount bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_lost integer[] := '{}';
    v_some integer[];
    v_used bigint;
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
    IF cardinality(p_once_id) > 0 THEN
        v_lost := take_once(p_once_entry, p_once_id, p_once_until, p_once_fenced);
        RETURN QUERY SELECT 'REPLAYED', l, NULL::bigint FROM unnest(v_lost) AS l;
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
        SELECT coalesce(array_agg(DISTINCT w.entry), '{}') INTO v_some
        FROM unnest(p_consent_entry, p_consent_no, p_consent_version)
            AS w (entry, consent_no, version)
        WHERE w.entry <> ALL (v_lost) AND NOT EXISTS (
            SELECT FROM held AS h
            WHERE h.entry = w.entry AND h.consent_no = w.consent_no AND h.version = w.version
        );
        v_lost := v_lost || v_some;
        RETURN QUERY SELECT 'CONSENT_NOT_ACTIVE', l, NULL::bigint FROM unnest(v_some) AS l;
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
            IF v_usage.why = 'CONSENT_BUSY' THEN
                -- such an entry comes again by itself, with the same proof
                DELETE FROM used_once AS u
                USING unnest(p_once_entry, p_once_id) AS o (entry, id)
                WHERE u.replay_id = o.id AND o.entry = ANY (v_usage.entries);
            END IF;
            RETURN QUERY SELECT v_usage.why, l, NULL::bigint FROM unnest(v_usage.entries) AS l;
        END LOOP;
    END IF;
    FOR v_usage IN
        SELECT q.number::integer AS quota, q.client_id, q.day, q.quota_limit
        FROM unnest(p_quota_client, p_quota_day, p_quota_limit) WITH ORDINALITY
            AS q (client_id, day, quota_limit, number)
        ORDER BY q.client_id, q.day
    LOOP
        SELECT c.over, c.used INTO v_some, v_used
        FROM count_subjects(
            v_usage.client_id, v_usage.day, v_usage.quota_limit, v_usage.quota,
            p_counted_entry, p_counted_quota, p_counted_reference, v_lost
        ) AS c;
        IF cardinality(v_some) > 0 THEN
            v_lost := v_lost || v_some;
            RETURN QUERY SELECT 'QUOTA_EXCEEDED', l, NULL::bigint FROM unnest(v_some) AS l;
        END IF;
        reason := 'USED';
        number := v_usage.quota;
        amount := v_used;
        RETURN NEXT;
    END LOOP;
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
