-- What contexts hold, and what keeps the structure whole now that it can be edited.

CREATE TABLE context_key (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id        uuid NOT NULL REFERENCES team (id),
    key            text NOT NULL CHECK (key ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    type           text NOT NULL CHECK (type IN ('STRING', 'NUMBER', 'BOOLEAN', 'VERSION', 'INSTANT')),
    description    text NOT NULL DEFAULT '',
    allowed_values jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_array_length(allowed_values) <= 200),
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT context_key_key_key UNIQUE (team_id, key)
);
COMMENT ON TABLE context_key IS 'An attribute of contexts: criteria are checked against it when they are proposed. No allowed values: any.';

-- Moving one environment moves others: places are unique again at the end of the statement.
ALTER TABLE environment DROP CONSTRAINT environment_position_key,
    ADD CONSTRAINT environment_position_key UNIQUE (team_id, position) DEFERRABLE INITIALLY IMMEDIATE;

-- Served right or not at all: an edge does not know an inactive environment, so nothing may be live there.
CREATE FUNCTION require_active() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
    IF EXISTS (SELECT FROM environment e JOIN stage s ON s.environment_id = e.id
               WHERE e.id = place AND NOT e.active AND s.live_version IS NOT NULL) THEN
        RAISE EXCEPTION 'environment % is inactive and serves something', place
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION require_active IS 'Refuses a transaction that leaves something live in an inactive environment.';
CREATE CONSTRAINT TRIGGER environment_serves_nothing AFTER UPDATE ON environment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NOT NEW.active) EXECUTE FUNCTION require_active('id');
CREATE CONSTRAINT TRIGGER stage_serves_where_active AFTER INSERT OR UPDATE ON stage DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.live_version IS NOT NULL) EXECUTE FUNCTION require_active('environment_id');

-- A stage that leaves its pipeline is out of everybody's reach: nothing may be live there.
CREATE FUNCTION require_unserved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM stage s JOIN feature f ON f.id = s.feature_id
               WHERE f.pipeline_id = OLD.pipeline_id AND s.environment_id = OLD.environment_id
                 AND s.live_version IS NOT NULL) THEN
        RAISE EXCEPTION 'a feature of the pipeline is deployed in environment %', OLD.environment_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION require_unserved IS 'Refuses to take an environment out of a pipeline whose features are live there.';
CREATE TRIGGER pipeline_stage_unserved BEFORE DELETE ON pipeline_stage
    FOR EACH ROW EXECUTE FUNCTION require_unserved();
