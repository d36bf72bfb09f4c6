-- Revisions: every committed change of what is served has one, dense and in commit order.

CREATE TABLE delivery_head (
    only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch     uuid NOT NULL DEFAULT gen_random_uuid(),
    revision  bigint NOT NULL DEFAULT 0,
    compacted bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO delivery_head DEFAULT VALUES;
COMMENT ON TABLE delivery_head IS 'The newest revision. Its row is locked last in a transaction, so that commits are in its order.';

CREATE TABLE delivery_item (
    revision bigint NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('STAGE', 'KILL', 'ENVIRONMENT', 'CLIENT')),
    subject  uuid NOT NULL,
    xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (revision, kind, subject)
);
CREATE INDEX delivery_item_subject ON delivery_item (subject, kind, revision DESC);
COMMENT ON TABLE delivery_item IS 'What a revision touched; what it is now stands in its own table.';
CREATE TRIGGER delivery_item_not_altered BEFORE UPDATE ON delivery_item
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER delivery_item_no_truncate BEFORE TRUNCATE ON delivery_item EXECUTE FUNCTION refuse_change();

-- Gives the transaction its revision. The last statement before COMMIT: it takes the lock that all writers share.
CREATE FUNCTION publish(kinds text[], subjects uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    UPDATE delivery_head SET revision = revision + 1 RETURNING revision INTO taken;
    INSERT INTO delivery_item (revision, kind, subject)
    SELECT DISTINCT taken, k, s FROM unnest(kinds, subjects) AS item (k, s);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a revision must touch something' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM pg_notify('fluxgate_head', taken::text);
    RETURN taken;
END $$;
COMMENT ON FUNCTION publish IS 'Takes the next revision for the given items and announces it.';

-- At commit: whoever changed something delivered has published it in the same transaction. TG_ARGV: kind, id column.
CREATE FUNCTION require_publish() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched uuid := (to_jsonb(COALESCE(NEW, OLD)) ->> TG_ARGV[1])::uuid;
    published boolean;
BEGIN
    SELECT xid = pg_current_xact_id() INTO published FROM delivery_item
    WHERE subject = touched AND kind = TG_ARGV[0] ORDER BY revision DESC LIMIT 1;
    IF published IS NOT TRUE THEN
        RAISE EXCEPTION '% % was changed without publish()', TG_TABLE_NAME, touched
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION require_publish IS 'Refuses a transaction that changes what is served without a revision.';

CREATE CONSTRAINT TRIGGER stage_live_published AFTER UPDATE ON stage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.live_version IS DISTINCT FROM NEW.live_version) EXECUTE FUNCTION require_publish('STAGE', 'id');
CREATE CONSTRAINT TRIGGER stage_kill_published AFTER UPDATE ON stage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.killed_at IS NULL) <> (NEW.killed_at IS NULL)) EXECUTE FUNCTION require_publish('KILL', 'id');
CREATE CONSTRAINT TRIGGER stage_inserted_published AFTER INSERT ON stage DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.live_version IS NOT NULL OR NEW.killed_at IS NOT NULL) EXECUTE FUNCTION require_publish('STAGE', 'id');
CREATE CONSTRAINT TRIGGER environment_published AFTER INSERT OR UPDATE ON environment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_publish('ENVIRONMENT', 'id');
CREATE CONSTRAINT TRIGGER client_published AFTER INSERT OR UPDATE ON client
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_publish('CLIENT', 'id');
CREATE CONSTRAINT TRIGGER client_key_published AFTER INSERT OR UPDATE OR DELETE ON client_key
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_publish('CLIENT', 'client_id');

-- What is delivered keeps its row, so that its end can be told: it is withdrawn, deactivated or disabled instead.
CREATE TRIGGER stage_not_deleted BEFORE DELETE ON stage FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER environment_not_deleted BEFORE DELETE ON environment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_not_deleted BEFORE DELETE ON client FOR EACH ROW EXECUTE FUNCTION refuse_change();
-- An edge knows stages by feature key: key, team and place never move.
CREATE TRIGGER feature_identity BEFORE UPDATE ON feature FOR EACH ROW
    WHEN ((OLD.team_id, OLD.key) IS DISTINCT FROM (NEW.team_id, NEW.key)) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stage_identity BEFORE UPDATE ON stage FOR EACH ROW
    WHEN ((OLD.feature_id, OLD.environment_id) IS DISTINCT FROM (NEW.feature_id, NEW.environment_id))
    EXECUTE FUNCTION refuse_change();

CREATE TRIGGER team_identity BEFORE UPDATE ON team FOR EACH ROW
    WHEN (OLD.key IS DISTINCT FROM NEW.key) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER environment_identity BEFORE UPDATE ON environment FOR EACH ROW
    WHEN (OLD.team_id IS DISTINCT FROM NEW.team_id) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER client_identity BEFORE UPDATE ON client FOR EACH ROW
    WHEN ((OLD.team_id, OLD.kind, OLD.environment_id) IS DISTINCT FROM (NEW.team_id, NEW.kind, NEW.environment_id))
    EXECUTE FUNCTION refuse_change();

CREATE UNLOGGED TABLE edge (
    team_id        uuid NOT NULL,
    id             uuid NOT NULL,
    client_id      uuid NOT NULL,
    name           text NOT NULL,
    version        text NOT NULL,
    stream_id      uuid NOT NULL,
    connected_at   timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL,
    acked_at       timestamptz NOT NULL,
    revision       bigint NOT NULL,
    kills_revision bigint NOT NULL,
    PRIMARY KEY (team_id, id)
);
COMMENT ON TABLE edge IS 'What each edge acknowledged, as its backend last heard. Unlogged: it fills again from the streams.';
