-- How far the log was exported by syslog, per receiver. The cursor moves after the receiver's machine
-- has what stands before it, so that an entry can come twice and is never left out.

CREATE TABLE syslog_cursor (
    receiver text PRIMARY KEY,
    next_leaf bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);
