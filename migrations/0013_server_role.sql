-- A server that is not the owner takes revisions by publish() alone, and cannot write them otherwise.

ALTER FUNCTION publish(text[], uuid[]) SECURITY DEFINER;
ALTER FUNCTION publish(text[], uuid[]) SET search_path = public, pg_temp;

-- What was there before there were revisions takes one now: edges are told of what has a revision, and of nothing else.
SELECT publish(array_agg(old.kind), array_agg(old.id))
FROM (SELECT 'STAGE' AS kind, id FROM stage WHERE live_version IS NOT NULL
      UNION ALL SELECT 'KILL', id FROM stage WHERE killed_at IS NOT NULL
      UNION ALL SELECT 'ENVIRONMENT', id FROM environment
      UNION ALL SELECT 'CLIENT', id FROM client) AS old
WHERE NOT EXISTS (SELECT FROM delivery_item i WHERE i.kind = old.kind AND i.subject = old.id)
HAVING count(*) > 0;
