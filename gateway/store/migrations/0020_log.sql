-- The audit log as a Merkle tree: which entry is which leaf, hashes of complete subtrees, signed
-- checkpoints. One sequencer at a time writes here, on the connection that holds its lock; whoever
-- records entries writes nothing of it.
--
-- Everything but the head and cosignatures is only ever added.

-- The one row of where the log stands.
CREATE TABLE audit_log_head (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- set when the first leaf is added, and never changed
    origin text,
    suite text,
    tree_size bigint NOT NULL DEFAULT 0,
    -- every entry up to this number is a leaf, or is known never to be committed
    settled_entry_no bigint NOT NULL DEFAULT 0,
    -- hashes of the leaves after the last complete subtree of height 8
    young_leaves bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 20);
ALTER TABLE audit_log_head ALTER COLUMN young_leaves SET STORAGE EXTERNAL;
INSERT INTO audit_log_head DEFAULT VALUES;

-- Entries with consecutive numbers that are consecutive leaves.
CREATE TABLE audit_run (
    first_leaf bigint PRIMARY KEY,
    first_entry_no bigint NOT NULL UNIQUE,
    length integer NOT NULL CHECK (length > 0)
);

-- Complete subtrees of height 8, 16, 24 …; those of height 8 with the hashes of their 256 leaves.
CREATE TABLE audit_subtree (
    height smallint NOT NULL CHECK (height > 0 AND height % 8 = 0),
    number bigint NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    leaves bytea CHECK (length(leaves) = 8192),
    PRIMARY KEY (height, number),
    CHECK ((height = 8) = (leaves IS NOT NULL))
);
ALTER TABLE audit_subtree ALTER COLUMN leaves SET STORAGE EXTERNAL;

-- Signed notes; every extension of the tree has one.
CREATE TABLE audit_checkpoint (
    tree_size bigint PRIMARY KEY CHECK (tree_size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL
);

-- What witnesses signed: lines that may stand below the checkpoint's note.
CREATE TABLE audit_cosignature (
    -- order of arrival, by which copies are brought up to date; proves nothing
    line_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    tree_size bigint NOT NULL REFERENCES audit_checkpoint,
    key_name text NOT NULL,
    key_id bytea NOT NULL CHECK (length(key_id) = 4),
    line text NOT NULL,
    PRIMARY KEY (tree_size, key_name, key_id)
);

-- Extends the tree by at least one leaf, in one statement. Fails if the log is not where the caller
-- believes it is.
CREATE FUNCTION extend_audit_log(
    p_origin text, p_suite text, p_old_size bigint, p_size bigint, p_settled bigint,
    p_young_leaves bytea,
    p_first_leaf bigint[], p_first_entry_no bigint[], p_length integer[],
    p_height smallint[], p_number bigint[], p_subtree_root bytea[], p_leaves bytea[],
    p_root bytea, p_note text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE audit_log_head SET
        origin = p_origin, suite = p_suite, tree_size = p_size, settled_entry_no = p_settled,
        young_leaves = p_young_leaves
    WHERE tree_size = p_old_size AND p_old_size < p_size
        AND coalesce(origin, p_origin) = p_origin AND coalesce(suite, p_suite) = p_suite;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the log does not stand at % leaves, or is another one', p_old_size
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    INSERT INTO audit_run (first_leaf, first_entry_no, length)
    SELECT r.first_leaf, r.first_entry_no, r.length
    FROM unnest(p_first_leaf, p_first_entry_no, p_length)
        AS r (first_leaf, first_entry_no, length);
    IF cardinality(p_height) > 0 THEN
        INSERT INTO audit_subtree (height, number, root, leaves)
        SELECT s.height, s.number, s.root, s.leaves
        FROM unnest(p_height, p_number, p_subtree_root, p_leaves)
            AS s (height, number, root, leaves);
    END IF;
    INSERT INTO audit_checkpoint (tree_size, root, note) VALUES (p_size, p_root, p_note);
END
$$;

-- What is on record stays as it is.
CREATE FUNCTION refuse_change_of_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER audit_entry_stays BEFORE UPDATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER audit_decisions_stay BEFORE UPDATE ON audit_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER audit_run_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER audit_subtree_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_subtree
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
CREATE TRIGGER audit_checkpoint_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();
