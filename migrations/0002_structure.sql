-- Where features can be served, in which order they travel there, and who has to agree.

CREATE TABLE environment (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id    uuid NOT NULL REFERENCES team (id),
    key        text NOT NULL CHECK (key ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    name       text NOT NULL,
    type       text NOT NULL CHECK (type IN ('DEVELOPMENT', 'STAGING', 'PRODUCTION')),
    colour     text,
    position   integer NOT NULL,
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT environment_key_key UNIQUE (team_id, key),
    CONSTRAINT environment_position_key UNIQUE (team_id, position)
);
COMMENT ON TABLE environment IS 'A place where features are served; its id is the environment_id of the edge''s API.';

CREATE TABLE pipeline (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id    uuid NOT NULL REFERENCES team (id),
    key        text NOT NULL CHECK (key ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pipeline_key_key UNIQUE (team_id, key)
);
COMMENT ON TABLE pipeline IS 'The way that features take through environments.';

CREATE TABLE pipeline_stage (
    pipeline_id    uuid NOT NULL REFERENCES pipeline (id),
    environment_id uuid NOT NULL REFERENCES environment (id),
    position       integer NOT NULL,
    source_id      uuid,
    PRIMARY KEY (pipeline_id, environment_id),
    CONSTRAINT pipeline_stage_position_key UNIQUE (pipeline_id, position),
    FOREIGN KEY (pipeline_id, source_id) REFERENCES pipeline_stage (pipeline_id, environment_id),
    CHECK (source_id <> environment_id)
);
CREATE UNIQUE INDEX pipeline_stage_one_root ON pipeline_stage (pipeline_id) WHERE source_id IS NULL;
COMMENT ON TABLE pipeline_stage IS 'One environment of a pipeline and the one that its documents come from: a tree.';

CREATE TABLE policy (
    id        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id   uuid NOT NULL REFERENCES team (id),
    name      text NOT NULL CHECK (name ~ '^[a-zA-Z0-9][a-zA-Z0-9._ -]{0,99}$'),
    scope     text NOT NULL CHECK (scope IN ('ALL', 'PRODUCTION', 'LISTED')),
    approvals integer NOT NULL CHECK (approvals >= 1),
    roles     text[] NOT NULL CHECK (cardinality(roles) > 0 AND roles <@ ARRAY ['REQUESTER', 'APPROVER', 'TEAM_ADMIN']),
    enabled   boolean NOT NULL DEFAULT true,
    CONSTRAINT policy_name_key UNIQUE (team_id, name)
);
COMMENT ON TABLE policy IS 'How many approvals, of which roles, a change needs in the environments of its scope.';

CREATE TABLE policy_environment (
    policy_id      uuid NOT NULL REFERENCES policy (id) ON DELETE CASCADE,
    environment_id uuid NOT NULL REFERENCES environment (id),
    PRIMARY KEY (policy_id, environment_id)
);
COMMENT ON TABLE policy_environment IS 'The environments of a policy whose scope is LISTED.';
