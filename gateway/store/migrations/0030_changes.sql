-- How far the changes of each department's records have been followed. A cursor moves in the
-- transaction that applies the changes before it, so that both are there or neither.

CREATE TABLE change_cursor (
    department text NOT NULL,
    record_kind text NOT NULL,
    cursor text NOT NULL CHECK (length(cursor) <= 2000),
    followed_since timestamptz NOT NULL DEFAULT now(),
    asked_at timestamptz NOT NULL DEFAULT now(),
    moved_at timestamptz NOT NULL DEFAULT now(),
    applied bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (department, record_kind)
);
COMMENT ON COLUMN change_cursor.cursor IS 'made by the department''s adapter; known to it alone';
COMMENT ON COLUMN change_cursor.applied IS 'changes applied; one told twice counts twice';

-- What keeps a department's changes from being followed, while something does.
CREATE TABLE change_failure (
    department text NOT NULL,
    record_kind text NOT NULL,
    failing_since timestamptz NOT NULL DEFAULT now(),
    failed_at timestamptz NOT NULL DEFAULT now(),
    reason text NOT NULL,
    PRIMARY KEY (department, record_kind)
);
