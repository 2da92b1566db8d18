/** The shape of a plan file. A plan file is untrusted input until it has passed this check. */

import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { isTableName } from '../format/file-names.ts';
import type { RollbackPlan, Step } from '../types.ts';
import type { Proven, SameShape } from './same-shape.ts';
import { fileKey, isPlausibleRewind, isPlausibleStep, problemOfSteps } from './step-paths.ts';

// A plan is read once: compiling checkers with zod would cost more than they save.
z.config({ ...en(), jitless: true });

const size = z.int().check(z.nonnegative());
const index = z.int().check(z.nonnegative(), z.maximum(0xffff_ffff));
const hex = z.string().check(z.regex(/^(?:[0-9a-f]{2})*$/));
/** Empty for a link. */
const nanoseconds = z.string().check(z.regex(/^(?:-?\d+)?$/));
/** A root, or the snapshot directory: what has an area of its own. */
export const rootNumber = z.union([size, z.literal('snapshots')]);
const placeName = z.union([size, z.literal('snapshots'), z.literal('log-index')]);
const tableName = z.string().check(z.refine(isTableName, 'not a table name'));

/** Without an absolute path, `..` or an empty part: it cannot leave its root. */
export const relative = z.string().check(
  z.maxLength(4096),
  z.refine(
    (p) => p.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'leaves its root',
  ),
  z.refine((p) => !p.includes('\0'), 'is not a path'),
);

const file = z.strictObject({ root: rootNumber, path: relative });
const base = { table: tableName, file };
const removal = z.enum(['newer', 'orphan', 'leftover', 'deleted', 'watermark', 'bound', 'snapshot']);
const segment = { segment: index };
const maybeSegment = { segment: z.optional(index) };
const range = z.tuple([size, size]);
const fileContent = hex.check(z.maxLength(1024));
const lengths = { from: size, to: size };

const rewindLog = z.strictObject({
  op: z.literal('rewind-log'),
  table: tableName,
  file: z.strictObject({ root: z.literal('log-index'), path: relative }),
  from: z.nullable(size),
  keep: size,
  append: fileContent,
});

const step = z
  .discriminatedUnion('op', [
    z.strictObject({ ...base, ...maybeSegment, op: z.literal('remove-file'), size, reason: removal }),
    z.strictObject({ ...base, op: z.literal('remove-link'), target: z.string().check(z.maxLength(4096)) }),
    z.strictObject({ ...base, op: z.literal('remove-directory'), reason: z.enum(['keymap', 'snapshot']) }),
    z.strictObject({ ...base, ...segment, op: z.literal('cut-file'), ...lengths }),
    z.strictObject({
      ...base,
      ...segment,
      op: z.literal('rewrite-keys'),
      ...lengths,
      keep: z.array(range),
    }),
    z.strictObject({
      ...base,
      ...maybeSegment,
      op: z.literal('replace-file'),
      reason: z.enum(['metadata', 'upper-bound', 'lower-bound']),
      before: fileContent,
      after: fileContent,
    }),
  ])
  .check(z.refine((s) => isPlausibleStep(s as Step), 'is not a step that this program plans'));

const record = z.strictObject({
  segment: index,
  record: size,
  offset: size,
  kind: z.int(),
  key: hex,
  label: z.optional(z.string()),
});
const height = z.string().check(z.regex(/^\d{1,20}$/));
const heights = z.strictObject({
  schema: z.string(),
  target: height,
  lastKept: z.nullable(height),
  firstRemoved: z.nullable(height),
  alsoRemoved: z.nullable(
    z.strictObject({ records: size, ranges: z.array(z.tuple([height, height])), complete: z.boolean() }),
  ),
});
const keptAbove = z.strictObject({ records: size, groups: size, lowest: z.string(), highest: z.string() });
const amount = z.strictObject({ segments: size, records: size, keyBytes: size, valueBytes: size });
const fate = z.strictObject({
  segment: index,
  fate: z.enum(['kept', 'cut', 'removed', 'orphan']),
  keptBytes: size,
  removedBytes: size,
});

