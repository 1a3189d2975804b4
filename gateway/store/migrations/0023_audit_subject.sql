-- Who looked at whom: a row per request and subject, so that a subject's look-ups are found without
-- a search of the log. The rows say nothing of their own: they are taken out of the entries' bytes
-- by the statement that stores them, whoever sends it, and can be made from them again.

CREATE TABLE audit_subject (
    reference bytea NOT NULL,
    entry_no bigint NOT NULL,
    at timestamptz NOT NULL,
    purpose text NOT NULL,
    caller_class text NOT NULL,
    -- whether the subject itself asked
    is_own boolean NOT NULL,
    organisation text,
    matter_no text,
    PRIMARY KEY (reference, entry_no)
);

-- The subjects that an entry names, with what its bytes say of who asked. Acts on grants and
-- consents and alarms are no look-ups; entries of format 1 know no acts apart.
CREATE FUNCTION entry_subjects(p_entry bytea) RETURNS TABLE (
    reference bytea, purpose text, caller_class text, is_own boolean, organisation text,
    matter_no text
) LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(s.reference, 'hex'), x."purpose", x."callerClass",
        coalesce(x."callerReference" = s.reference, false), x."organisation", x."matterNo"
    FROM json_to_record(convert_from(p_entry, 'UTF8')::json) AS x (
        "kind" text, "purpose" text, "callerClass" text, "callerReference" text,
        "organisation" text, "matterNo" text, "subjects" json
    )
    CROSS JOIN LATERAL json_array_elements_text(x."subjects") AS s (reference)
    WHERE coalesce(x."kind", 'REQUEST') = 'REQUEST'
$$;

CREATE FUNCTION index_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_subject
    SELECT s.reference, a.entry_no, a.at, s.purpose, s.caller_class, s.is_own, s.organisation,
        s.matter_no
    FROM added AS a CROSS JOIN LATERAL entry_subjects(a.entry) AS s;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_entry_subjects AFTER INSERT ON audit_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION index_subjects();

INSERT INTO audit_subject
SELECT s.reference, a.entry_no, a.at, s.purpose, s.caller_class, s.is_own, s.organisation,
    s.matter_no
FROM audit_entry AS a CROSS JOIN LATERAL entry_subjects(a.entry) AS s
WHERE NOT EXISTS (
    SELECT FROM audit_decisions AS d
    WHERE d.sha256 = decode(convert_from(a.entry, 'UTF8')::json ->> 'decisions', 'hex')
        AND starts_with(convert_from(d.json, 'UTF8'), '[{"act"')
);
