/**
 * `inspect`: shows the contents of a database, from metadata, directory listings and the ends of key files;
 * heights on demand.
 */
import { RollbackError } from '../errors.ts';
import { reachingTotals } from '../input/progress.ts';
import { heightEnds } from '../read/height-ends.ts';
import { listHeights } from '../read/height-list.ts';
import { refuseUnreadable, rollbackStatus, type StatusReport } from '../recover/status.ts';
import { type HeightsReport, inspectReport, type LockReport } from '../report/inspect-report.ts';
import { inspectToText } from '../report/inspect-text.ts';
import { checkedSchemas } from '../schemas/checked-schema.ts';
import { schemaOf } from '../schemas/known.ts';
import { readDatabase } from '../store/database.ts';
import { realFs } from '../store/durable-fs.ts';
import { isFenced } from '../store/fence.ts';
import { inspectLock } from '../store/lock.ts';
import { refuseUnfinished } from '../store/open-transaction.ts';
import type { Database } from '../store/types.ts';
import { tableUnknownError } from '../store/unknown-table.ts';
import { type Context, textStyle } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { readSchemas } from './schemas.ts';
import { type SourceOptions, sourceOf } from './source.ts';

/** The options of this command. */
export interface InspectCommandOptions extends SourceOptions {
  readonly schema?: readonly string[];
  readonly heights?: true;
}

/** Runs the command; the result is its exit code. */
export async function run(options: InspectCommandOptions, context: Context): Promise<number> {
  const { out, json, verbose } = context;
  const { roots, groups, home } = sourceOf(options);
  const schemas = await readSchemas(options.schema ?? []);
  const damaged = new Map<string, RollbackError>();
  const database = readDatabase(realFs, roots, {
    groups,
    onDamage: (table, error) => damaged.set(table, error),
  });
  const { status, problem } = await statusOf(roots);
  refuseUnknownTables(Object.keys(schemas), database, damaged);
  const heights = await heightsOf(database, checkedSchemas(schemas), options, context);
  const locks = database.roots.map(lockOf);
  const report = inspectReport(database, { locks, status, damaged, heights, home });
  if (json) await out.json({ message_type: 'inspect', version: 1, ...report });
  else
    await out.write(
      inspectToText(report, { ...textStyle(context), verbose, listed: options.heights === true }),
    );
  // Problems that were printed still decide the exit code. A table of an unfinished rollback may be in any
  // state.
  const [first] = [problem, ...damaged.values()].filter((error) => error !== null);
  if (first === undefined) return EXIT_DONE;
  refuseUnfinished(realFs, database.roots);
  throw first;
}

async function statusOf(
  roots: readonly string[],
): Promise<{ status: StatusReport | null; problem: RollbackError | null }> {
  let status: StatusReport | null = null;
  try {
    status = await rollbackStatus(roots);
    refuseUnreadable(status);
    return { status, problem: null };
  } catch (error) {
    if (!(error instanceof RollbackError)) throw error;
    return { status, problem: error };
  }
}

function refuseUnknownTables(
  wanted: readonly string[],
  { tables }: Database,
  damaged: ReadonlyMap<string, unknown>,
): void {
  const names = [...tables.map((t) => t.name), ...damaged.keys()];
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw tableUnknownError(unknown, names, 'A schema was given, but there is no table');
}

async function heightsOf(
  database: Database,
  schemas: ReturnType<typeof checkedSchemas>,
  options: InspectCommandOptions,
  context: Context,
): Promise<Map<string, HeightsReport>> {
  const reports = new Map<string, HeightsReport>();
  const display = context.newProgress();
  const progress = reachingTotals(display.report);
  try {
    for (const table of database.tables) {
      const schema = schemaOf(table.name, schemas);
      if (schema === null) continue;
      const ends = await heightEnds(realFs, table, schema);
      const listing = { signal: context.signals.signal, onProgress: progress.report };
      const segments = options.heights ? await listHeights(realFs, table, schema, listing) : null;
      reports.set(table.name, { schema: schema.name, ends, segments });
    }
    progress.finish();
  } finally {
    await display.stop();
  }
  return reports;
}

/** A lock that keeps others out belongs in the report; it is not a reason to fail. */
function lockOf(root: string): LockReport {
  try {
    if (isFenced(realFs, root)) return { state: 'shut', pid: null, since: null, text: null };
    const lock = inspectLock(realFs, root);
    if (lock.state === 'free') return { state: 'free', pid: null, since: null, text: null };
    return { state: lock.state, pid: lock.pid, since: lock.since, text: lock.text };
  } catch (error) {
    if (!(error instanceof RollbackError)) throw error;
    return { state: 'unreadable', pid: null, since: null, text: error.what };
  }
}
