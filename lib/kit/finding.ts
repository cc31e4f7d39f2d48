export const severities = ['critical', 'warning', 'info'] as const;

export type Severity = (typeof severities)[number];

/** What mends it: an action of the console with its parameters filled in, or SQL for a person to run. */
export type Remedy = { action: string; params: Record<string, unknown> } | { sql: string };

/** Parameters as the API takes them: every one as text, as a form or an address has it. */
export const asSent = (params: Record<string, unknown>): Record<string, string> => Object.fromEntries(Object.entries(params).map(([key, value]) => [key, String(value)]));

/**
 * One sentence about one object.
 * `code` is `room.word`, a public name that does not change; `about` is the object as text (`schema.name`);
 * `evidence` holds the figures that the sentence rests on, in base units.
 */
export type Finding = {
  code: `${string}.${string}`;
  severity: Severity;
  about: string;
  says: string;
  evidence: Record<string, string | number | boolean | null>;
  remedy: Remedy | null;
};
