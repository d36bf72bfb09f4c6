INSERT INTO assignment (environment_id, feature_id, salt, unit, variant, kept_at) VALUES
    ('00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000601', 'checkout',
     '\x000102030405060708090a0b0c0d0e0f', 'on', '2026-01-05');
