INSERT INTO context_key (team_id, key, type, description, allowed_values) VALUES
    ('00000000-0000-7000-8000-000000000201', 'country', 'STRING', 'Where', '["DE", "US"]');
