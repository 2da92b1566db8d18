/** `inspect`: what there is, from metadata and directory listings alone. */
import { RollbackError } from '../errors.ts';
import { inspectReport, type LockReport } from '../report/inspect-report.ts';
import { inspectToText } from '../report/inspect-text.ts';
import { openDatabase } from '../rollback/database-reader.ts';
import { realFs } from '../store/durable-fs.ts';
import { inspectLock } from '../store/lock.ts';
import type { Context } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { rootsOf, type SourceOptions } from './source-options.ts';

/** Runs the command; the result is its exit code. */
export async function run(options: SourceOptions, context: Context): Promise<number> {
  const { out, json, color, width, verbose } = context;
  const database = await openDatabase(rootsOf(options));
  const report = inspectReport(database, database.roots.map(lockOf));
  if (json) await out.json({ message_type: 'inspect', version: 1, ...report });
  else await out.write(inspectToText(report, { color, width, verbose }));
  return EXIT_DONE;
}

/** A lock that keeps anybody else out is something to tell here, not a reason to tell nothing. */
function lockOf(root: string): LockReport {
  try {
    const lock = inspectLock(realFs, root);
    if (lock.state === 'free') return { state: 'free', pid: null, since: null, text: null };
    return { state: lock.state, pid: lock.pid, since: lock.since, text: lock.text };
  } catch (error) {
    if (!(error instanceof RollbackError)) throw error;
    return { state: 'unreadable', pid: null, since: null, text: error.what };
  }
}
