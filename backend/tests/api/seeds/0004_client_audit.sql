INSERT INTO client (id, team_id, name, kind, created_at) VALUES
    ('00000000-0000-7000-8000-000000000901', '00000000-0000-7000-8000-000000000201', 'edges', 'EDGE', '2026-01-01');
INSERT INTO client_key (id, client_id, sha256, created_at) VALUES
    ('seedseed', '00000000-0000-7000-8000-000000000901',
     sha256('fgc_seedseed_Zm9yIHRlc3RzLW9ubHktbm90LWEtcmVhbC1zZWNyZXQ'), '2026-01-01');
INSERT INTO audit_entry (at, actor_kind, actor_id, actor, team_id, action, subject, feature_id, environment) VALUES
    ('2026-01-02', 'USER', '00000000-0000-7000-8000-000000000102', 'bob', '00000000-0000-7000-8000-000000000201',
     'change.apply', '#1 edit sale', '00000000-0000-7000-8000-000000000601', 'dev');
