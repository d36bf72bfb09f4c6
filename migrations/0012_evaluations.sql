-- What edges counted, how complete it is, and what comes to its end by itself.

-- No foreign keys on what is written at the rate of evaluations: features, environments and clients are never deleted,
-- and a reference would lock their rows with every batch. Whoever inserts has looked them up in their team.
CREATE TABLE evaluation_count (
    minute         timestamptz NOT NULL,
    environment_id uuid NOT NULL,
    feature_id     uuid NOT NULL,
    variant        text NOT NULL,
    reason         text NOT NULL
        CHECK (reason IN ('STATIC', 'TARGETING_MATCH', 'SPLIT', 'DEFAULT', 'DISABLED', 'ERROR')),
    client_id      uuid NOT NULL,
    hourly         boolean NOT NULL,
    n              bigint NOT NULL CHECK (n > 0),
    PRIMARY KEY (environment_id, feature_id, minute, variant, reason, client_id, hourly)
) PARTITION BY RANGE (minute);
COMMENT ON TABLE evaluation_count IS 'How often a feature came to what, for whom, in a minute; a partition a day. No variant: the application''s own default. hourly: only the hour is known.';

CREATE TABLE evaluation_sketch (
    hour           timestamptz NOT NULL,
    environment_id uuid NOT NULL,
    feature_id     uuid NOT NULL,
    sketch         bytea NOT NULL,
    PRIMARY KEY (environment_id, feature_id, hour)
);
CREATE INDEX evaluation_sketch_hour ON evaluation_sketch (hour);
ALTER TABLE evaluation_sketch ALTER COLUMN sketch SET STORAGE EXTERNAL;
COMMENT ON TABLE evaluation_sketch IS 'Which units asked for a feature in an hour, as far as counting them needs: merged from all edges.';

CREATE TABLE evaluation_seen (
    feature_id     uuid NOT NULL,
    environment_id uuid NOT NULL,
    variant        text NOT NULL,
    first_at       timestamptz NOT NULL,
    last_at        timestamptz NOT NULL,
    PRIMARY KEY (feature_id, environment_id, variant)
);
CREATE INDEX evaluation_seen_last_at ON evaluation_seen (last_at);
COMMENT ON TABLE evaluation_seen IS 'When a stage served a variant first and last: what is in use and what is stale, without adding up counts.';

CREATE TABLE evaluation_sample (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    at             timestamptz NOT NULL,
    environment_id uuid NOT NULL,
    feature_id     uuid NOT NULL,
    variant        text,
    reason         text NOT NULL,
    client_id      uuid NOT NULL,
    unit           bytea
);
CREATE INDEX evaluation_sample_environment ON evaluation_sample (environment_id, at DESC, id DESC);
CREATE INDEX evaluation_sample_at ON evaluation_sample (at);
COMMENT ON TABLE evaluation_sample IS 'A few evaluations as they were, without their contexts; unit is a keyed hash. The newest of each environment are kept.';

CREATE TABLE ingest_batch (
    team_id     uuid NOT NULL,
    id          uuid NOT NULL,
    edge_id     uuid NOT NULL,
    sequence    bigint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, id)
);
CREATE INDEX ingest_batch_received_at ON ingest_batch (received_at);
COMMENT ON TABLE ingest_batch IS 'Batches of events that were counted: one that comes again is told by its id. Kept for longer than an edge may keep a batch.';

CREATE TABLE ingest_edge (
    team_id        uuid NOT NULL,
    edge_id        uuid NOT NULL,
    environment_id uuid,
    sequence       bigint NOT NULL,
    known_until    timestamptz NOT NULL,
    heard_at       timestamptz NOT NULL,
    PRIMARY KEY (team_id, edge_id)
);
COMMENT ON TABLE ingest_edge IS 'How far the batches of each edge have come. environment_id: all that it sees; none: all of the team''s.';

CREATE TABLE ingest_gap (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    team_id        uuid NOT NULL,
    edge_id        uuid NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('MISSING', 'TOMBSTONE', 'DROPPED', 'REFUSED')),
    first_sequence bigint NOT NULL,
    last_sequence  bigint NOT NULL CHECK (last_sequence >= first_sequence),
    from_at        timestamptz NOT NULL,
    until_at       timestamptz NOT NULL CHECK (until_at >= from_at),
    lost           bigint
);
CREATE INDEX ingest_gap_edge ON ingest_gap (team_id, edge_id, first_sequence);
CREATE INDEX ingest_gap_until_at ON ingest_gap (until_at);
COMMENT ON TABLE ingest_gap IS 'What figures lack: batches that did not come (MISSING) or never will (TOMBSTONE), evaluations that an edge could not count (DROPPED) or that could not be kept (REFUSED).';

