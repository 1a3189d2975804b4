-- Entries that leave the store for the archive, and stores that were put back to an earlier state.

-- How far the archive goes. Only ever grows.
CREATE TABLE audit_archive (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    -- the archive holds these leaves, and was verified
    sealed_size bigint NOT NULL DEFAULT 0,
    -- the entries of these leaves have left the store
    dropped_size bigint NOT NULL DEFAULT 0,
    CHECK (dropped_size <= sealed_size)
);
INSERT INTO audit_archive DEFAULT VALUES;

-- Whoever deletes entries: only what is sealed in the archive goes.
CREATE FUNCTION refuse_loss_of_entries() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_sealed bigint := (SELECT a.sealed_size FROM audit_archive AS a);
BEGIN
    IF EXISTS (
        SELECT FROM gone AS g
        LEFT JOIN LATERAL (
            SELECT r.first_leaf, r.first_entry_no, r.length FROM audit_run AS r
            WHERE r.first_entry_no <= g.entry_no ORDER BY r.first_entry_no DESC LIMIT 1
        ) AS r ON g.entry_no < r.first_entry_no + r.length
        WHERE r.first_leaf IS NULL OR r.first_leaf + g.entry_no - r.first_entry_no >= v_sealed
    ) THEN
        RAISE EXCEPTION 'entries that are not sealed in the archive are never deleted'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_entry_is_kept AFTER DELETE ON audit_entry
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION refuse_loss_of_entries();
CREATE TRIGGER audit_entry_is_not_emptied BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_record();

-- Each time the store was put back. While one is not declared in the log nothing is recorded, and
-- therefore nothing answered, by whatever worker.
CREATE TABLE store_restore (
    restore_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    -- leaves of the log in what was put back
    point_size bigint NOT NULL,
    -- when the backup was made; NULL where that is not known
    made_at timestamptz,
    declared_at timestamptz,
    -- of the entry that declares it
    event_id text,
    CHECK ((declared_at IS NULL) = (event_id IS NULL))
);
CREATE UNIQUE INDEX store_restore_pending ON store_restore ((declared_at IS NULL))
    WHERE declared_at IS NULL;

CREATE FUNCTION refuse_undeclared_restore() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM store_restore AS r WHERE r.declared_at IS NULL)
        AND current_setting('credit_gateway.restoring', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the store was restored, which is not declared yet'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_entry_of_declared_store BEFORE INSERT ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_undeclared_restore();
