-- Robots: tokens that act for the person who made them.

CREATE TABLE token (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id      uuid NOT NULL REFERENCES team (id),
    name         text NOT NULL CHECK (name ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    owner_id     uuid NOT NULL REFERENCES app_user (id),
    roles        text[] NOT NULL CHECK (roles <@ ARRAY ['REQUESTER', 'APPROVER', 'TEAM_ADMIN']),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    CONSTRAINT token_ends CHECK (expires_at > created_at AND expires_at - created_at <= interval '366 days'),
    CONSTRAINT token_owner_key UNIQUE (id, owner_id)
);
CREATE UNIQUE INDEX token_name_key ON token (team_id, name) WHERE revoked_at IS NULL;
CREATE INDEX token_team ON token (team_id, name, id);
COMMENT ON TABLE token IS 'A robot''s identity for CI: acts in its team for its owner, with its own roles, until its end. Revoked, never deleted.';

CREATE TABLE token_environment (
    token_id       uuid NOT NULL REFERENCES token (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    PRIMARY KEY (token_id, environment_id)
);
COMMENT ON TABLE token_environment IS 'The environments that a token is limited to; none: it is not limited.';

CREATE TABLE token_key (
    id         text PRIMARY KEY CHECK (id ~ '^[a-zA-Z0-9]{8}$'),
    token_id   uuid NOT NULL REFERENCES token (id),
    sha256     bytea NOT NULL CHECK (length(sha256) = 32),
    created_at timestamptz NOT NULL,
    not_after  timestamptz
);
CREATE INDEX token_key_token_id ON token_key (token_id);
COMMENT ON TABLE token_key IS 'The hash of a token''s key and until when it holds; the key itself is nowhere.';

-- What a token may and until when never alters, and one that was revoked stays so.
CREATE TRIGGER token_identity BEFORE UPDATE ON token FOR EACH ROW
    WHEN ((NEW.id, NEW.team_id, NEW.name, NEW.owner_id, NEW.roles, NEW.created_at, NEW.expires_at)
            IS DISTINCT FROM (OLD.id, OLD.team_id, OLD.name, OLD.owner_id, OLD.roles, OLD.created_at, OLD.expires_at)
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at))
    EXECUTE FUNCTION refuse_change();
CREATE TRIGGER token_not_deleted BEFORE DELETE ON token FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER token_environment_fixed BEFORE UPDATE OR DELETE ON token_environment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER token_environment_no_truncate BEFORE TRUNCATE ON token_environment EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_wider_token() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM token WHERE id = NEW.token_id AND xmin = pg_current_xact_id()::xid) THEN
        RAISE EXCEPTION 'the environments of token % are set', NEW.token_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION refuse_wider_token IS 'A token gets its environments in the transaction that makes it, and no others later.';
CREATE TRIGGER token_environment_set_once BEFORE INSERT ON token_environment
    FOR EACH ROW EXECUTE FUNCTION refuse_wider_token();

-- What was done with a token is its owner's doing: that both are noted together is up to the keys.
ALTER TABLE change
    ADD COLUMN author_token_id   uuid,
    ADD COLUMN override_token_id uuid,
    ADD CONSTRAINT change_author_token FOREIGN KEY (author_token_id, author_id) REFERENCES token (id, owner_id),
    ADD CONSTRAINT change_override_token FOREIGN KEY (override_token_id, overridden_by) REFERENCES token (id, owner_id),
    ADD CONSTRAINT change_override_token_acts CHECK (override_token_id IS NULL OR overridden_by IS NOT NULL);
COMMENT ON COLUMN change.author_token_id IS 'The token that proposed it for its author; none: the author in person.';
COMMENT ON COLUMN change.override_token_id IS 'The token that let it through; none: the person.';
DROP TRIGGER change_identity ON change;
CREATE TRIGGER change_identity BEFORE UPDATE ON change FOR EACH ROW
    WHEN ((NEW.team_id, NEW.number, NEW.kind, NEW.author_id, NEW.author_token_id, NEW.created_at)
        IS DISTINCT FROM (OLD.team_id, OLD.number, OLD.kind, OLD.author_id, OLD.author_token_id, OLD.created_at))
    EXECUTE FUNCTION refuse_change();
DROP TRIGGER change_schedule ON change;
CREATE TRIGGER change_schedule BEFORE UPDATE ON change FOR EACH ROW
    WHEN (NEW.apply_at IS DISTINCT FROM OLD.apply_at
        OR (OLD.overridden_by IS NOT NULL AND (NEW.overridden_by, NEW.override_token_id, NEW.override_reason)
            IS DISTINCT FROM (OLD.overridden_by, OLD.override_token_id, OLD.override_reason)))
    EXECUTE FUNCTION refuse_change();

ALTER TABLE vote
    ADD COLUMN token_id uuid,
    ADD CONSTRAINT vote_token FOREIGN KEY (token_id, user_id) REFERENCES token (id, owner_id);
COMMENT ON COLUMN vote.token_id IS 'The token that voted for the user: then its roles count, as long as it holds.';
ALTER TABLE change_comment
    ADD COLUMN token_id uuid,
    ADD CONSTRAINT change_comment_token FOREIGN KEY (token_id, user_id) REFERENCES token (id, owner_id);
ALTER TABLE stage
    ADD COLUMN killed_by_token uuid,
    ADD CONSTRAINT stage_killed_by_token FOREIGN KEY (killed_by_token, killed_by) REFERENCES token (id, owner_id),
    ADD CONSTRAINT stage_killed_by_token_acts CHECK (killed_by_token IS NULL OR killed_by IS NOT NULL);

ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_actor_kind_check,
    ADD CONSTRAINT audit_entry_actor_kind_check CHECK (actor_kind IN ('USER', 'TOKEN', 'CLIENT', 'SYSTEM'));
