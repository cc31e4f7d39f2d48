import { uuidv7 } from 'uuidv7';
import type { Permission, Role } from '@/lib/kit/permission';

/** The contract's table of permissions, written once more: the code's own cannot be the measure of itself. */
export const granted: Record<Role, readonly Permission[]> = {
  viewer: ['assessments:read'],
  analyst: ['assessments:read', 'assessments:write'],
  dba: ['assessments:read', 'stats:read', 'plans:analyze', 'maintenance:run', 'maintenance:destroy', 'audit:read'],
  admin: ['assessments:read', 'assessments:write', 'stats:read', 'plans:analyze', 'maintenance:run', 'maintenance:destroy', 'audit:read', 'users:manage', 'metrics:read'],
};

/** `own`: one's own sessions and tokens, which a person has and a token only with users:manage. */
export type Rule = Permission | 'signed-in' | 'own' | 'public';

/** What each route may ask for, the first that fits. A route that no line fits has no permission, and fails. */
const contract: [methods: RegExp, path: RegExp, rules: Rule[]][] = [
  [/^GET$/, /^\/api\/health(\/live|\/ready)?$/, ['public']],
  [/^GET$/, /^\/api\/metrics$/, ['metrics:read']],
  [/^GET$/, /^\/api\/(openapi\.json|ping|findings)$/, ['signed-in']],
  [/^POST$/, /^\/api\/auth\/sign-in\/email$/, ['public']],
  [/^GET$/, /^\/api\/auth\/get-session$/, ['public']],
  [/^(GET|POST)$/, /^\/api\/auth\/(sign-out|change-password|list-sessions)$/, ['signed-in']],
  [/^(GET|POST|DELETE)$/, /^\/api\/(sessions|tokens)(\/\{id\})?$/, ['own']],
  [/./, /^\/api\/users(\/|$)/, ['users:manage']],
  [/^GET$/, /^\/api\/audit(\/|$)/, ['audit:read']],
  [/^GET$/, /^\/api\/(targets|jobs|actions)(\/|$)/, ['stats:read']],
  [/^(PUT|DELETE)$/, /^\/api\/findings\/\{id\}\/decision$/, ['maintenance:run']],
  [/^(POST|DELETE)$/, /^\/api\/jobs\//, ['maintenance:run']],
  [/^GET$/, /^\/api\/schedules$/, ['stats:read']],
  // What destroys asks for more, in the handler.
  [/^(POST|PATCH|DELETE)$/, /^\/api\/schedules(\/|$)/, ['maintenance:run']],
  [/^GET$/, /^\/api\/assessments(\/|$)/, ['assessments:read']],
  [/^(POST|PATCH|DELETE)$/, /^\/api\/assessments(\/|$)/, ['assessments:write']],
  // Running a statement asks for more, in the handler.
  [/^POST$/, /^\/api\/plans\/explain$/, ['stats:read']],
  [/^GET$/, /^\/api\/exports\/file$/, ['maintenance:destroy']],
  // Diagnostics and actions.
  [/^GET$/, /^\/api\/[a-z]+\/[a-z_-]+$/, ['stats:read']],
  [/^POST$/, /^\/api\/[a-z]+\/[a-z_-]+$/, ['maintenance:run', 'maintenance:destroy', 'plans:analyze']],
];

export const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

type Operation = { 'x-permission': string };
export type Described = { paths: Record<string, Record<string, Operation>> };

/** `GET /api/users` … of an OpenAPI document. */
export const described = ({ paths }: Described): string[] => Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));

export const methodsOf = (document: Described, path: string): string[] => Object.keys(document.paths[path] ?? {}).map((method) => method.toUpperCase());

/** The rule of a route: the contract's, which its declaration must agree with. @throws for a route that the contract does not know */
export function ruleOf(document: Described, method: string, path: string): Rule {
  const declared = document.paths[path]?.[method.toLowerCase()]?.['x-permission'];
  const rules = contract.find(([methods, paths]) => methods.test(method) && paths.test(path))?.[2];
  if (!rules) throw new Error(`${method} ${path} has no permission in the contract`);
  const agreeing = rules.find((rule) => rule === declared);
  if (agreeing) return agreeing;
  // METRICS_TOKEN is nobody's, so the handler looks for itself.
  if (rules.includes('metrics:read') && declared === 'own-check') return 'metrics:read';
  throw new Error(`${method} ${path} declares ${declared}, the contract says ${rules.join(' or ')}`);
}

export type Asking = { name: string; permissions: readonly Permission[]; via: 'session' | 'token' | 'nothing' };

/** What a request must get: its work (whatever its input is worth), or a refusal. */
export function expected(asking: Asking, rule: Rule): 'in' | 401 | 403 {
  if (rule === 'public') return 'in';
  if (asking.via === 'nothing') return 401;
  if (rule === 'signed-in') return 'in';
  if (rule === 'own') return asking.via === 'session' || asking.permissions.includes('users:manage') ? 'in' : 403;
  return asking.permissions.includes(rule) ? 'in' : 403;
}

/** A path as it is asked for: each `{id}` is a UUID that nothing has. */
export const concrete = (path: string): string => path.replaceAll(/\{\w+\}/g, () => uuidv7());

/** A status as this table counts it. */
export function outcome(status: number, path: string): 'in' | number {
  const refused = [401, 403, 405, 408, 413, 415].includes(status) || (status >= 500 && !path.startsWith('/api/health'));
  const isMissing = status === 404 && !path.includes('{');
  return refused || isMissing ? status : 'in';
}
