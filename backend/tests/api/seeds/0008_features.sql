INSERT INTO feature (team_id, pipeline_id, key, name, kind, value_type, lifecycle, archived_from, created_by, created_at) VALUES
    ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000401', 'old', 'Old', 'SIMPLE', 'BOOLEAN',
     'ARCHIVED', 'ACTIVE', '00000000-0000-7000-8000-000000000102', '2026-01-01');
