CREATE EXTENSION IF NOT EXISTS pg_trgm;
--> statement-breakpoint
CREATE TABLE users (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email) AND length(email) <= 320),
  email_verified boolean NOT NULL DEFAULT false,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  image text,
  role text NOT NULL DEFAULT 'viewer' CHECK (role IN ('viewer', 'analyst', 'dba', 'admin')),
  active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE TABLE sessions (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  token text NOT NULL UNIQUE,
  expires_at timestamptz(3) NOT NULL,
  ip_address text,
  user_agent text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
--> statement-breakpoint
CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  account_id text NOT NULL,
  provider_id text NOT NULL,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz(3),
  refresh_token_expires_at timestamptz(3),
  scope text,
  password text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE INDEX accounts_user_id_idx ON accounts (user_id);
--> statement-breakpoint
CREATE TABLE verifications (
  id uuid PRIMARY KEY,
  identifier text NOT NULL,
  value text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE TABLE api_tokens (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  hint text NOT NULL,
  token_hash text NOT NULL UNIQUE,
  scopes text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX api_tokens_user_id_idx ON api_tokens (user_id);
--> statement-breakpoint
-- Partitioned by month on created_at, which is the UUIDv7's own millisecond: a lookup by id binds both and touches one partition.
CREATE TABLE risk_assessments (
  id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES users,
  business_name text NOT NULL CHECK (length(business_name) BETWEEN 1 AND 255),
  business_address text CHECK (length(business_address) <= 2000),
  industry text CHECK (length(industry) <= 100),
  country char(2) CHECK (country ~ '^[A-Z]{2}$'),
  risk_score numeric(3,2) NOT NULL CHECK (risk_score BETWEEN 0 AND 1),
  risk_level text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
  version integer NOT NULL DEFAULT 1 CHECK (version > 0),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  PRIMARY KEY (id, created_at),
  CONSTRAINT risk_assessments_risk_level_check CHECK (risk_level = CASE
    WHEN risk_score < 0.25 THEN 'low' WHEN risk_score < 0.50 THEN 'medium' WHEN risk_score < 0.75 THEN 'high' ELSE 'critical' END)
) PARTITION BY RANGE (created_at);
--> statement-breakpoint
CREATE TABLE risk_factors (
  id uuid NOT NULL,
  assessment_id uuid NOT NULL,
  assessment_created_at timestamptz(3) NOT NULL,
  category text NOT NULL CHECK (length(category) BETWEEN 1 AND 100),
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
  score numeric(3,2) NOT NULL CHECK (score BETWEEN 0 AND 1),
  weight numeric(3,2) NOT NULL CHECK (weight BETWEEN 0 AND 1),
  description text CHECK (length(description) <= 2000),
  PRIMARY KEY (assessment_id, assessment_created_at, id),
  FOREIGN KEY (assessment_id, assessment_created_at) REFERENCES risk_assessments (id, created_at) ON DELETE CASCADE
) PARTITION BY RANGE (assessment_created_at);
--> statement-breakpoint
CREATE TABLE predictions (
  id uuid NOT NULL,
  assessment_id uuid NOT NULL,
  assessment_created_at timestamptz(3) NOT NULL,
  horizon_months integer NOT NULL CHECK (horizon_months BETWEEN 1 AND 120),
  predicted_score numeric(3,2) NOT NULL CHECK (predicted_score BETWEEN 0 AND 1),
  confidence numeric(3,2) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  model_used text NOT NULL CHECK (length(model_used) BETWEEN 1 AND 100),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (assessment_id, assessment_created_at, id),
  FOREIGN KEY (assessment_id, assessment_created_at) REFERENCES risk_assessments (id, created_at) ON DELETE CASCADE
) PARTITION BY RANGE (assessment_created_at);
--> statement-breakpoint
CREATE TABLE compliance_checks (
  id uuid NOT NULL,
  assessment_id uuid NOT NULL,
  assessment_created_at timestamptz(3) NOT NULL,
  check_type text NOT NULL CHECK (length(check_type) BETWEEN 1 AND 100),
  status text NOT NULL CHECK (length(status) BETWEEN 1 AND 50),
  result text CHECK (length(result) <= 2000),
  checked_at timestamptz(3) NOT NULL,
  PRIMARY KEY (assessment_id, assessment_created_at, id),
  FOREIGN KEY (assessment_id, assessment_created_at) REFERENCES risk_assessments (id, created_at) ON DELETE CASCADE
) PARTITION BY RANGE (assessment_created_at);
--> statement-breakpoint
-- Each index serves a list that the console offers; (created_at, id) also walks partitions newest first.
CREATE INDEX risk_assessments_created_at_idx ON risk_assessments (created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_status_idx ON risk_assessments (status, created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_risk_level_idx ON risk_assessments (risk_level, created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_industry_idx ON risk_assessments (industry, created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_country_idx ON risk_assessments (country, created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_user_id_idx ON risk_assessments (user_id, created_at, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_risk_score_idx ON risk_assessments (risk_score, id);
--> statement-breakpoint
CREATE INDEX risk_assessments_business_name_idx ON risk_assessments (lower(business_name) COLLATE "C", id);
--> statement-breakpoint
CREATE INDEX risk_assessments_business_name_trgm_idx ON risk_assessments USING gin (business_name gin_trgm_ops);
--> statement-breakpoint
CREATE SCHEMA IF NOT EXISTS riskdesk;
--> statement-breakpoint
CREATE TABLE riskdesk.audit_log (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor_id uuid,
  actor text NOT NULL,
  via text NOT NULL,
  action text NOT NULL,
  object text NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('success', 'refused', 'failed')),
  details jsonb NOT NULL DEFAULT '{}',
  address text
);
--> statement-breakpoint
CREATE INDEX audit_log_actor_id_idx ON riskdesk.audit_log (actor_id, id);
--> statement-breakpoint
CREATE INDEX audit_log_object_idx ON riskdesk.audit_log (object, id);
--> statement-breakpoint
CREATE FUNCTION riskdesk.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'riskdesk.% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON riskdesk.audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION riskdesk.refuse_change();
--> statement-breakpoint
CREATE UNLOGGED TABLE riskdesk.rate_limits (
  key text PRIMARY KEY,
  points bigint NOT NULL DEFAULT 0,
  expire bigint
);
