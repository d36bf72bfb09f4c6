-- What happens at a set time: kills that end by themselves.

ALTER TABLE stage
    ADD COLUMN kill_restore_at timestamptz,
    ADD CONSTRAINT stage_restores_a_kill CHECK (kill_restore_at IS NULL OR killed_at IS NOT NULL);
CREATE INDEX stage_kill_restore_at ON stage (kill_restore_at) WHERE kill_restore_at IS NOT NULL;
COMMENT ON COLUMN stage.kill_restore_at IS 'When the kill switch goes off by itself; none: by hand only.';

-- Changes that wait for their time, that time approves, and that an admin lets through.
ALTER TABLE policy
    ADD COLUMN auto_approve_hours integer CHECK (auto_approve_hours BETWEEN 1 AND 8760),
    ADD COLUMN auto_approve_production boolean NOT NULL DEFAULT false,
    ADD COLUMN override_allowed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN policy.auto_approve_hours IS 'After how many hours without a rejection it is satisfied by itself; none: never. In PRODUCTION only with auto_approve_production.';
COMMENT ON COLUMN policy.override_allowed IS 'Whether a TEAM_ADMIN may let a change through without the approvals.';

ALTER TABLE change_policy
    ADD COLUMN auto_approve_hours integer,
    ADD COLUMN override_allowed boolean NOT NULL DEFAULT false;

ALTER TABLE change
    ADD COLUMN apply_at timestamptz,
    ADD COLUMN auto_approve_at timestamptz,
    ADD COLUMN overridden_by uuid REFERENCES app_user (id),
    ADD COLUMN override_reason text,
    ADD CONSTRAINT change_override_has_reason CHECK ((overridden_by IS NULL) = (override_reason IS NULL));
CREATE INDEX change_apply_at ON change (apply_at) WHERE status = 'APPROVED';
CREATE INDEX change_auto_approve_at ON change (auto_approve_at) WHERE status = 'PENDING' AND auto_approve_at IS NOT NULL;
COMMENT ON COLUMN change.apply_at IS 'Not to be applied before; none: as soon as it is approved.';
COMMENT ON COLUMN change.auto_approve_at IS 'When it is to be looked at whether time has approved it.';

-- When it is to be applied is part of what is voted on, and who let it through stays known.
CREATE TRIGGER change_schedule BEFORE UPDATE ON change FOR EACH ROW
    WHEN (NEW.apply_at IS DISTINCT FROM OLD.apply_at
        OR (OLD.overridden_by IS NOT NULL AND (NEW.overridden_by, NEW.override_reason)
            IS DISTINCT FROM (OLD.overridden_by, OLD.override_reason)))
    EXECUTE FUNCTION refuse_change();

-- Talk about a change, and a stale one proposed again.
CREATE TABLE change_comment (
    id        uuid PRIMARY KEY,
    change_id uuid NOT NULL REFERENCES change (id),
    user_id   uuid NOT NULL REFERENCES app_user (id),
    text      text NOT NULL CHECK (text <> ''),
    at        timestamptz NOT NULL
);
CREATE INDEX change_comment_change_id ON change_comment (change_id, at);
COMMENT ON TABLE change_comment IS 'What people say about a change; never altered.';
CREATE TRIGGER change_comment_append_only BEFORE UPDATE OR DELETE ON change_comment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER change_comment_no_truncate BEFORE TRUNCATE ON change_comment EXECUTE FUNCTION refuse_change();

ALTER TABLE change ADD COLUMN rebased_from uuid REFERENCES change (id);
COMMENT ON COLUMN change.rebased_from IS 'The stale change that this one proposes again.';
