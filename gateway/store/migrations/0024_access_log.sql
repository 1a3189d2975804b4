-- What a subject is shown of the log: a line per look-up, made of the entry's own bytes.

-- A matter that its department has closed (办结). Until then look-ups for it may be kept quiet: the
-- rules say for which purposes, and for how long at most.
CREATE TABLE matter_closed (
    organisation text NOT NULL,
    matter_no text NOT NULL,
    closed_on date NOT NULL,
    PRIMARY KEY (organisation, matter_no)
);

-- The fields that an entry says were asked for of one subject, as a JSON array of objects with
-- coordinate, use and what was shown: CLEAR, MASKED or REFUSED. Of an entry that was refused as a
-- whole nothing was shown. `shares` tell what holds for whom; a subject in none has all decisions.
CREATE FUNCTION looked_up_fields(p_entry bytea, p_reference bytea) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    WITH said AS (
        SELECT x."outcome" AS outcome, x."decisions" AS decisions, x."shares" AS shares,
            (SELECT s.place - 1 FROM jsonb_array_elements_text(x."subjects") WITH ORDINALITY
                AS s (reference, place) WHERE s.reference = encode(p_reference, 'hex')) AS place
        FROM jsonb_to_record(convert_from(p_entry, 'UTF8')::jsonb) AS x (
            "outcome" text, "decisions" text, "shares" jsonb, "subjects" jsonb)
    ), named AS (
        SELECT s.outcome, decode(coalesce(
            (SELECT h.share ->> 'decisions'
             FROM jsonb_array_elements(coalesce(s.shares, '[]')) AS h (share)
             WHERE h.share -> 'subjects' @> to_jsonb(s.place)),
            s.decisions), 'hex') AS sha256
        FROM said AS s
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'coordinate', d.decision ->> 'coordinate',
        'use', upper(d.decision ->> 'use'),
        'shown', CASE
            WHEN n.outcome <> 'ANSWERED' THEN 'REFUSED'
            WHEN d.decision ->> 'outcome' = 'CLEAR' THEN 'CLEAR'
            WHEN d.decision ->> 'outcome' = 'MASKED' AND d.decision ->> 'use' = 'read'
                THEN 'MASKED'
            ELSE 'REFUSED'
        END) ORDER BY d.place), '[]')
    FROM named AS n
    JOIN audit_decisions AS a ON a.sha256 = n.sha256
    CROSS JOIN LATERAL jsonb_array_elements(convert_from(a.json, 'UTF8')::jsonb) WITH ORDINALITY
        AS d (decision, place)
$$;

-- REFUSED where the request was refused, or asked for fields of the subject and was shown none.
CREATE FUNCTION look_up_outcome(p_entry bytea, p_reference bytea, p_outcome text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN p_outcome <> 'ANSWERED' THEN 'REFUSED'
        WHEN f.fields = '[]' OR f.fields @? '$[*] ? (@.shown != "REFUSED")' THEN 'ANSWERED'
        ELSE 'REFUSED'
    END
    FROM looked_up_fields(p_entry, p_reference) AS f (fields)
$$;

CREATE FUNCTION entry_member(p_entry bytea, p_member text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT convert_from(p_entry, 'UTF8')::json ->> p_member
$$;

CREATE FUNCTION entry_consents(p_entry bytea) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY(
        SELECT c.consent ->> 'consentNo'
        FROM json_array_elements(convert_from(p_entry, 'UTF8')::json -> 'consents')
            WITH ORDINALITY AS c (consent, place)
        ORDER BY c.place)
$$;

-- Columns that nobody selects cost nothing: the entry itself is joined only where it is read.
CREATE VIEW access_log AS
SELECT
    lpad(s.entry_no::text, 19, '0') || '-' || left(md5(s.reference || int8send(s.entry_no)), 8)
        AS look_up,
    r.subject_key, s.entry_no::text AS entry_no,
    s.at, (s.at AT TIME ZONE 'Asia/Shanghai')::date AS looked_on,
    s.caller_class, s.is_own, s.organisation, s.purpose, s.matter_no,
    entry_member(e.entry, 'actingFor') AS acting_for,
    e.client_id, e.request_id,
    entry_consents(e.entry) AS consents,
    look_up_outcome(e.entry, s.reference, e.outcome) AS outcome,
    nullif(e.outcome, 'ANSWERED') AS refusal,
    looked_up_fields(e.entry, s.reference) AS fields,
    m.closed_on
FROM subject_reference AS r
JOIN audit_subject AS s ON s.reference = r.reference
LEFT JOIN audit_entry AS e ON e.entry_no = s.entry_no
LEFT JOIN matter_closed AS m ON m.organisation = s.organisation AND m.matter_no = s.matter_no;
