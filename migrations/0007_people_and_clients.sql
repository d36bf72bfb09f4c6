-- When sessions end before their time.

ALTER TABLE app_user
    ADD COLUMN must_change_password boolean NOT NULL DEFAULT false,
    ADD COLUMN session_epoch integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN app_user.must_change_password IS 'Somebody else knows the password: nothing but changing it is allowed.';
COMMENT ON COLUMN app_user.session_epoch IS 'Counts what ended all sessions; access tokens of an earlier count are refused.';
CREATE INDEX refresh_token_user_id ON refresh_token (user_id);
CREATE TRIGGER app_user_not_deleted BEFORE DELETE ON app_user FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER app_user_identity BEFORE UPDATE ON app_user FOR EACH ROW
    WHEN ((OLD.id, OLD.username) IS DISTINCT FROM (NEW.id, NEW.username) OR NEW.session_epoch < OLD.session_epoch)
    EXECUTE FUNCTION refuse_change();

CREATE UNLOGGED TABLE failure (
    key      bytea PRIMARY KEY,
    failures integer NOT NULL,
    last_at  timestamptz NOT NULL
);
CREATE INDEX failure_last_at ON failure (last_at);
COMMENT ON TABLE failure IS 'How often proving who one is failed, by hashes of account and address; what all replicas throttle by. Unlogged: losing it costs an attacker''s delay.';

ALTER TABLE client
    ADD COLUMN origins text[] NOT NULL DEFAULT '{}'
        CONSTRAINT client_origins CHECK (cardinality(origins) <= 20 AND (kind = 'FRONTEND' OR origins = '{}')),
    ADD COLUMN deleted_at timestamptz CONSTRAINT client_deleted_is_disabled CHECK (deleted_at IS NULL OR NOT enabled);
COMMENT ON COLUMN client.origins IS 'The web origins whose pages may ask with a key of this client.';
COMMENT ON COLUMN client.deleted_at IS 'The row stays, so that its end can be told; the name is free again.';
ALTER TABLE client DROP CONSTRAINT client_name_key;
CREATE UNIQUE INDEX client_name_key ON client (team_id, name) WHERE deleted_at IS NULL;
CREATE TRIGGER client_stays_deleted BEFORE UPDATE ON client FOR EACH ROW
    WHEN (OLD.deleted_at IS NOT NULL) EXECUTE FUNCTION refuse_change();

ALTER TABLE signing_key ADD COLUMN retired_at timestamptz;
UPDATE signing_key SET retired_at = now()
WHERE kid <> (SELECT kid FROM signing_key ORDER BY created_at DESC, kid LIMIT 1);
CREATE UNIQUE INDEX signing_key_signs ON signing_key ((retired_at IS NULL)) WHERE retired_at IS NULL;
COMMENT ON TABLE signing_key IS 'Keys of access tokens, sealed with the master key (AES-256-GCM, nonce first); the one that is not retired signs, the others verify until their tokens have ended.';
