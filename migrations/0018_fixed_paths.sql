-- Functions of ours look for tables in `public` first, and only then among the temporary ones of whoever makes them run: a
-- role that may add rows to a table cannot slip one of its own under the name that a trigger asks.

ALTER FUNCTION refuse_change() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION require_publish() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION require_active() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION require_unserved() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION note_feature_change() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_archived_live() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_archiving_live() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_wider_token() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION announce_audit() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION refuse_untrimmed() SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION home() SET search_path = pg_catalog, public, pg_temp;
