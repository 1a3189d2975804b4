-- Own tables of the credit centre, beside those of its life cycles. Facts of a case; its state is
-- in lifecycle_case, its history in lifecycle_step.

CREATE TABLE list_entry (
    case_no text PRIMARY KEY REFERENCES lifecycle_case,
    list_code text NOT NULL,
    list_name text NOT NULL,
    -- of the list itself, by law
    list_basis text NOT NULL,
    is_reward boolean NOT NULL,
    unit text NOT NULL,
    subject_key text NOT NULL,
    subject_name text NOT NULL,
    facts text NOT NULL,
    severity text NOT NULL,
    measures text[] NOT NULL,
    notice_no text,
    notice_served_on date,
    notice_tells_of_objection boolean,
    decision_no text,
    decided_on date,
    valid_until date,
    channel text,
    exit_reason text CHECK (exit_reason IN
        ('REPAIRED', 'VALIDITY_OVER', 'BASIS_ANNULLED', 'WRONGLY_LISTED')),
    exited_on date,
    -- the proposal was dropped
    dropped_on date
);
-- one entry of a subject on a list at a time
CREATE UNIQUE INDEX list_entry_open ON list_entry (list_code, subject_key)
    WHERE exited_on IS NULL AND dropped_on IS NULL;
CREATE INDEX list_entry_subject ON list_entry (subject_key, decided_on DESC);

-- Who answers for it; only whoever was found responsible itself may be punished.
CREATE TABLE list_entry_person (
    case_no text NOT NULL REFERENCES list_entry,
    position integer NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    finding text,
    PRIMARY KEY (case_no, position)
);

-- What was published about an entry, each in the channel of the first.
CREATE TABLE list_notice (
    case_no text NOT NULL REFERENCES list_entry,
    version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('PUBLIC_NOTICE', 'ENTRY', 'EXIT', 'CORRECTION', 'RETURN')),
    channel text NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (case_no, version, kind)
);

-- What has to be told to the subject in writing.
CREATE TABLE list_letter (
    case_no text NOT NULL REFERENCES list_entry,
    version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('NOT_LISTED', 'OBJECTION_REJECTED', 'REPAIR_RIGHTS')),
    written_at timestamptz NOT NULL,
    PRIMARY KEY (case_no, version, kind)
);

-- Records of the network: entries from their decision on. Life cycle 7.0 of the city's process
-- description: what was repaired has ended, what was wrong is withdrawn, what has run its time is
-- shared and no longer published.
CREATE VIEW decided_entry AS
SELECT entry.*,
    CASE WHEN lifecycle_case.state = 'LISTED' THEN 'PUBLISHED'
        WHEN entry.exit_reason = 'REPAIRED' THEN 'ENDED'
        WHEN entry.exit_reason IN ('BASIS_ANNULLED', 'WRONGLY_LISTED') THEN 'WITHDRAWN'
        ELSE 'SHARED' END AS disclosure_state,
    lifecycle_case.version AS version,
    lifecycle_case.opened_at AS opened_at,
    (SELECT (min(notice.published_at) AT TIME ZONE 'Asia/Shanghai')::date
     FROM list_notice AS notice
     WHERE notice.case_no = entry.case_no AND notice.kind = 'ENTRY') AS published_on,
    (SELECT jsonb_agg(jsonb_build_object('name', person.name, 'role', person.role,
        'determination', CASE WHEN person.finding IS NOT NULL THEN person.case_no END)
        ORDER BY person.position)
     FROM list_entry_person AS person WHERE person.case_no = entry.case_no) AS persons
FROM list_entry AS entry JOIN lifecycle_case USING (case_no)
WHERE lifecycle_case.state IN ('LISTED', 'EXITED');

CREATE VIEW punish_entry AS SELECT * FROM decided_entry WHERE NOT is_reward;
CREATE VIEW reward_entry AS SELECT * FROM decided_entry WHERE is_reward;
