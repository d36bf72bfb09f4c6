UPDATE app_user SET session_epoch = 3 WHERE username = 'bob';
INSERT INTO failure (key, failures, last_at) VALUES (sha256('an address'), 2, now());
INSERT INTO client (id, team_id, name, kind, enabled, created_at, origins, deleted_at) VALUES
    ('00000000-0000-7000-8000-000000000902', '00000000-0000-7000-8000-000000000201', 'web', 'FRONTEND', true, '2026-01-01',
     '{https://shop.example}', NULL),
    ('00000000-0000-7000-8000-000000000903', '00000000-0000-7000-8000-000000000201', 'gone', 'BACKEND', false, '2026-01-01',
     '{}', '2026-01-03');
SELECT publish(ARRAY ['CLIENT', 'CLIENT'],
               ARRAY ['00000000-0000-7000-8000-000000000902', '00000000-0000-7000-8000-000000000903']::uuid[]);
