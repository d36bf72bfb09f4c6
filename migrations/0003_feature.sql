-- Features, what they serve where, and the immutable documents that they served.

CREATE TABLE feature (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id      uuid NOT NULL REFERENCES team (id),
    pipeline_id  uuid NOT NULL REFERENCES pipeline (id),
    key          text NOT NULL CHECK (key ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    kind         text NOT NULL CHECK (kind IN ('SIMPLE', 'CONTEXTUAL')),
    value_type   text NOT NULL CHECK (value_type IN ('BOOLEAN', 'STRING', 'NUMBER', 'OBJECT')),
    lifecycle    text NOT NULL DEFAULT 'BETA'
        CHECK (lifecycle IN ('BETA', 'ACTIVE', 'PERMANENT', 'DEPRECATED', 'ARCHIVED')),
    tags         text[] NOT NULL DEFAULT '{}',
    owner        text,
    removal_date timestamptz,
    created_by   uuid NOT NULL REFERENCES app_user (id),
    created_at   timestamptz NOT NULL,
    CONSTRAINT feature_key_key UNIQUE (team_id, key)
);
COMMENT ON TABLE feature IS 'A flag; what it does in an environment stands in its stages.';

CREATE TABLE stage (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    feature_id     uuid NOT NULL REFERENCES feature (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    live_version   integer,
    rolled_back    boolean NOT NULL DEFAULT false,
    changed_at     timestamptz,
    killed_at      timestamptz,
    killed_by      uuid REFERENCES app_user (id),
    kill_reason    text,
    CONSTRAINT stage_feature_environment_key UNIQUE (feature_id, environment_id),
    CHECK ((killed_at IS NULL) = (killed_by IS NULL) AND (killed_at IS NULL) = (kill_reason IS NULL))
);
CREATE INDEX stage_environment_id ON stage (environment_id);
CREATE INDEX stage_killed ON stage (environment_id) WHERE killed_at IS NOT NULL;
COMMENT ON TABLE stage IS 'A feature in an environment: which version is live, and whether the kill switch is on.';

CREATE TABLE change (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id    uuid NOT NULL REFERENCES team (id),
    number     integer NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('EDIT', 'PROMOTE', 'ROLLBACK', 'WITHDRAW')),
    status     text NOT NULL
        CHECK (status IN ('PENDING', 'APPROVED', 'APPLIED', 'REJECTED', 'CANCELLED', 'STALE', 'FAILED')),
    reason     text,
    author_id  uuid NOT NULL REFERENCES app_user (id),
    created_at timestamptz NOT NULL,
    decided_at timestamptz,
    applied_at timestamptz,
    revision   bigint,
    failure    text,
    CONSTRAINT change_number_key UNIQUE (team_id, number)
);
CREATE INDEX change_pending ON change (team_id) WHERE status = 'PENDING';
COMMENT ON TABLE change IS 'A document on its way onto a stage; the only way by which what is served changes.';

CREATE TABLE change_item (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    change_id    uuid NOT NULL REFERENCES change (id),
    position     integer NOT NULL,
    stage_id     uuid NOT NULL REFERENCES stage (id),
    source_id    uuid REFERENCES stage (id),
    base_version integer,
    config       jsonb,
    version      integer,
    CONSTRAINT change_item_stage_key UNIQUE (change_id, stage_id)
);
CREATE INDEX change_item_stage_id ON change_item (stage_id);
COMMENT ON TABLE change_item IS 'One stage of a change: the whole new document (none: withdrawn), and the version that it is based on.';

CREATE TABLE version (
    stage_id   uuid NOT NULL REFERENCES stage (id),
    number     integer NOT NULL CHECK (number >= 1),
    config     jsonb NOT NULL,
    change_id  uuid NOT NULL REFERENCES change (id),
    created_by uuid NOT NULL REFERENCES app_user (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (stage_id, number)
);
COMMENT ON TABLE version IS 'A flag config that was or is live; never altered.';
ALTER TABLE stage ADD CONSTRAINT stage_live_version_fkey
    FOREIGN KEY (id, live_version) REFERENCES version (stage_id, number);

CREATE TABLE change_policy (
    change_id uuid NOT NULL REFERENCES change (id),
    name      text NOT NULL,
    approvals integer NOT NULL,
    roles     text[] NOT NULL,
    PRIMARY KEY (change_id, name)
);
COMMENT ON TABLE change_policy IS 'The policies in scope when a change was proposed: the stricter of then and now counts.';

CREATE TABLE vote (
    change_id uuid NOT NULL REFERENCES change (id),
    user_id   uuid NOT NULL REFERENCES app_user (id),
    decision  text NOT NULL CHECK (decision IN ('APPROVE', 'REJECT')),
    comment   text,
    at        timestamptz NOT NULL,
    PRIMARY KEY (change_id, user_id)
);
COMMENT ON TABLE vote IS 'Who approved or rejected a change.';
