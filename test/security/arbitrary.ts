import fc from 'fast-check';
import { z } from 'zod';

/** The part of JSON Schema that the OpenAPI document uses. */
type Schema = {
  type?: string | string[] | undefined;
  enum?: unknown[] | undefined;
  anyOf?: Schema[] | undefined;
  properties?: Record<string, Schema> | undefined;
  required?: string[] | undefined;
  items?: Schema | undefined;
  format?: string | undefined;
  pattern?: string | undefined;
  minLength?: number | undefined;
  maxLength?: number | undefined;
  minItems?: number | undefined;
  maxItems?: number | undefined;
  minimum?: number | undefined;
  maximum?: number | undefined;
  default?: unknown;
};

export const schema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schema).optional(),
    properties: z.record(z.string(), schema).optional(),
    required: z.array(z.string()).optional(),
    items: schema.optional(),
    format: z.string().optional(),
    pattern: z.string().optional(),
    minLength: z.number().optional(),
    maxLength: z.number().optional(),
    minItems: z.number().optional(),
    maxItems: z.number().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
    default: z.unknown().optional(),
  }),
);

/** Text that has hurt somebody once. */
export const hostileText = fc.constantFrom('', ' ', '\u0000', '\ud800', '\ufeff', '‮', '😀', 'İ', "'", '"', '\\', '%', '$1', "'; drop table users; --", '"; drop table users; --', '{{7*7}}', '<script>', '../../etc/passwd', '__proto__', 'null', '-1', '1e309', '0x10', 'NaN', 'infinity', '\r\nset-cookie: a=b', 'x'.repeat(300));

const formats: Record<string, fc.Arbitrary<string>> = {
  uuid: fc.uuid(),
  email: fc.emailAddress(),
  date: fc.date({ min: new Date('2000-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }).map((at) => at.toISOString().slice(0, 10)),
  'date-time': fc.date({ min: new Date('2000-01-01'), max: new Date('2199-12-31'), noInvalidDate: true }).map((at) => at.toISOString()),
};

/** Values that are right more often than those of chance: a first version, a small limit, a country. */
const likely = ['1', '0.5', '10', 'DE', 'main'];

/** What the schema lets through; not all of it is welcome, because a schema cannot say everything. */
function text({ format, pattern, minLength = 0, maxLength = 40 }: Schema): fc.Arbitrary<string> {
  const known = format === undefined ? undefined : formats[format];
  if (known) return known;
  const matches = new RegExp(pattern ?? '');
  const anything = pattern === undefined ? fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 40), unit: 'grapheme' }) : fc.stringMatching(matches);
  const good = likely.filter((value) => matches.test(value) && value.length >= minLength);
  return good.length === 0 ? anything : fc.oneof(fc.constantFrom(...good), anything);
}

function number({ minimum = -1e6, maximum = 1e6, type }: Schema): fc.Arbitrary<number> {
  if (type === 'integer') return fc.oneof(fc.constant(minimum), fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) }));
  const hundredths = fc.integer({ min: Math.ceil(minimum * 100), max: Math.floor(maximum * 100) }).map((n) => n / 100);
  return fc.oneof({ weight: 9, arbitrary: hundredths }, { weight: 1, arbitrary: fc.double({ min: minimum, max: maximum, noNaN: true }) });
}

function record({ properties = {}, required = [] }: Schema): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([key, of]) => [key, fromSchema(of)]));
  return fc.record(fields, { requiredKeys: required });
}

/** Values that a JSON Schema describes. */
export function fromSchema({ default: usual, ...of }: Schema): fc.Arbitrary<unknown> {
  if (usual !== undefined) return fc.oneof(fc.constant(usual), fromSchema(of));
  if (of.enum) return fc.constantFrom(...of.enum);
  if (of.anyOf) return fc.oneof(...of.anyOf.map(fromSchema));
  if (Array.isArray(of.type)) return fc.oneof(...of.type.map((type) => fromSchema({ ...of, type })));
  if (of.type === 'object') return record(of);
  if (of.type === 'array') return fc.array(fromSchema(of.items ?? {}), { minLength: of.minItems ?? 0, maxLength: Math.min(of.maxItems ?? 4, 4) });
  if (of.type === 'string') return text(of);
  if (of.type === 'number' || of.type === 'integer') return number(of);
  if (of.type === 'boolean') return fc.boolean();
  return of.type === 'null' ? fc.constant(null) : junk;
}

const junk: fc.Arbitrary<unknown> = fc.oneof(hostileText, fc.jsonValue({ maxDepth: 2, stringUnit: 'binary' }), fc.constantFrom(2 ** 53 + 1, -1e308, 1.005));

type Place = { steps: number[]; value: unknown; name: string; how: 'replace' | 'remove' | 'add' };

const place: fc.Arbitrary<Place> = fc.record({
  steps: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }),
  value: junk,
  name: fc.oneof(fc.constantFrom('__proto__', 'constructor', 'id', 'role', 'version', 'emailVerified'), fc.string()),
  how: fc.constantFrom('replace', 'remove', 'add'),
});

/** The value with something wrong somewhere inside it. */
function spoiled(value: unknown, { steps: [step = 0, ...rest], ...change }: Place): unknown {
  if (typeof value !== 'object' || value === null) return change.value;
  const entries = Object.entries(value);
  const at = entries.length === 0 ? 0 : step % entries.length;
  const [key, inner] = entries[at] ?? [change.name, null];
  const changed = rest.length > 0 && typeof inner === 'object' && inner !== null ? spoiled(inner, { steps: rest, ...change }) : change.value;
  if (change.how === 'remove') entries.splice(at, 1);
  else if (change.how === 'add') entries.push([change.name, change.value]);
  else entries.splice(at, entries.length === 0 ? 0 : 1, [key, changed]);
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
}

/** Half of it as described (or as an example that works), the rest with something wrong in it, or something else altogether. */
export function aroundSchema(of: Schema, ...examples: unknown[]): fc.Arbitrary<unknown> {
  const valid = examples.length === 0 ? fromSchema(of) : fc.oneof(fromSchema(of), fc.constantFrom(...examples));
  return fc.oneof({ weight: 5, arbitrary: valid }, { weight: 4, arbitrary: fc.tuple(valid, place).map(([value, where]) => spoiled(value, where)) }, { weight: 1, arbitrary: junk });
}
