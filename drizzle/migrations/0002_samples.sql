-- Figures of diagnostics over time: one row a diagnostic, target and moment, its rows as {"<key>": [values in the order of `columns`]}.
CREATE TABLE riskdesk.samples (
  target text NOT NULL CHECK (length(target) BETWEEN 1 AND 60),
  diagnostic text NOT NULL,
  at timestamptz NOT NULL,
  since timestamptz,
  columns text[] NOT NULL,
  rows jsonb NOT NULL,
  PRIMARY KEY (target, diagnostic, at)
);
