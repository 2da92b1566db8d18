/** The shape of the lines of a batch: what is published for programs that read them. */
import * as z from 'zod/mini';
import { ERROR_CODES, type ErrorCode, type ErrorKind, EXIT_OF_KIND } from '../error-codes.ts';
import type { Proven, SameShape } from '../plan/same-shape.ts';
import type { BatchEvent } from './batch-events.ts';
import { BATCH_COMMANDS } from './tasks.ts';
import { NODE_VERDICTS, VERDICTS } from './verdicts.ts';

const count = z.int().check(z.nonnegative());
const text = z.string();
const texts = z.array(text);
const maybe = z.nullable(text);

const verdict = z.enum(NODE_VERDICTS);
const plannedVerdict = z.enum(VERDICTS);
const command = z.enum(BATCH_COMMANDS);

const error = z.strictObject({
  code: z.enum(ERROR_CODES as unknown as [ErrorCode, ...ErrorCode[]]),
  kind: z.enum(Object.keys(EXIT_OF_KIND) as [ErrorKind, ...ErrorKind[]]),
  exit_code: count,
  what: text,
  why: maybe,
  next: maybe,
  place: z.strictObject({
    path: z.optional(text),
    table: z.optional(text),
    segment: z.optional(count),
    offset: z.optional(count),
    record: z.optional(count),
  }),
});

const tableEnd = z.strictObject({
  table: text,
  lastKept: maybe,
  firstRemoved: maybe,
  recordsRemoved: count,
  bytesRemoved: count,
});

const need = z.strictObject({ device: text, needed: count, free: count });

/** What every node is told with. */
const told = {
  node: text,
  transaction: maybe,
  tables: z.array(tableEnd),
  notices: texts,
  error: z.nullable(error),
};

/** What every line has. */
const line = { version: z.literal(1), seq: count, at: text };

const planned = z.strictObject({
  message_type: z.literal('node'),
  ...line,
  event: z.literal('planned'),
  ...told,
  verdict: plannedVerdict,
  needs: z.array(need),
});

const started = z.strictObject({
  message_type: z.literal('node'),
  ...line,
  event: z.literal('started'),
  node: text,
  worker: count,
});

const ended = z.strictObject({
  message_type: z.literal('node'),
  ...line,
  event: z.literal('ended'),
  ...told,
  verdict,
  changed: z.boolean(),
});

const begin = z.strictObject({
  message_type: z.literal('batch'),
  ...line,
  event: z.literal('begin'),
  command,
  run: maybe,
  target: maybe,
  nodes: count,
  jobs: count,
  notices: texts,
});

const gate = z.strictObject({
  message_type: z.literal('gate'),
  ...line,
  go: z.boolean(),
  blocking: texts,
  bytes_needed: z.array(need),
  reason: maybe,
});

const progress = z.strictObject({
  message_type: z.literal('progress'),
  ...line,
  node: text,
  phase: z.enum(['scan', 'heights', 'check', 'apply', 'verify', 'purge']),
  table: text,
  done: count,
  total: count,
  unit: z.enum(['bytes', 'steps', 'segments', 'rollbacks']),
});

const note = z.strictObject({ message_type: z.literal('note'), ...line, text });

const summaryNode = z.strictObject({
  ...told,
  verdict: plannedVerdict,
  changed: z.boolean(),
  attempts: count,
});

const summary = z.strictObject({
  message_type: z.literal('summary'),
  ...line,
  command,
  run: maybe,
  target: maybe,
  exit_code: count,
  counts: z.partialRecord(plannedVerdict, count),
  changed: count,
  stopped: maybe,
  nodes: z.array(summaryNode),
});

/** What a command prints that fails before it has a summary; `details`, `stack` and `notes` only where there are any. */
const failure = z.strictObject({
  message_type: z.literal('error'),
  version: z.literal(1),
  ...error.shape,
  details: z.optional(texts),
  stack: z.optional(texts),
  notes: z.optional(texts),
});

/** One event. */
export const batchEventSchema = z.union([begin, planned, started, ended, gate, progress, note, summary]);

/** One line on standard output with `--json`: an event, or the error that ended the command. */
export const batchLineSchema = z.union([batchEventSchema, failure]);

/** The shape that is published is that of the program. */
export type ShapesAgree = [Proven<SameShape<z.infer<typeof batchEventSchema>, BatchEvent>>];
