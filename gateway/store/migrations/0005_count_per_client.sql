-- Counting subjects costs less: one small statement per client that has new ones, in place of one
-- that joins and groups over all clients of the batch.

-- Counts what a batch's entries ask for against one client's quota of one day.
--
-- Returns the entries that do not fit, and how many subjects are counted now. Clients are counted
-- in their order and subjects in theirs, so that batches of several workers wait for each other in
-- one direction only.
CREATE FUNCTION count_subjects(
    p_client text, p_on date, p_limit bigint, p_number integer,
    p_counted_entry integer[], p_counted_quota integer[], p_counted_reference bytea[],
    p_lost integer[], OUT over integer[], OUT used bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_fresh bytea[];
BEGIN
    over := '{}';
    WITH fresh AS (
        INSERT INTO quota_subject (client_id, day, reference)
        SELECT p_client, p_on, c.reference
        FROM unnest(p_counted_entry, p_counted_quota, p_counted_reference)
            AS c (entry, quota, reference)
        WHERE c.quota = p_number AND c.entry <> ALL (p_lost)
        ORDER BY c.reference
        ON CONFLICT DO NOTHING
        RETURNING reference
    )
    SELECT array_agg(f.reference) INTO v_fresh FROM fresh AS f;
    IF v_fresh IS NULL THEN
        SELECT u.units INTO used FROM quota_usage AS u
        WHERE u.client_id = p_client AND u.day = p_on;
        used := coalesce(used, 0);
        RETURN;
    END IF;
    INSERT INTO quota_usage AS u (client_id, day, units)
    VALUES (p_client, p_on, cardinality(v_fresh))
    ON CONFLICT (client_id, day) DO UPDATE SET units = u.units + EXCLUDED.units
    RETURNING u.units INTO used;
    IF used > p_limit THEN
        over := take_back_subjects(
            p_client, p_on, p_limit, used, v_fresh, p_number,
            p_counted_entry, p_counted_quota, p_counted_reference, p_lost);
        SELECT u.units INTO used FROM quota_usage AS u
        WHERE u.client_id = p_client AND u.day = p_on;
    END IF;
END
$$;

-- See 0004 for what it promises.
CREATE OR REPLACE FUNCTION record_entries(
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
