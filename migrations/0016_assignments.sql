-- Sticky splits: what they served first to whom outlasts a change of the weights.

-- No foreign keys, as with what edges count: features and environments are never deleted, and a reference would lock their
-- rows with every batch. Whoever inserts has looked them up in their team.
CREATE TABLE assignment (
    environment_id uuid NOT NULL,
    feature_id     uuid NOT NULL,
    salt           text NOT NULL,
    unit           bytea NOT NULL CHECK (octet_length(unit) = 16),
    variant        text NOT NULL,
    kept_at        timestamptz NOT NULL,
    PRIMARY KEY (environment_id, feature_id, salt, unit)
);
COMMENT ON TABLE assignment IS 'The variant that a sticky split served a unit first, under a salt; the first that was committed. unit is a keyed hash, whose key is not in the database.';

INSERT INTO periodic_job (name) VALUES ('ASSIGNMENTS');
