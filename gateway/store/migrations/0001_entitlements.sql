-- Who may ask for what, as far as it is not law: clients, consents, grants, effects on records.
-- Every change raises an epoch and notifies `credit_gateway_entitlements`, so that all workers
-- re-read what they hold in memory.

CREATE TABLE entitlement_epoch (
    area text PRIMARY KEY CHECK (area IN ('client', 'consent', 'grant', 'effect')),
    epoch bigint NOT NULL DEFAULT 0
);
INSERT INTO entitlement_epoch (area) VALUES ('client'), ('consent'), ('grant'), ('effect');

CREATE TABLE client (
    client_id text PRIMARY KEY,
    caller_class text NOT NULL,
    organisation text,
    name text NOT NULL,
    -- distinct subjects a day; NULL: no limit, nothing is counted
    quota_per_day bigint CHECK (quota_per_day >= 0),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- 授权书. Only ACTIVE releases data, from valid_from (included) to valid_to (excluded).
CREATE TABLE consent (
    consent_no text PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    state text NOT NULL CHECK (state IN
        ('DRAFT', 'SIGNED', 'ACTIVE', 'USED_UP', 'EXPIRED', 'WITHDRAWN', 'REPLACED')),
    subject_key text NOT NULL,
    authoriser_name text NOT NULL,
    signer_name text NOT NULL,
    signer_role text NOT NULL CHECK (signer_role IN ('LEGAL_REPRESENTATIVE', 'ATTORNEY', 'SELF')),
    -- what proves an attorney's power; required for one
    signer_proof text,
    institution text NOT NULL,
    institution_name text NOT NULL,
    institution_licence_no text NOT NULL,
    institution_contact text NOT NULL,
    purpose text NOT NULL,
    record_kinds text[] NOT NULL CHECK (cardinality(record_kinds) > 0),
    is_one_off boolean NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    processing text NOT NULL,
    retention text NOT NULL,
    restrictions text NOT NULL,
    how_to_withdraw text NOT NULL,
    form text NOT NULL CHECK (form IN ('ELECTRONIC_SEAL', 'WET_INK_SCAN')),
    signed_at timestamptz NOT NULL,
    document_sha256 bytea NOT NULL CHECK (length(document_sha256) = 32),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK (valid_from < valid_to),
    CHECK (signer_role <> 'ATTORNEY' OR signer_proof IS NOT NULL)
);
-- a second consent for the same institution and purpose replaces the first
CREATE UNIQUE INDEX consent_one_active ON consent (subject_key, institution, purpose)
    WHERE state = 'ACTIVE';

CREATE TABLE consent_coordinate (
    consent_no text NOT NULL REFERENCES consent ON DELETE CASCADE,
    coordinate text NOT NULL,
    PRIMARY KEY (consent_no, coordinate)
);

-- 共享授权: what one department gives another.
CREATE TABLE sharing_grant (
    grant_no text PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    state text NOT NULL CHECK (state IN
        ('REQUESTED', 'REFUSED', 'ACTIVE', 'SUSPENDED', 'REVOKED', 'EXPIRED')),
    consumer text NOT NULL,
    provider text NOT NULL,
    catalogue_code text NOT NULL,
    purposes text[] NOT NULL CHECK (cardinality(purposes) > 0),
    legal_basis text NOT NULL,
    scenario text NOT NULL,
    scope text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('SERVICE', 'BATCH', 'FILE')),
    impact_assessment text NOT NULL,
    valid_until timestamptz NOT NULL,
    decided_at timestamptz,
    refusal_reason text
);

CREATE TABLE grant_coordinate (
    grant_no text NOT NULL REFERENCES sharing_grant ON DELETE CASCADE,
    coordinate text NOT NULL,
    PRIMARY KEY (grant_no, coordinate)
);

-- What was decided elsewhere about a department's record.
CREATE TABLE record_effect (
    department text NOT NULL,
    record_kind text NOT NULL,
    record_id text NOT NULL,
    effect text NOT NULL CHECK (effect IN ('MARKED', 'HIDDEN', 'ENDED')),
    -- caller classes a HIDDEN record is hidden from; ENDED is hidden from all
    hidden_from text[] NOT NULL DEFAULT '{}',
    cause text NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (department, record_kind, record_id, effect, cause),
    CHECK ((effect = 'HIDDEN') = (cardinality(hidden_from) > 0))
);

CREATE FUNCTION announce_area() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE entitlement_epoch SET epoch = epoch + 1 WHERE area = TG_ARGV[0];
    PERFORM pg_notify('credit_gateway_entitlements', TG_ARGV[0]);
    RETURN NULL;
END
$$;

CREATE FUNCTION announce_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('credit_gateway_entitlements',
                      'consent:' || coalesce(NEW.consent_no, OLD.consent_no));
    RETURN NULL;
END
$$;

CREATE TRIGGER client_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION announce_area('client');
CREATE TRIGGER sharing_grant_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sharing_grant
    FOR EACH STATEMENT EXECUTE FUNCTION announce_area('grant');
CREATE TRIGGER grant_coordinate_changed
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON grant_coordinate
    FOR EACH STATEMENT EXECUTE FUNCTION announce_area('grant');
CREATE TRIGGER record_effect_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON record_effect
    FOR EACH STATEMENT EXECUTE FUNCTION announce_area('effect');
CREATE TRIGGER consent_emptied AFTER TRUNCATE ON consent
    FOR EACH STATEMENT EXECUTE FUNCTION announce_area('consent');
CREATE TRIGGER consent_changed AFTER INSERT OR UPDATE OR DELETE ON consent
    FOR EACH ROW EXECUTE FUNCTION announce_consent();
CREATE TRIGGER consent_coordinate_changed AFTER INSERT OR UPDATE OR DELETE ON consent_coordinate
    FOR EACH ROW EXECUTE FUNCTION announce_consent();