const table = z
  .strictObject({
    table: tableName,
    outcome: z.enum(['cut', 'repair', 'delete', 'keep', 'nothing']),
    watermark: z.nullable(index),
    pivot: z.nullable(record),
    lastKept: z.nullable(record),
    firstRemoved: z.nullable(record),
    heights: z.nullable(heights),
    keptAbove: z.optional(keptAbove),
    kept: amount,
    removed: amount,
    segments: z.array(fate),
    removesKeymap: z.boolean(),
    snapshotCopies: z.nullable(z.strictObject({ from: index, through: index })),
    notices: z.array(z.string()),
    acceptedDamage: z.boolean(),
    steps: z.array(step),
  })
  .check((context) => {
    const { value, issues } = context;
    const message = problemOfSteps(value.table, value.steps as Step[]);
    if (message !== null) issues.push({ code: 'custom', message, input: value });
  });

const heightChange = z.strictObject({ before: height, after: height });
const logIndex = z.strictObject({
  dir: z.string().check(z.startsWith('/')),
  root: size,
  beside: z.boolean(),
  verdict: z.enum(['rewind', 'nothing', 'keep']),
  reason: z.nullable(z.enum(['asked', 'target', 'foreign'])),
  newest: z.nullable(heightChange),
  oldest: z.nullable(heightChange),
  step: z.nullable(rewindLog.check(z.refine(isPlausibleRewind, 'is not a step that this program plans'))),
});

/** Version 1 of the plan file. */
export const planSchema = z
  .strictObject({
    format: z.literal('litt-rollback/plan'),
    version: z.literal(1),
    id: z.string().check(z.regex(/^[0-9a-f-]{36}$/)),
    createdAt: z.string(),
    target: z.string(),
    unlocked: z.boolean(),
    approximate: z.boolean(),
    roots: z.array(z.string().check(z.startsWith('/'))).check(z.minLength(1)),
    databases: z.array(
      z.strictObject({ name: z.nullable(z.string()), roots: z.array(size).check(z.minLength(1)) }),
    ),
    snapshotDir: z.nullable(z.string().check(z.startsWith('/'))),
    tables: z
      .array(table)
      .check(
        z.refine((all) => new Set(all.map((t) => t.table)).size === all.length, 'a table stands there twice'),
      ),
    logIndex: z.optional(logIndex),
    tablesOutside: z.array(z.string()),
    notices: z.array(z.string()),
    fingerprint: z.array(z.tuple([placeName, relative, size, nanoseconds, z.string()])),
    digest: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  })
  .check(
    z.refine((p) => {
      const numbers = p.databases.flatMap((d) => d.roots).sort((a, b) => a - b);
      return numbers.length === p.roots.length && numbers.every((n, i) => n === i);
    }, 'its roots and its databases disagree'),
    z.refine(
      ({ fingerprint: f }) => new Set(f.map(([root, path]) => fileKey({ root, path }))).size === f.length,
      'a file stands in its fingerprint twice',
    ),
    z.refine(
      (p) => (p.logIndex?.root ?? 0) < p.roots.length,
      'its log-index belongs to a root that it lacks',
    ),
    z.refine((p) => p.unlocked || !p.approximate, 'it was made under the locks, and yet is approximate'),
  );

/** Makes the casts of this file safe: the schemas and the types in lib/types.ts have the same shape. */
export type SchemasMatch = readonly [
  Proven<SameShape<z.infer<typeof step>, Step>>,
  Proven<SameShape<z.infer<typeof planSchema>, RollbackPlan>>,
];

/** Parses and checks a plan; throws zod's error. */
export function parsePlan(value: unknown): RollbackPlan {
  return planSchema.parse(value) as RollbackPlan;
}

/** The first problem of a document, in words: the field and what is wrong with it. */
export function firstProblem(error: unknown): string {
  const issues = (error as { issues?: { path: PropertyKey[]; message: string }[] }).issues;
  const first = issues?.[0];
  if (first !== undefined) return `${first.path.join('.') || 'the document'}: ${first.message}`;
  return String((error as Error).message).split('\n')[0] ?? '';
}
