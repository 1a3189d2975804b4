-- Acts on grants and consents: when and by whom, letters and their check, notices to subjects.

ALTER TABLE sharing_grant
    ADD COLUMN requested_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN extended_at timestamptz,
    ADD COLUMN impact_assessed_on date,
    -- of the catalogue entry when the grant was asked for
    ADD COLUMN sharing_attribute text NOT NULL DEFAULT 'CONDITIONAL'
        CHECK (sharing_attribute IN ('UNCONDITIONAL', 'CONDITIONAL', 'NONE'));
CREATE INDEX sharing_grant_requested ON sharing_grant (requested_at, grant_no);

ALTER TABLE consent
    -- number of the certificate of an electronic seal
    ADD COLUMN seal_certificate text,
    DROP CONSTRAINT consent_state_check,
    ADD CONSTRAINT consent_state_check CHECK (state IN
        ('DRAFT', 'SIGNED', 'ACTIVE', 'REFUSED', 'USED_UP', 'EXPIRED', 'WITHDRAWN', 'REPLACED'));
CREATE INDEX consent_institution ON consent (institution);
CREATE INDEX consent_subject ON consent (subject_key);

-- 授权书: filed by the institution that it is given to, checked by the credit centre.
CREATE TABLE consent_letter (
    consent_no text PRIMARY KEY REFERENCES consent ON DELETE CASCADE,
    filed_at timestamptz NOT NULL,
    checked_at timestamptz,
    refusal_reason text,
    CHECK (checked_at IS NOT NULL OR refusal_reason IS NULL)
);

-- Who did what with a grant or consent, and why; written with the act itself.
CREATE TABLE entitlement_act (
    act_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    object_no text NOT NULL,
    act text NOT NULL,
    state text NOT NULL,
    caller_class text NOT NULL,
    -- NULL where the subject itself acted: the consent names it
    organisation text,
    client_id text NOT NULL,
    user_ref text,
    matter_no text,
    request_id text NOT NULL,
    rule_id text NOT NULL,
    reason text
);
CREATE INDEX entitlement_act_object ON entitlement_act (object_no, act_no);

-- What a subject is told; it asks, nothing is sent.
CREATE TABLE notification (
    notification_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    subject_key text NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('CONSENT_FILED', 'CONSENT_ACCEPTED', 'CONSENT_REFUSED', 'CONSENT_WITHDRAWN')),
    consent_no text NOT NULL REFERENCES consent ON DELETE CASCADE
);
CREATE INDEX notification_subject ON notification (subject_key, notification_no);

-- What was agreed never changes: another purpose, field or term is another consent or grant.
CREATE FUNCTION refuse_other_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the terms of % never change', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER consent_terms BEFORE UPDATE OF
    subject_key, institution, purpose, record_kinds, is_one_off, valid_from, valid_to, processing,
    retention, restrictions, how_to_withdraw, form, signed_at, document_sha256, seal_certificate
    ON consent FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_terms();
CREATE TRIGGER consent_coordinate_terms BEFORE UPDATE ON consent_coordinate
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_terms();
CREATE TRIGGER sharing_grant_terms BEFORE UPDATE OF
    consumer, provider, catalogue_code, purposes, legal_basis, scenario, scope, mode,
    impact_assessment, impact_assessed_on, sharing_attribute, valid_until, requested_at
    ON sharing_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_terms();
CREATE TRIGGER grant_coordinate_terms BEFORE UPDATE ON grant_coordinate
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_other_terms();
