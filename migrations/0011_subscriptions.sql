-- The audit as the log that subscriptions read, in an order in which nothing comes later before something earlier.

-- Numbers are taken before COMMIT, so what is committed later may have a smaller one. A transaction's id together with the
-- oldest one that still runs tells what is complete: below that nothing comes any more. What is there already is the past.
ALTER TABLE audit_entry
    ADD COLUMN change_id uuid REFERENCES change (id),
    ADD COLUMN xid xid8 NOT NULL DEFAULT '1';
ALTER TABLE audit_entry ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
COMMENT ON COLUMN audit_entry.change_id IS 'The change that it tells of, if it does.';
COMMENT ON COLUMN audit_entry.xid IS 'The transaction that wrote it. Entries are read by (xid, number) as far as all transactions have ended.';
CREATE INDEX audit_entry_feed ON audit_entry (xid, number) WHERE team_id IS NOT NULL;
CREATE INDEX audit_entry_team_feed ON audit_entry (team_id, xid, number);

CREATE FUNCTION announce_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('fluxgate_audit', '');
    RETURN NULL;
END $$;
COMMENT ON FUNCTION announce_audit IS 'Hints that there is something to read; a transaction hints once.';
CREATE TRIGGER audit_entry_announced AFTER INSERT ON audit_entry FOR EACH ROW
    WHEN (NEW.team_id IS NOT NULL) EXECUTE FUNCTION announce_audit();
