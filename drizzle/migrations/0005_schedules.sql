-- Jobs in groups that run one after the other, jobs that wait for a second person or for their window, and figures taken again later.
ALTER TABLE riskdesk.jobs
  ADD COLUMN group_id uuid,
  ADD COLUMN stop_on_failure boolean NOT NULL DEFAULT false,
  ADD COLUMN schedule_id uuid,
  ADD COLUMN window_from time,
  ADD COLUMN window_to time,
  ADD COLUMN time_zone text,
  ADD COLUMN shown jsonb,
  ADD COLUMN approver text,
  ADD COLUMN approved_at timestamptz,
  ADD COLUMN later jsonb NOT NULL DEFAULT '[]',
  DROP CONSTRAINT jobs_state_check,
  DROP CONSTRAINT jobs_check,
  ADD CONSTRAINT jobs_state_check CHECK (state IN ('awaiting', 'queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  ADD CONSTRAINT jobs_finished_check CHECK ((state IN ('awaiting', 'queued', 'running')) = (finished_at IS NULL)),
  ADD CONSTRAINT jobs_window_check CHECK ((window_from IS NULL) = (window_to IS NULL) AND (window_from IS NULL OR time_zone IS NOT NULL));
--> statement-breakpoint
-- Jobs of a group queue on one object, one of them runs; others are refused while one is open.
DROP INDEX riskdesk.jobs_open_object_idx;
--> statement-breakpoint
CREATE UNIQUE INDEX jobs_open_object_idx ON riskdesk.jobs (target, object_key) WHERE state IN ('queued', 'running') AND group_id IS NULL;
--> statement-breakpoint
CREATE UNIQUE INDEX jobs_running_object_idx ON riskdesk.jobs (target, object_key) WHERE state = 'running';
--> statement-breakpoint
-- What waits for approval holds nothing up: only the same wish twice is refused.
CREATE UNIQUE INDEX jobs_awaiting_object_idx ON riskdesk.jobs (target, object_key, action) WHERE state = 'awaiting';
--> statement-breakpoint
CREATE INDEX jobs_open_idx ON riskdesk.jobs (state, created_at, id) WHERE state IN ('awaiting', 'queued', 'running');
--> statement-breakpoint
CREATE INDEX jobs_group_idx ON riskdesk.jobs (group_id, target, created_at, id) WHERE group_id IS NOT NULL;
--> statement-breakpoint
CREATE INDEX jobs_later_idx ON riskdesk.jobs (finished_at) WHERE state = 'succeeded';
--> statement-breakpoint
CREATE TABLE riskdesk.schedules (
  id uuid PRIMARY KEY,
  target text NOT NULL CHECK (length(target) BETWEEN 1 AND 60),
  action text NOT NULL,
  about text NOT NULL,
  params jsonb NOT NULL,
  cron text NOT NULL,
  time_zone text NOT NULL,
  window_from time,
  window_to time,
  enabled boolean NOT NULL DEFAULT true,
  next_run timestamptz,
  last_run timestamptz,
  last_job uuid,
  last_state text,
  last_says text,
  created_by uuid NOT NULL,
  creator text NOT NULL,
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((window_from IS NULL) = (window_to IS NULL)),
  CHECK (enabled = (next_run IS NOT NULL))
);
--> statement-breakpoint
CREATE INDEX schedules_next_run_idx ON riskdesk.schedules (next_run) WHERE enabled;
