-- Sessions of the pages on which firms see their data and decide about consents. Cookies are known
-- by their SHA-256 only.

CREATE TABLE page_session (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    subject_key text NOT NULL,
    subject_name text NOT NULL,
    signer_name text NOT NULL,
    is_attorney boolean NOT NULL,
    -- number of the document by which an attorney acts
    proof text,
    -- opaque reference of the person, for the audit
    user_ref text NOT NULL,
    login text NOT NULL,
    begun_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX page_session_seen ON page_session (seen_at);

-- Sign-ins that were begun at another system: what it must bring back, and for which visitor.
CREATE TABLE page_sign_in (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    login text NOT NULL,
    visitor bytea NOT NULL CHECK (length(visitor) = 32),
    nonce text NOT NULL,
    verifier text NOT NULL,
    goes_to text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX page_sign_in_expiry ON page_sign_in (expires_at);
