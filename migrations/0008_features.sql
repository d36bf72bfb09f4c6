-- Features that can be archived and come back as they were, and lists that read no more than their page.

ALTER TABLE feature
    ADD COLUMN archived_from text CHECK (archived_from IN ('BETA', 'ACTIVE', 'PERMANENT', 'DEPRECATED')),
    ADD COLUMN changed_at    timestamptz NOT NULL DEFAULT now();
UPDATE feature f
SET archived_from = CASE lifecycle WHEN 'ARCHIVED' THEN 'ACTIVE' END,
    changed_at    = coalesce((SELECT max(s.changed_at) FROM stage s WHERE s.feature_id = f.id), f.created_at);
ALTER TABLE feature ADD CONSTRAINT feature_archived_from CHECK ((lifecycle = 'ARCHIVED') = (archived_from IS NOT NULL));
COMMENT ON COLUMN feature.archived_from IS 'The lifecycle that an archived feature goes back to.';
COMMENT ON COLUMN feature.changed_at IS 'When a change was last applied on any of its stages; when it was made, before that.';

CREATE FUNCTION note_feature_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feature SET changed_at = NEW.changed_at WHERE id = NEW.feature_id AND changed_at < NEW.changed_at;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION note_feature_change IS 'Keeps feature.changed_at, by which lists are sorted.';
CREATE TRIGGER stage_changes_feature AFTER INSERT OR UPDATE OF changed_at ON stage FOR EACH ROW
    WHEN (NEW.changed_at IS NOT NULL) EXECUTE FUNCTION note_feature_change();

-- Edges do not know an archived feature: nothing of it is live, from either side. Both lock the stages first.
CREATE FUNCTION refuse_archived_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM feature f WHERE f.id = NEW.feature_id AND f.lifecycle = 'ARCHIVED') THEN
        RAISE EXCEPTION 'an archived feature serves nothing' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION refuse_archived_live IS 'Refuses a live version of an archived feature.';
CREATE TRIGGER stage_not_archived BEFORE UPDATE OF live_version ON stage FOR EACH ROW
    WHEN (NEW.live_version IS NOT NULL) EXECUTE FUNCTION refuse_archived_live();

CREATE FUNCTION refuse_archiving_live() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM stage s WHERE s.feature_id = NEW.id AND s.live_version IS NOT NULL) THEN
        RAISE EXCEPTION 'a feature that is served cannot be archived' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION refuse_archiving_live IS 'Refuses to archive a feature that is live somewhere.';
CREATE TRIGGER feature_archived_dark BEFORE UPDATE OF lifecycle ON feature FOR EACH ROW
    WHEN (NEW.lifecycle = 'ARCHIVED' AND OLD.lifecycle <> 'ARCHIVED') EXECUTE FUNCTION refuse_archiving_live();

-- Each sort of the features' list, what waits, and whose it is.
CREATE INDEX feature_created ON feature (team_id, created_at, key);
CREATE INDEX feature_changed ON feature (team_id, changed_at, key);
CREATE INDEX change_open ON change (team_id) WHERE status IN ('PENDING', 'APPROVED');
CREATE INDEX change_author ON change (team_id, author_id, number);

-- Who depends on a feature: few documents depend on any.
CREATE INDEX version_depends_on ON version USING gin ((config -> 'dependsOn') jsonb_path_ops)
    WHERE config ? 'dependsOn';

-- What is rare in the audit is found without reading what is not.
CREATE INDEX audit_entry_actor ON audit_entry (team_id, actor, number);
CREATE INDEX audit_entry_action ON audit_entry (team_id, action text_pattern_ops, number);
CREATE INDEX audit_entry_at ON audit_entry (team_id, at);
