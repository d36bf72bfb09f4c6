-- Who may sign in, in which teams they are, and what keeps their sessions.

CREATE TABLE app_user (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username      text NOT NULL CHECK (username ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    name          text NOT NULL,
    email         text,
    active        boolean NOT NULL DEFAULT true,
    system_admin  boolean NOT NULL DEFAULT false,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_username_key UNIQUE (username)
);
COMMENT ON TABLE app_user IS 'A person who may sign in; deactivated, never deleted. password_hash is an Argon2id PHC string.';

CREATE TABLE team (
    id                 uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    key                text NOT NULL CHECK (key ~ '^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$'),
    name               text NOT NULL,
    description        text NOT NULL DEFAULT '',
    last_change_number integer NOT NULL DEFAULT 0,
    created_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT team_key_key UNIQUE (key)
);
COMMENT ON TABLE team IS 'Owns everything else; last_change_number numbers its changes.';

CREATE TABLE member (
    team_id uuid NOT NULL REFERENCES team (id),
    user_id uuid NOT NULL REFERENCES app_user (id),
    roles   text[] NOT NULL DEFAULT '{}' CHECK (roles <@ ARRAY ['REQUESTER', 'APPROVER', 'TEAM_ADMIN']),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX member_user_id ON member (user_id);
COMMENT ON TABLE member IS 'A user in a team; no roles means reading only.';

CREATE TABLE refresh_token (
    sha256      bytea PRIMARY KEY,
    family      uuid NOT NULL,
    user_id     uuid NOT NULL REFERENCES app_user (id),
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    replaced_at timestamptz
);
CREATE INDEX refresh_token_family ON refresh_token (family);
CREATE INDEX refresh_token_expires_at ON refresh_token (expires_at);
COMMENT ON TABLE refresh_token IS 'Hashes of refresh tokens; all that grew from one sign-in are a family and end together.';

CREATE TABLE signing_key (
    kid        text PRIMARY KEY,
    algorithm  text NOT NULL CHECK (algorithm = 'HS256'),
    sealed     bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE signing_key IS 'Keys of access tokens, sealed with the master key (AES-256-GCM, nonce first); the newest signs.';

CREATE TABLE bootstrap (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sha256   bytea NOT NULL
);
COMMENT ON TABLE bootstrap IS 'The hash of the one-time token that makes the first admin; empty once there is one.';
