// What an application says of itself in a statement's comment: /*controller='orders',route='%2Forders'*/ (sqlcommenter), or /*controller:orders*/.
export type Tags = ReadonlyMap<string, string>;

const known = new Set(['application', 'app', 'route', 'controller', 'action', 'job', 'framework', 'db_driver', 'traceparent', 'tracestate']);

const comment = /\/\*([^*]{1,2000})\*\//g;
const pair = /^\s*([A-Za-z_]{1,40})(?:='((?:[^'\\]|\\.)*)'|:(.*))\s*$/;

/** The tags of every comment in the text; none where no comment is made of such pairs alone. */
export function tagsIn(text: string): Tags {
  const found = new Map<string, string>();
  for (const [, inner = ''] of text.matchAll(comment)) {
    const pairs = inner.split(',').map((part) => pair.exec(part));
    for (const one of pairs) {
      const [, key = '', quoted, plain] = one ?? [];
      if (known.has(key)) found.set(key, decoded(quoted ?? plain ?? ''));
    }
  }
  return found;
}

function decoded(value: string): string {
  const unescaped = value.replaceAll(/\\(.)/g, '$1').trim();
  try {
    return decodeURIComponent(unescaped);
  } catch {
    return unescaped;
  }
}

/** What tells one caller from another; a trace is another at every call. */
const callers = ['application', 'app', 'framework', 'route', 'controller', 'action', 'job'];

/** In one line, for people: `riskdesk /api/assessments`; null without any. */
export function saidBy(tags: Tags): string | null {
  const said = callers.flatMap((key) => (tags.has(key) ? [`${key}=${tags.get(key)}`] : []));
  return said.length > 0 ? said.join(', ') : null;
}

/** Both name a place, and the same one. */
export const samePlace = (a: Tags, b: Tags): boolean => {
  const places = ['route', 'controller', 'action', 'job'].filter((key) => a.has(key) || b.has(key));
  return places.length > 0 && places.every((key) => a.get(key) === b.get(key)) && a.get('application') === b.get('application');
};
