-- A team that is needed no more is put away whole, and can be brought back.

ALTER TABLE team ADD COLUMN archived_at timestamptz;
COMMENT ON COLUMN team.archived_at IS 'Since when nothing of it may be changed; its features served nothing by then.';
