INSERT INTO token (id, team_id, name, owner_id, roles, created_at, expires_at) VALUES
    ('00000000-0000-7000-8000-000000000a01', '00000000-0000-7000-8000-000000000201', 'ci',
     '00000000-0000-7000-8000-000000000102', '{REQUESTER}', '2026-01-01', '2026-12-31');
INSERT INTO token_environment (token_id, environment_id) VALUES
    ('00000000-0000-7000-8000-000000000a01', '00000000-0000-7000-8000-000000000301');
INSERT INTO token_key (id, token_id, sha256, created_at) VALUES
    ('tokentok', '00000000-0000-7000-8000-000000000a01', sha256('fgt_tokentok_x'), '2026-01-01');
