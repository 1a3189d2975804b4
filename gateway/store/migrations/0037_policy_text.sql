-- The text of every set of rules that was ever in force, by its version: what was decided under it
-- can be decided again.

CREATE TABLE policy_text (
    version text PRIMARY KEY,
    first_in_force timestamptz NOT NULL DEFAULT now(),
    -- canonical JSON: rule files of the folders, and those of departments' packages
    content bytea NOT NULL
);
CREATE FUNCTION keep_policy_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rules that were in force are kept as they were';
END
$$;
CREATE TRIGGER policy_text_kept BEFORE UPDATE OR DELETE ON policy_text
    FOR EACH ROW EXECUTE FUNCTION keep_policy_text();
