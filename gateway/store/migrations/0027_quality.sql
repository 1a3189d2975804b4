-- The latest measurement of each department's records of each kind: numbers, never records.

CREATE TABLE quality_measurement (
    adapter text NOT NULL,
    kind text NOT NULL,
    measured_at timestamptz NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (adapter, kind)
);
