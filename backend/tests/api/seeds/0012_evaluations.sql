SELECT ensure_evaluation_partitions(ARRAY ['2026-01-05'::date]);
INSERT INTO evaluation_count (minute, environment_id, feature_id, variant, reason, client_id, hourly, n) VALUES
    ('2026-01-05 10:01+00', '00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000601', 'on', 'STATIC',
     '00000000-0000-7000-8000-000000000901', false, 7);
INSERT INTO evaluation_sketch (hour, environment_id, feature_id, sketch) VALUES
    ('2026-01-05 10:00+00', '00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000601', '\x00');
INSERT INTO evaluation_seen (feature_id, environment_id, variant, first_at, last_at) VALUES
    ('00000000-0000-7000-8000-000000000601', '00000000-0000-7000-8000-000000000301', 'on', '2026-01-05', '2026-01-06');
INSERT INTO evaluation_sample (at, environment_id, feature_id, variant, reason, client_id) VALUES
    ('2026-01-05', '00000000-0000-7000-8000-000000000301', '00000000-0000-7000-8000-000000000601', 'on', 'STATIC',
     '00000000-0000-7000-8000-000000000901');
INSERT INTO ingest_batch (team_id, id, edge_id, sequence, received_at) VALUES
    ('00000000-0000-7000-8000-000000000201', gen_random_uuid(), '00000000-0000-7000-8000-000000000b01', 1, '2026-01-05');
INSERT INTO ingest_edge (team_id, edge_id, sequence, known_until, heard_at) VALUES
    ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000b01', 1, '2026-01-05', '2026-01-05');
INSERT INTO ingest_gap (team_id, edge_id, kind, first_sequence, last_sequence, from_at, until_at) VALUES
    ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000b01', 'MISSING', 2, 3, '2026-01-05', '2026-01-06');
