UPDATE stage SET killed_at = '2026-01-04', killed_by = '00000000-0000-7000-8000-000000000102', kill_reason = 'slow',
                 kill_restore_at = '2100-01-01'
WHERE id = '00000000-0000-7000-8000-000000000702';
SELECT publish(ARRAY ['KILL'], ARRAY ['00000000-0000-7000-8000-000000000702']::uuid[]);
UPDATE policy SET auto_approve_hours = 48, override_allowed = true;
INSERT INTO change_comment (id, change_id, user_id, text, at) VALUES
    (gen_random_uuid(), '00000000-0000-7000-8000-000000000801', '00000000-0000-7000-8000-000000000101', 'nice', '2026-01-03');
INSERT INTO change (id, team_id, number, kind, status, author_id, created_at, apply_at, rebased_from) VALUES
    ('00000000-0000-7000-8000-000000000802', '00000000-0000-7000-8000-000000000201', 2, 'EDIT', 'APPROVED',
     '00000000-0000-7000-8000-000000000102', '2026-01-05', '2100-01-01', '00000000-0000-7000-8000-000000000801');
INSERT INTO change_item (change_id, position, stage_id, base_version, config) VALUES
    ('00000000-0000-7000-8000-000000000802', 0, '00000000-0000-7000-8000-000000000701', 1,
     '{"enabled": false, "variants": {"on": true, "off": false}, "default": "on", "off": "off"}');
UPDATE team SET last_change_number = 2 WHERE key = 'acme';
