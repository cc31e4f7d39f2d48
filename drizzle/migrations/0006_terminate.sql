-- A job whose cancel does not help can have its session ended.
ALTER TABLE riskdesk.jobs ADD COLUMN terminate_requested_at timestamptz;
