INSERT INTO audit_entry (at, actor_kind, actor_id, actor, team_id, action, subject, change_id) VALUES
    ('2026-01-05', 'USER', '00000000-0000-7000-8000-000000000102', 'bob', '00000000-0000-7000-8000-000000000201',
     'change.propose', '#2 edit sale', '00000000-0000-7000-8000-000000000802');
