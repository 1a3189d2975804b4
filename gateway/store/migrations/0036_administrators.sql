-- The people who run the gateway: three roles that no account combines, their sessions, and acts
-- that take two of them.

-- demanded: whether acts need a signed-in administrator. Once they do they always will: no command
-- takes it back.
CREATE TABLE administration (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    demanded boolean NOT NULL,
    since timestamptz NOT NULL DEFAULT now()
);

-- staff_no: number of the person in the personnel register (工号): a person has one account
-- public_key: Ed25519; sealed_secret: of the one-time codes, sealed under a key that is not here
-- last_step: number of the newest code that was used; none is good twice
CREATE TABLE administrator (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9._-]{1,62}$'),
    staff_no text NOT NULL CHECK (length(staff_no) BETWEEN 1 AND 64),
    role text NOT NULL CHECK (role IN ('SYSTEM', 'SECURITY', 'AUDIT')),
    public_key bytea NOT NULL UNIQUE CHECK (length(public_key) = 32),
    state text NOT NULL CHECK (state IN ('APPOINTED', 'ACTIVE', 'DISABLED')),
    sealed_secret bytea,
    last_step bigint NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    appointed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (state <> 'ACTIVE' OR sealed_secret IS NOT NULL)
);
CREATE UNIQUE INDEX administrator_person ON administrator (staff_no) WHERE state <> 'DISABLED';

CREATE TABLE administrator_session (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    name text NOT NULL REFERENCES administrator,
    began_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    idle interval NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX administrator_session_name ON administrator_session (name);

CREATE TABLE administrator_challenge (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    expires_at timestamptz NOT NULL
);

-- What one person proposed and another does or turns down.
CREATE TABLE administrator_proposal (
    proposal_no text PRIMARY KEY,
    act text NOT NULL,
    object text NOT NULL,
    proposed_by text NOT NULL REFERENCES administrator,
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'APPROVED', 'REJECTED')),
    decided_by text REFERENCES administrator,
    decided_at timestamptz,
    CHECK ((state = 'OPEN') = (decided_by IS NULL)),
    CHECK (state <> 'APPROVED' OR decided_by <> proposed_by),
    CHECK (state <> 'APPROVED' OR decided_at < expires_at)
);

CREATE FUNCTION keep_administrators_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'accounts of administrators are disabled, not deleted';
    END IF;
    IF (NEW.name, NEW.staff_no, NEW.role, NEW.public_key)
        IS DISTINCT FROM (OLD.name, OLD.staff_no, OLD.role, OLD.public_key) THEN
        RAISE EXCEPTION 'an account of an administrator keeps its name, person, role and key';
    END IF;
    IF OLD.state = 'DISABLED' AND NEW.state <> 'DISABLED' THEN
        RAISE EXCEPTION 'a disabled account of an administrator stays disabled';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER administrator_kept_apart BEFORE UPDATE OR DELETE ON administrator
    FOR EACH ROW EXECUTE FUNCTION keep_administrators_apart();

CREATE FUNCTION keep_administrators_demanded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.demanded THEN
        RAISE EXCEPTION 'administrators stay demanded';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER administration_kept BEFORE UPDATE OR DELETE ON administration
    FOR EACH ROW EXECUTE FUNCTION keep_administrators_demanded();

-- The adapters that a system administrator has registered: another manifest is another adapter.
CREATE TABLE adapter_registration (
    slug text PRIMARY KEY,
    manifest_sha256 text NOT NULL CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
    registered_at timestamptz NOT NULL DEFAULT now()
);
