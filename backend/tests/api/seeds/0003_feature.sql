INSERT INTO feature (id, team_id, pipeline_id, key, name, kind, value_type, tags, created_by, created_at) VALUES
    ('00000000-0000-7000-8000-000000000601', '00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000401',
     'sale', 'Sale', 'CONTEXTUAL', 'BOOLEAN', '{shop}', '00000000-0000-7000-8000-000000000102', '2026-01-01');
INSERT INTO stage (id, feature_id, environment_id, changed_at) VALUES
    ('00000000-0000-7000-8000-000000000701', '00000000-0000-7000-8000-000000000601', '00000000-0000-7000-8000-000000000301', '2026-01-02'),
    ('00000000-0000-7000-8000-000000000702', '00000000-0000-7000-8000-000000000601', '00000000-0000-7000-8000-000000000302', NULL);
INSERT INTO change (id, team_id, number, kind, status, reason, author_id, created_at, applied_at, revision) VALUES
    ('00000000-0000-7000-8000-000000000801', '00000000-0000-7000-8000-000000000201', 1, 'EDIT', 'APPLIED', 'the first',
     '00000000-0000-7000-8000-000000000102', '2026-01-02', '2026-01-02', 1);
INSERT INTO change_item (change_id, position, stage_id, config, version) VALUES
    ('00000000-0000-7000-8000-000000000801', 0, '00000000-0000-7000-8000-000000000701',
     '{"enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off"}', 1);
INSERT INTO version (stage_id, number, config, change_id, created_by, created_at) VALUES
    ('00000000-0000-7000-8000-000000000701', 1,
     '{"enabled": true, "variants": {"on": true, "off": false}, "default": "on", "off": "off"}',
     '00000000-0000-7000-8000-000000000801', '00000000-0000-7000-8000-000000000102', '2026-01-02');
UPDATE stage SET live_version = 1 WHERE id = '00000000-0000-7000-8000-000000000701';
INSERT INTO change_policy (change_id, name, approvals, roles) VALUES
    ('00000000-0000-7000-8000-000000000801', 'dev', 1, '{APPROVER}');
INSERT INTO vote (change_id, user_id, decision, comment, at) VALUES
    ('00000000-0000-7000-8000-000000000801', '00000000-0000-7000-8000-000000000101', 'APPROVE', 'good', '2026-01-02');