CREATE TABLE periodic_job (
    name   text PRIMARY KEY,
    due_at timestamptz NOT NULL DEFAULT '1970-01-01',
    ran_at timestamptz,
    runs   bigint NOT NULL DEFAULT 0
);
INSERT INTO periodic_job (name) VALUES ('PARTITIONS'), ('EVALUATIONS'), ('SAMPLES'), ('BATCHES'), ('SESSIONS'), ('FAILURES'),
                                       ('DELIVERY_LOG');
COMMENT ON TABLE periodic_job IS 'What is cleared away from time to time. Whoever locks the row does it, in that transaction; others pass over it.';

-- Partitions are made and dropped by the server, which need not own the tables: each function does one thing, named
-- objects only, whatever the caller's search_path.
CREATE FUNCTION ensure_evaluation_partitions(days date[]) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    day date;
    partition text;
    made integer := 0;
BEGIN
    IF cardinality(days) > 4000 THEN
        RAISE EXCEPTION 'too many days at once' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR day IN SELECT DISTINCT d FROM unnest(days) AS d
               WHERE to_regclass('public.evaluation_count_' || to_char(d, 'YYYYMMDD')) IS NULL ORDER BY d LOOP
        -- One after the other, so that two do not make the same one.
        PERFORM pg_advisory_xact_lock(7301938457);
        partition := 'evaluation_count_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('public.' || partition) IS NOT NULL;
        -- Attached once it is made: unlike making it in place, that waits for nobody who reads or writes.
        EXECUTE format('CREATE TABLE public.%I (LIKE public.evaluation_count INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('ALTER TABLE public.evaluation_count ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('COMMENT ON TABLE public.%I IS %L', partition, 'One day (UTC) of evaluation_count.');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
COMMENT ON FUNCTION ensure_evaluation_partitions IS 'Makes the partitions of evaluation_count for days (UTC) that have none. Gives how many.';

CREATE FUNCTION drop_evaluation_partitions(before date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.evaluation_count'::regclass
          AND c.relname < 'evaluation_count_' || to_char(before, 'YYYYMMDD') ORDER BY c.relname LOOP
        EXECUTE format('DROP TABLE public.%I', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
COMMENT ON FUNCTION drop_evaluation_partitions IS 'Drops the partitions of evaluation_count for days (UTC) before one. Gives how many.';

-- The log of revisions. Trimming moves `compacted` first, then deletes; the newest row of each thing stays, because a
-- replica that reads everything finds by it what there is and at which revision.
ALTER TABLE delivery_item ADD COLUMN at timestamptz NOT NULL DEFAULT now();
COMMENT ON COLUMN delivery_item.at IS 'When the revision was taken.';

CREATE FUNCTION refuse_untrimmed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revision > (SELECT h.compacted FROM public.delivery_head h) THEN
        RAISE EXCEPTION 'revision % is not compacted', OLD.revision USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.delivery_item newer WHERE newer.subject = OLD.subject
                   AND newer.kind = OLD.kind AND newer.revision > OLD.revision) THEN
        RAISE EXCEPTION 'revision % is the last that tells of its %', OLD.revision, OLD.kind
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION refuse_untrimmed IS 'Keeps what the log of revisions cannot do without.';
CREATE TRIGGER delivery_item_trimmed BEFORE DELETE ON delivery_item FOR EACH ROW EXECUTE FUNCTION refuse_untrimmed();

CREATE FUNCTION compact_delivery(through bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_at bigint;
BEGIN
    UPDATE public.delivery_head SET compacted = through WHERE compacted < through AND through <= revision;
    SELECT compacted INTO now_at FROM public.delivery_head;
    RETURN now_at;
END $$;
COMMENT ON FUNCTION compact_delivery IS 'Moves `compacted` forward, never above the head. Takes the lock that all writers share: commit at once.';

CREATE FUNCTION trim_delivery(most integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM public.delivery_item i USING (
        SELECT old.revision, old.kind, old.subject FROM public.delivery_item old
        WHERE old.revision <= (SELECT compacted FROM public.delivery_head)
          AND EXISTS (SELECT 1 FROM public.delivery_item newer WHERE newer.subject = old.subject AND newer.kind = old.kind
                      AND newer.revision > old.revision)
        ORDER BY old.revision LIMIT most) AS old
    WHERE (i.revision, i.kind, i.subject) = (old.revision, old.kind, old.subject);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
COMMENT ON FUNCTION trim_delivery IS 'Deletes so many rows at or below `compacted` that something newer replaced. Gives how many.';

REVOKE ALL ON FUNCTION ensure_evaluation_partitions, drop_evaluation_partitions, compact_delivery, trim_delivery FROM PUBLIC;
