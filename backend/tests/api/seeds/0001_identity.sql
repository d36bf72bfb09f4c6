INSERT INTO app_user (id, username, name, email, system_admin, password_hash) VALUES
    ('00000000-0000-7000-8000-000000000101', 'ada', 'Ada', 'ada@example.org', true, '$argon2id$v=19$m=19456,t=2,p=1$JzRS84FdZ9aSQVgKlX+qBg$Q62Cx8WIbz2nmpP8vg3FfEk+e1moyIZzVibZszp+zus'),
    ('00000000-0000-7000-8000-000000000102', 'bob', 'Bob', NULL, false, '$argon2id$v=19$m=19456,t=2,p=1$JzRS84FdZ9aSQVgKlX+qBg$Q62Cx8WIbz2nmpP8vg3FfEk+e1moyIZzVibZszp+zus');
INSERT INTO team (id, key, name, last_change_number) VALUES
    ('00000000-0000-7000-8000-000000000201', 'acme', 'Acme', 1),
    ('00000000-0000-7000-8000-000000000202', 'rival', 'Rival', 0);
INSERT INTO member (team_id, user_id, roles) VALUES
    ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000102', '{REQUESTER,APPROVER}');
INSERT INTO refresh_token (sha256, family, user_id, issued_at, expires_at) VALUES
    (sha256('a refresh token'), gen_random_uuid(), '00000000-0000-7000-8000-000000000102', '2026-01-01', '2100-01-01');
INSERT INTO signing_key (kid, algorithm, sealed, created_at) VALUES
    ('8c6ecfe803cb4c20', 'HS256', '\xb2165d8c809bc5ff902135f3ea14f6def4a7a30908cb577cf8d22a2ddfb7886971c2553ae25fe05f392e929c258947370a9a67598f88a9dbac2325fb', '2026-01-01');
INSERT INTO bootstrap (sha256) VALUES (sha256('a one-time token'));
