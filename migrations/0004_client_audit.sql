-- Programs that ask or listen, and the record of what everybody did.

CREATE TABLE client (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id        uuid NOT NULL REFERENCES team (id),
    name           text NOT NULL CHECK (name ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    kind           text NOT NULL CHECK (kind IN ('BACKEND', 'FRONTEND', 'EDGE')),
    environment_id uuid REFERENCES environment (id),
    enabled        boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL,
    CONSTRAINT client_name_key UNIQUE (team_id, name)
);
COMMENT ON TABLE client IS 'A program: BACKEND and FRONTEND may evaluate, EDGE may open the delivery stream. No environment: all of the team''s.';

CREATE TABLE client_key (
    id         text PRIMARY KEY CHECK (id ~ '^[a-zA-Z0-9]{8}$'),
    client_id  uuid NOT NULL REFERENCES client (id),
    sha256     bytea NOT NULL CHECK (length(sha256) = 32),
    created_at timestamptz NOT NULL,
    not_after  timestamptz
);
CREATE INDEX client_key_client_id ON client_key (client_id);
COMMENT ON TABLE client_key IS 'The hash of a client''s key and until when it holds; the key itself is nowhere.';

CREATE TABLE audit_entry (
    number      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    actor_kind  text NOT NULL CHECK (actor_kind IN ('USER', 'CLIENT', 'SYSTEM')),
    actor_id    uuid,
    actor       text NOT NULL,
    team_id     uuid REFERENCES team (id),
    action      text NOT NULL,
    subject     text NOT NULL,
    feature_id  uuid REFERENCES feature (id),
    environment text,
    reason      text,
    before      jsonb,
    after       jsonb,
    address     text,
    request_id  text
);
CREATE INDEX audit_entry_team ON audit_entry (team_id, number DESC);
CREATE INDEX audit_entry_feature ON audit_entry (feature_id, number DESC) WHERE feature_id IS NOT NULL;
COMMENT ON TABLE audit_entry IS 'Who did what, written in the transaction that did it; append only.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
COMMENT ON FUNCTION refuse_change IS 'Guards what may be added to but never altered.';

CREATE TRIGGER version_append_only BEFORE UPDATE OR DELETE ON version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER version_no_truncate BEFORE TRUNCATE ON version EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();
-- A vote is for an immutable document: of an item only the version that it became may be filled in, once.
CREATE TRIGGER change_item_immutable BEFORE UPDATE ON change_item FOR EACH ROW
    WHEN (OLD.version IS NOT NULL OR (NEW.change_id, NEW.stage_id, NEW.source_id, NEW.base_version, NEW.config)
        IS DISTINCT FROM (OLD.change_id, OLD.stage_id, OLD.source_id, OLD.base_version, OLD.config))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_item_not_deleted BEFORE DELETE ON change_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- Who proposed what never alters: the author is who may not vote.
CREATE TRIGGER change_identity BEFORE UPDATE ON change FOR EACH ROW
    WHEN ((NEW.team_id, NEW.number, NEW.kind, NEW.author_id, NEW.created_at)
        IS DISTINCT FROM (OLD.team_id, OLD.number, OLD.kind, OLD.author_id, OLD.created_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_not_deleted BEFORE DELETE ON change FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- What was asked for then is asked for until the end; a vote may be changed, not taken from the record.
CREATE TRIGGER change_policy_append_only BEFORE UPDATE OR DELETE ON change_policy
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER vote_not_deleted BEFORE DELETE ON vote FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON change EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_item_no_truncate BEFORE TRUNCATE ON change_item EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_policy_no_truncate BEFORE TRUNCATE ON change_policy EXECUTE FUNCTION refuse_change();
CREATE TRIGGER vote_no_truncate BEFORE TRUNCATE ON vote EXECUTE FUNCTION refuse_change();
