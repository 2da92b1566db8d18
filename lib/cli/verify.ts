/** `verify`: checks every segment, and changes nothing. */
import { verifyDatabase, verifyFailedError } from '../read/verify.ts';
import { verifyToText } from '../report/verify-text.ts';
import type { Context } from './context.ts';
import { EXIT_DONE } from './exit-codes.ts';
import { type SourceOptions, sourceOrPlan } from './source.ts';

/** The options of this command. */
export interface VerifyCommandOptions extends SourceOptions {
  readonly table?: readonly string[];
  readonly snapshotDir?: string;
  readonly logIndex?: string;
}

/** Runs the command; the result is its exit code. */
export async function run(
  planFile: string | undefined,
  options: VerifyCommandOptions,
  context: Context,
): Promise<number> {
  const { signals, out } = context;
  const source = await sourceOrPlan(planFile, options, context.given);
  const { roots, groups } = source;
  // With single tables the log-index is checked only where it is asked for.
  const logIndex = options.logIndex ?? (options.table === undefined ? source.logIndex : undefined);
  const progress = context.newProgress();
  const report = await verifyDatabase(roots, {
    groups,
    ...(logIndex !== undefined && { logIndex }),
    ...(options.table && { tables: [...new Set(options.table)] }),
    snapshotDir: options.snapshotDir ?? source.snapshotDir,
    signal: signals.signal,
    ...(progress.report && { onProgress: progress.report }),
  }).finally(progress.stop);
  if (context.json) {
    await out.json({ message_type: 'verify', version: 1, ...report });
  } else {
    const { color, width, quiet, verbose } = context;
    const limit = verbose ? Number.POSITIVE_INFINITY : 20;
    await out.write(verifyToText(report, { color, width, quiet, limit }));
  }
  if (!report.ok) throw verifyFailedError(report);
  return EXIT_DONE;
}
