-- Each row of the audit log holds the hash of the one before it: positions without gaps, in the order of the commits.
ALTER TABLE riskdesk.audit_log ADD COLUMN position bigint, ADD COLUMN hash bytea;
--> statement-breakpoint
CREATE FUNCTION riskdesk.audit_hash(before bytea, entry riskdesk.audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(before || convert_to(jsonb_build_array(entry.id, entry.at AT TIME ZONE 'UTC', entry.actor_id, entry.actor, entry.via, entry.action,
    entry.object, entry.outcome, entry.details, entry.address)::text, 'UTF8'))
$$;
--> statement-breakpoint
ALTER TABLE riskdesk.audit_log DISABLE TRIGGER audit_log_append_only;
--> statement-breakpoint
DO $$
DECLARE
  entry riskdesk.audit_log;
  last bytea := '';
  n bigint := 0;
BEGIN
  FOR entry IN SELECT * FROM riskdesk.audit_log ORDER BY id LOOP
    n := n + 1;
    last := riskdesk.audit_hash(last, entry);
    UPDATE riskdesk.audit_log SET position = n, hash = last WHERE id = entry.id;
  END LOOP;
END $$;
--> statement-breakpoint
ALTER TABLE riskdesk.audit_log ENABLE TRIGGER audit_log_append_only;
--> statement-breakpoint
ALTER TABLE riskdesk.audit_log ALTER COLUMN position SET NOT NULL, ALTER COLUMN hash SET NOT NULL, ADD CONSTRAINT audit_log_position_key UNIQUE (position);
--> statement-breakpoint
-- The lock is held to the end of the transaction: whoever comes next sees this row, or none of it. Its statements take new snapshots (VOLATILE), so
-- the row before is the last one committed.
CREATE FUNCTION riskdesk.chain_audit() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before record;
BEGIN
  PERFORM pg_advisory_xact_lock(1380537163, 2);
  SELECT position, hash INTO before FROM riskdesk.audit_log ORDER BY position DESC LIMIT 1;
  NEW.position := coalesce(before.position, 0) + 1;
  NEW.hash := riskdesk.audit_hash(coalesce(before.hash, ''), NEW);
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_log_chain BEFORE INSERT ON riskdesk.audit_log FOR EACH ROW EXECUTE FUNCTION riskdesk.chain_audit();
--> statement-breakpoint
-- What a console has signed: the first 16 bytes of each hash from `first` to `position`, and the last hash whole.
CREATE TABLE riskdesk.audit_checkpoints (
  position bigint PRIMARY KEY,
  first bigint NOT NULL CHECK (first BETWEEN 1 AND position),
  at timestamptz NOT NULL DEFAULT now(),
  hash bytea NOT NULL,
  witness bytea NOT NULL CHECK (length(witness) = 16 * (position - first + 1)),
  key_id text NOT NULL,
  signature bytea NOT NULL
);
--> statement-breakpoint
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON riskdesk.audit_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION riskdesk.refuse_change();
