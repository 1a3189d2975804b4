-- What is agreed with a client when it is registered, and the public keys by which it is known.
--
-- Every change raises the client's epoch, which the fence compares.

-- contract_no: number of the agreement (协议编号)
-- is_sandbox: answered by a gateway over test data only; others by one over real data only
-- scopes: `credit:<record kind>:<read|aggregate>`; none: all that its tokens state
-- acts_for: codes of the institutions that a platform may act for; none: nobody
-- may_name_persons: whether documents of persons are turned into references for it; NULL: unless it
--     runs registered operations only
-- algorithm: with which it signs, and no other
-- certificate_subject: distinguished name (RFC 4514) of its certificate, where that is issued by an
--     authority that the proxy in front trusts; NULL: known by thumbprint alone
-- tokens_since: tokens issued before are not accepted
ALTER TABLE client
    ADD COLUMN contract_no text,
    ADD COLUMN is_sandbox boolean NOT NULL DEFAULT false,
    ADD COLUMN scopes text[] NOT NULL DEFAULT '{}',
    ADD COLUMN acts_for text[] NOT NULL DEFAULT '{}',
    ADD COLUMN may_name_persons boolean,
    ADD COLUMN algorithm text CHECK (algorithm IN ('Ed25519', 'ES256', 'PS256')),
    ADD COLUMN certificate_subject text,
    ADD COLUMN redirect_uris text[] NOT NULL DEFAULT '{}',
    ADD COLUMN grant_types text[] NOT NULL DEFAULT '{}',
    ADD COLUMN tokens_since timestamptz;

-- Public keys, and thumbprints of certificates.
CREATE TABLE client_credential (
    client_id text NOT NULL REFERENCES client ON DELETE CASCADE,
    sort text NOT NULL CHECK (sort IN ('KEY', 'CERTIFICATE')),
    -- `kid` of a key, `x5t#S256` of a certificate
    identifier text NOT NULL,
    -- the public JSON Web Key; NULL for a certificate
    jwk text,
    registered_at timestamptz NOT NULL DEFAULT now(),
    -- NULL: until it is taken away
    good_until timestamptz,
    PRIMARY KEY (client_id, sort, identifier),
    CHECK ((sort = 'KEY') = (jwk IS NOT NULL))
);
CREATE TRIGGER client_credential_changed AFTER INSERT OR UPDATE OR DELETE ON client_credential
    FOR EACH ROW EXECUTE FUNCTION announce_client();
CREATE TRIGGER client_credential_emptied AFTER TRUNCATE ON client_credential
    FOR EACH STATEMENT EXECUTE FUNCTION announce_emptied('client');
