INSERT INTO team (key, name, archived_at) VALUES ('former', 'Former', '2026-01-04');
