SELECT publish(ARRAY ['STAGE', 'CLIENT'],
               ARRAY ['00000000-0000-7000-8000-000000000701', '00000000-0000-7000-8000-000000000901']::uuid[]);
INSERT INTO edge (team_id, id, client_id, name, version, stream_id, connected_at, seen_at, acked_at, revision, kills_revision) VALUES
    ('00000000-0000-7000-8000-000000000201', '00000000-0000-7000-8000-000000000a01', '00000000-0000-7000-8000-000000000901',
     'edge-0', '0.1.0', gen_random_uuid(), now(), now(), now(), 1, 0);
