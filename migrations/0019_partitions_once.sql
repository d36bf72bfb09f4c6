-- Two that make the partition of one day at once: the second looks at the catalog itself once it has its turn. What
-- `to_regclass` gives comes from a cache, in which what the first one made meanwhile may still be missing.

CREATE OR REPLACE FUNCTION ensure_evaluation_partitions(days date[]) RETURNS integer
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
        CONTINUE WHEN EXISTS (SELECT FROM pg_class
                              WHERE relname = partition AND relnamespace = 'public'::regnamespace);
        -- Attached once it is made: unlike making it in place, that waits for nobody who reads or writes.
        EXECUTE format('CREATE TABLE public.%I (LIKE public.evaluation_count INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('ALTER TABLE public.evaluation_count ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       partition, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('COMMENT ON TABLE public.%I IS %L', partition, 'One day (UTC) of evaluation_count.');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;
