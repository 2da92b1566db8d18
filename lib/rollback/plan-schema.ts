/** The shape of a plan file. A plan file is input like any other: nothing in it is trusted before this. */
import * as z from 'zod';
import { isTableName } from '../format/file-names.ts';
import type { RollbackPlan, Step } from '../types.ts';
import { isPlausibleStep, problemOfSteps } from './step-paths.ts';

// A plan is read once: checkers that zod would compile for it cost more than they save.
z.config({ jitless: true });

const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const index = z.number().int().nonnegative().max(0xffff_ffff);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/);
const decimal = z.string().regex(/^\d*$/);
export const rootNumber = z.union([z.number().int().nonnegative(), z.literal('snapshots')]);
const tableName = z.string().refine(isTableName, 'not a table name');

/** No absolute path, no `..`, no empty part: it cannot leave its root. */
export const relative = z
  .string()
  .max(4096)
  .refine(
    (p) => p.split('/').every((part) => part !== '' && part !== '.' && part !== '..'),
    'leaves its root',
  )
  .refine((p) => !p.includes('\0') && !p.includes('\\'), 'is no plain path');

const file = z.object({ root: rootNumber, path: relative }).strict();
const base = { table: tableName, file };
const removal = z.enum(['newer', 'orphan', 'leftover', 'deleted', 'watermark', 'bound', 'snapshot']);
const segment = { segment: index };
const maybeSegment = { segment: index.optional() };
const range = z.tuple([size, size]);

const step = z
  .discriminatedUnion('op', [
    z.object({ ...base, ...maybeSegment, op: z.literal('remove-file'), size, reason: removal }).strict(),
    z.object({ ...base, op: z.literal('remove-link'), target: z.string().max(4096) }).strict(),
    z.object({ ...base, op: z.literal('remove-directory'), reason: z.enum(['keymap', 'snapshot']) }).strict(),
    z.object({ ...base, ...segment, op: z.literal('cut-file'), from: size, to: size }).strict(),
    z
      .object({
        ...base,
        ...segment,
        op: z.literal('rewrite-keys'),
        from: size,
        to: size,
        keep: z.array(range),
      })
      .strict(),
    z
      .object({
        ...base,
        ...maybeSegment,
        op: z.literal('replace-file'),
        reason: z.enum(['metadata', 'upper-bound', 'lower-bound']),
        before: hex.max(1024),
        after: hex.max(1024),
      })
      .strict(),
  ])
  .refine((s) => isPlausibleStep(s as Step), 'is no step that this program plans');

const record = z
  .object({
    segment: index,
    record: size,
    offset: size,
    kind: z.number().int(),
    key: hex,
    label: z.string().optional(),
  })
  .strict();
const height = z.string().regex(/^\d{1,20}$/);
const heights = z
  .object({
    schema: z.string(),
    target: height,
    lastKept: height.nullable(),
    firstRemoved: height.nullable(),
    alsoRemoved: z
      .object({ records: size, ranges: z.array(z.tuple([height, height])), complete: z.boolean() })
      .strict()
      .nullable(),
  })
  .strict();
const amount = z.object({ segments: size, records: size, keyBytes: size, valueBytes: size }).strict();
const fate = z
  .object({
    segment: index,
    fate: z.enum(['kept', 'cut', 'removed', 'orphan']),
    keptBytes: size,
    removedBytes: size,
  })
  .strict();

const table = z
  .object({
    table: tableName,
    outcome: z.enum(['cut', 'repair', 'delete', 'keep', 'nothing']),
    watermark: index.nullable(),
    pivot: record.nullable(),
    lastKept: record.nullable(),
    firstRemoved: record.nullable(),
    heights: heights.nullable(),
    kept: amount,
    removed: amount,
    segments: z.array(fate),
    removesKeymap: z.boolean(),
    snapshotCopies: z.object({ from: index, through: index }).strict().nullable(),
    notices: z.array(z.string()),
    acceptedDamage: z.boolean(),
    steps: z.array(step),
  })
  .strict()
  .superRefine((t, context) => {
    const message = problemOfSteps(t.table, t.steps as Step[]);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** Version 1 of the plan file. */
export const planSchema = z
  .object({
    format: z.literal('litt-rollback/plan'),
    version: z.literal(1),
    id: z.string().regex(/^[0-9a-f-]{36}$/),
    createdAt: z.string(),
    target: z.string(),
    unlocked: z.boolean(),
    approximate: z.boolean(),
    roots: z.array(z.string().startsWith('/')).min(1),
    databases: z.array(
      z
        .object({ name: z.string().nullable(), roots: z.array(z.number().int().nonnegative()).min(1) })
        .strict(),
    ),
    snapshotDir: z.string().startsWith('/').nullable(),
    tables: z
      .array(table)
      .refine((all) => new Set(all.map((t) => t.table)).size === all.length, 'a table stands there twice'),
    tablesOutside: z.array(z.string()),
    notices: z.array(z.string()),
    fingerprint: z.array(z.tuple([rootNumber, relative, size, decimal, z.string()])),
  })
  .strict()
  .refine((p) => {
    const numbers = p.databases.flatMap((d) => d.roots).sort((a, b) => a - b);
    return numbers.length === p.roots.length && numbers.every((n, i) => n === i);
  }, 'its roots and its databases disagree');

/** Parses and checks a plan; throws zod's error. */
export function parsePlan(value: unknown): RollbackPlan {
  return planSchema.parse(value) as RollbackPlan;
}
