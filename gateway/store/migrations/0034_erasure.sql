-- Erasure: the link between a subject and its entries is destroyed, and stays destroyed.

-- References that stand for nobody any more. A worker that still remembers one writes no entry
-- under it: whose the entry is would be known again.
CREATE TABLE erased_reference (
    reference bytea PRIMARY KEY CHECK (length(reference) = 16),
    erased_at timestamptz NOT NULL
);

-- References of subjects in an entry: whom it is about, and who asked where that is a subject.
CREATE FUNCTION entry_references(p_entry bytea) RETURNS TABLE (reference bytea)
LANGUAGE sql IMMUTABLE AS $$
    SELECT decode(r.reference, 'hex')
    FROM json_to_record(convert_from(p_entry, 'UTF8')::json)
        AS x ("subjects" json, "callerReference" text)
    CROSS JOIN LATERAL (
        SELECT json_array_elements_text(x."subjects") UNION ALL SELECT x."callerReference"
    ) AS r (reference)
    WHERE r.reference IS NOT NULL
$$;

-- As in 0023, but for entries under a reference that was erased: they fail as those of a subject
-- do that another worker has just given its reference, and are built anew.
CREATE OR REPLACE FUNCTION index_subjects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM erased_reference) AND EXISTS (
        SELECT FROM added AS a CROSS JOIN LATERAL entry_references(a.entry) AS r
        JOIN erased_reference AS e ON e.reference = r.reference
    ) THEN
        RAISE EXCEPTION 'an entry stands under a reference that was erased'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'erased_reference';
    END IF;
    INSERT INTO audit_subject
    SELECT s.reference, a.entry_no, a.at, s.purpose, s.caller_class, s.is_own, s.organisation,
        s.matter_no
    FROM added AS a CROSS JOIN LATERAL entry_subjects(a.entry) AS s;
    RETURN NULL;
END
$$;
