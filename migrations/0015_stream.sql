-- A database that goes back in time begins a new epoch, so that revisions of two histories never compare.

ALTER TABLE delivery_head ADD COLUMN home text;
COMMENT ON COLUMN delivery_head.home IS 'Where the epoch began, as home() told. Elsewhere now: restored, copied or failed over.';

-- No two transactions take the same one, not even after a backup was restored and its revisions and xids are taken again.
ALTER TABLE delivery_item ADD COLUMN mark uuid;
COMMENT ON COLUMN delivery_item.mark IS 'Tells a revision from another of the same number in a history that was lost.';

CREATE OR REPLACE FUNCTION publish(kinds text[], subjects uuid[]) RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    taken bigint;
    unique_mark uuid := gen_random_uuid();
BEGIN
    UPDATE delivery_head SET revision = revision + 1 RETURNING revision INTO taken;
    INSERT INTO delivery_item (revision, kind, subject, mark)
    SELECT DISTINCT taken, k, s, unique_mark FROM unnest(kinds, subjects) AS item (k, s);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a revision must touch something' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM pg_notify('fluxgate_head', taken::text);
    RETURN taken;
END $$;

-- The cluster, its timeline, the database and the table: what a restored dump, a recovery to a point in time, a failover or a
-- copy changes.
CREATE FUNCTION home() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format('%s/%s/%s/%s', s.system_identifier, c.timeline_id, d.oid, 'delivery_head'::regclass::oid)
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
$$;
COMMENT ON FUNCTION home IS 'Tells where this database is.';

CREATE FUNCTION renew_epoch(old uuid) RETURNS boolean LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE delivery_head SET epoch = gen_random_uuid(), home = home() WHERE epoch = old;
    IF FOUND THEN
        PERFORM pg_notify('fluxgate_head', 'epoch');
    END IF;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION renew_epoch IS 'Begins a new epoch unless another did so first: every edge starts again with a snapshot.';

CREATE FUNCTION settle_epoch() RETURNS uuid LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    here text := home();
    began record;
BEGIN
    SELECT epoch, home INTO began FROM delivery_head;
    IF began.home IS NULL THEN
        UPDATE delivery_head SET home = here WHERE home IS NULL;
    ELSIF began.home <> here AND renew_epoch(began.epoch) THEN
        RETURN began.epoch;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION settle_epoch IS 'Begins a new epoch where this is another place than where the epoch began; gives the old one then.';

ALTER TABLE edge
    ADD COLUMN uptime_seconds bigint,
    ADD COLUMN evaluations_per_second double precision,
    ADD COLUMN p50_ns bigint,
    ADD COLUMN p99_ns bigint,
    ADD COLUMN spooled bigint;
