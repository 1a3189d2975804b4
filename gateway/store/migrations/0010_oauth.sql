-- What the authorization server keeps. Secrets that clients hold (codes, request URIs, refresh
-- tokens) are stored as SHA-256 of themselves, signing keys are sealed under a key of the settings.
-- Whatever may be used once is used up by a conditional INSERT or UPDATE.

-- Keys that sign access tokens. The newest whose time has come signs; one before it is accepted
-- until the last token that it signed has ended.
CREATE TABLE oauth_signing_key (
    -- rising by one: two workers that rotate at the same moment make one key
    generation bigint PRIMARY KEY,
    kid text NOT NULL UNIQUE,
    -- AES-256-GCM: nonce and ciphertext, bound to `kid`
    sealed_jwk bytea NOT NULL,
    made_at timestamptz NOT NULL,
    -- when every worker and every outside resource server has had the time to read it
    signs_from timestamptz NOT NULL,
    -- nothing that it signed is accepted any more
    revoked_at timestamptz
);

-- Identifiers of assertions and proofs that were used, until they would have ended by themselves.
CREATE TABLE oauth_used_once (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    expires_at timestamptz NOT NULL
);
CREATE INDEX oauth_used_once_expiry ON oauth_used_once (expires_at);

-- Pushed authorization requests (RFC 9126).
CREATE TABLE oauth_pushed_request (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    client_id text NOT NULL,
    request text NOT NULL,
    expires_at timestamptz NOT NULL,
    opened_at timestamptz,
    decided_at timestamptz
);
CREATE INDEX oauth_pushed_request_expiry ON oauth_pushed_request (expires_at);

-- What a firm granted by the code flow: one consent, one client.
CREATE TABLE oauth_grant (
    grant_id text PRIMARY KEY,
    client_id text NOT NULL,
    consent_no text NOT NULL REFERENCES consent ON DELETE CASCADE,
    details text NOT NULL,
    acting_for text,
    granted_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX oauth_grant_consent ON oauth_grant (consent_no);

CREATE TABLE oauth_code (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    grant_id text NOT NULL REFERENCES oauth_grant ON DELETE CASCADE,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    -- key to which the client bound the code when it pushed the request
    dpop_jkt text,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX oauth_code_expiry ON oauth_code (expires_at);

CREATE TABLE oauth_refresh_token (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    grant_id text NOT NULL REFERENCES oauth_grant ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX oauth_refresh_token_expiry ON oauth_refresh_token (expires_at);
CREATE INDEX oauth_refresh_token_grant ON oauth_refresh_token (grant_id);

-- Access tokens that were issued, by `jti`; never the tokens.
CREATE TABLE oauth_access_token (
    jti text PRIMARY KEY,
    client_id text NOT NULL,
    grant_type text NOT NULL,
    grant_id text REFERENCES oauth_grant ON DELETE CASCADE,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX oauth_access_token_expiry ON oauth_access_token (expires_at);
CREATE INDEX oauth_access_token_grant ON oauth_access_token (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX oauth_access_token_revoked ON oauth_access_token (client_id, expires_at)
    WHERE revoked_at IS NOT NULL;

-- A revoked token raises its client's epoch: the fence lets no answer pass that was decided before.
CREATE FUNCTION announce_revoked_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM raise_epochs(ARRAY['client:' || NEW.client_id]);
    RETURN NULL;
END
$$;
CREATE TRIGGER oauth_access_token_was_revoked AFTER UPDATE OF revoked_at ON oauth_access_token
    FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
    EXECUTE FUNCTION announce_revoked_token();

-- A consent that ends, ends what was granted on it.
CREATE FUNCTION end_grants_of_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE oauth_grant SET ended_at = now() WHERE consent_no = NEW.consent_no AND ended_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER consent_ended AFTER UPDATE OF state ON consent
    FOR EACH ROW WHEN (OLD.state = 'ACTIVE' AND NEW.state IN ('WITHDRAWN', 'REPLACED', 'EXPIRED'))
    EXECUTE FUNCTION end_grants_of_consent();

-- A consent may be given on the platform itself, by a representative who signed in.
ALTER TABLE consent DROP CONSTRAINT consent_form_check;
ALTER TABLE consent ADD CONSTRAINT consent_form_check
    CHECK (form IN ('ELECTRONIC_SEAL', 'WET_INK_SCAN', 'ONLINE'));
ALTER TABLE notification DROP CONSTRAINT notification_kind_check;
ALTER TABLE notification ADD CONSTRAINT notification_kind_check CHECK (kind IN
    ('CONSENT_FILED', 'CONSENT_ACCEPTED', 'CONSENT_REFUSED', 'CONSENT_WITHDRAWN',
     'CONSENT_GRANTED'));
