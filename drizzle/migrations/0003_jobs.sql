-- Runs of actions. One open job an object and target; `fence` grows with each change of the runner, so that one who lost its job can write no more.
CREATE TABLE riskdesk.jobs (
  id uuid PRIMARY KEY,
  target text NOT NULL CHECK (length(target) BETWEEN 1 AND 60),
  action text NOT NULL,
  about text NOT NULL,
  object_key text NOT NULL,
  object jsonb NOT NULL,
  params jsonb NOT NULL,
  plan jsonb NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  requested_by uuid,
  requester text NOT NULL,
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  runner integer,
  fence bigint NOT NULL DEFAULT 0,
  backend jsonb,
  progress jsonb,
  says text,
  log jsonb NOT NULL DEFAULT '[]',
  before jsonb,
  after jsonb,
  inverse jsonb,
  waited_ms double precision NOT NULL DEFAULT 0,
  CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL)),
  CHECK ((state = 'running') <= (runner IS NOT NULL))
);
--> statement-breakpoint
CREATE UNIQUE INDEX jobs_open_object_idx ON riskdesk.jobs (target, object_key) WHERE state IN ('queued', 'running');
--> statement-breakpoint
CREATE INDEX jobs_created_at_idx ON riskdesk.jobs (created_at DESC, id DESC);
