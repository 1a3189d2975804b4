-- Which version of the rules is in force. Workers read their rules from files; here stands since
-- when a version binds, so that all of them change over together and no answer that older rules
-- permitted leaves after that moment.

ALTER TABLE entitlement_epoch DROP CONSTRAINT entitlement_epoch_area_check;
ALTER TABLE entitlement_epoch ADD CONSTRAINT entitlement_epoch_area_check
    CHECK (area IN ('client', 'consent', 'grant', 'effect', 'policy'));
INSERT INTO entitlement_epoch (area) VALUES ('policy');

-- One row per change of rules, the newest in force. Without a row every worker's rules are of
-- epoch 0.
CREATE TABLE policy_release (
    epoch bigint PRIMARY KEY,
    version text NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- answers decided under earlier epochs may leave until then, and none afterwards
    effective_at timestamptz NOT NULL
);

-- Announces a version and returns its epoch. Workers hear `policy` on the channel of entitlements,
-- read the rules anew and have until the release takes effect.
CREATE FUNCTION release_policy(p_version text, p_after interval) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_epoch bigint;
BEGIN
    UPDATE entitlement_epoch SET epoch = epoch + 1 WHERE area = 'policy'
    RETURNING epoch INTO v_epoch;
    INSERT INTO policy_release (epoch, version, effective_at)
    VALUES (v_epoch, p_version, clock_timestamp() + p_after);
    PERFORM pg_notify('credit_gateway_entitlements', 'policy');
    RETURN v_epoch;
END
$$;

-- The oldest epoch whose answers may still leave; what was decided under an earlier one is refused
-- by the fence.
CREATE FUNCTION oldest_policy_epoch() RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(max(epoch), 0) FROM policy_release WHERE effective_at <= clock_timestamp()
$$;
