-- What people decided about findings: seen and accepted, or not now. One row a finding of a target; the audit log keeps the history.
CREATE TABLE riskdesk.finding_decisions (
  target text NOT NULL CHECK (length(target) BETWEEN 1 AND 60),
  finding_id text NOT NULL CHECK (finding_id ~ '^[0-9a-f]{16}$'),
  code text NOT NULL,
  about text NOT NULL,
  severity text NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
  kind text NOT NULL CHECK (kind IN ('snoozed', 'accepted')),
  until timestamptz,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  decided_by text NOT NULL,
  decided_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (target, finding_id),
  CHECK ((kind = 'snoozed') = (until IS NOT NULL))
);
