-- An edge that is away is listed for a while; another takes its place only when it came after that one fell silent.

ALTER TABLE edge ADD COLUMN first_seen_at timestamptz NOT NULL DEFAULT now();
UPDATE edge SET first_seen_at = connected_at;
COMMENT ON COLUMN edge.first_seen_at IS 'When its id was heard of first; streams come and go, connected_at with them.';
