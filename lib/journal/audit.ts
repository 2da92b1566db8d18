/**
 * The audit: one line for every apply, resume, undo and purge, kept in each root beside the areas. A
 * transaction that was swept away before it changed anything leaves no line.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { hasErrno, ioError, isNoRoom } from '../errors.ts';
import { stepsOfPlan } from '../plan/step-effects.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { OWN_DIR, ownDirIn } from '../store/root-set.ts';
import type { RollbackPlan, TablePlan } from '../types.ts';
import { programVersion } from '../version.ts';

const AUDIT_FILE = 'audit.jsonl';
/** When the file reaches this size (bytes), its older half is removed. */
const MAX_BYTES = 1024 * 1024;

/** The fields of an audit line, beside the time and the version of this program. */
export interface AuditEntry {
  readonly action: 'apply' | 'resume' | 'undo' | 'purge';
  readonly transaction: string;
  /** The plan's digest. Null, like the target, if no journal holds it any more. */
  readonly plan: string | null;
  readonly target: string | null;
  /** `finished`, `taken back`, `purged`, `the rollback stands`; or `failed: ` and the code of the error. */
  readonly outcome: string;
  /** What the rollback removes, and in how many steps. Null where no journal tells it any more. */
  readonly recordsRemoved: number | null;
  readonly bytesRemoved: number | null;
  readonly steps: number | null;
}

/** A line as it was read. Older versions wrote neither who, where and how long, nor counts. */
export type AuditLine = Pick<AuditEntry, 'action' | 'transaction' | 'plan' | 'target' | 'outcome'> & {
  readonly at: string;
} & Readonly<Record<string, unknown>>;

const began = new AsyncLocalStorage<number>();

/** Does the work of a command: its audit lines say how long it took until then. */
export function timed<T>(work: () => T): T {
  return began.run(performance.now(), work);
}

/** A line without its outcome. The digest identifies the plan, whatever its file is called. */
export function lineOf(
  action: AuditEntry['action'],
  transaction: string,
  plan: Pick<RollbackPlan, 'digest' | 'target' | 'tables' | 'logIndex'> | undefined,
): Omit<AuditEntry, 'outcome'> {
  return {
    action,
    transaction,
    plan: plan?.digest ?? null,
    target: plan?.target ?? null,
    recordsRemoved: sumOf(plan, ({ removed }) => removed.records),
    bytesRemoved: sumOf(plan, ({ removed }) => removed.keyBytes + removed.valueBytes),
    steps: plan === undefined ? null : stepsOfPlan(plan).length,
  };
}

function sumOf(
  plan: Pick<RollbackPlan, 'tables'> | undefined,
  count: (table: TablePlan) => number,
): number | null {
  return plan === undefined ? null : plan.tables.reduce((sum, table) => sum + count(table), 0);
}

/**
 * Does a command's work on a transaction. If the work fails with anything but a refusal, the audit gets a line,
 * where that is possible, before the error goes on.
 */
export async function audited<T>(
  fs: DurableFs,
  roots: readonly string[],
  entry: Omit<AuditEntry, 'outcome'>,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, kind } = ioError(error, roots[0] as string, 'change a file');
    if (kind === 'unfinished' || kind === 'system' || kind === 'defect')
      audit(fs, roots, { ...entry, outcome: `failed: ${code}` }, new Date());
    throw error;
  }
}

/** A line that could not be written. */
export interface AuditFailure {
  readonly root: string;
  readonly text: string;
  /** Whether there was no room for it: the disk is sound. */
  readonly isNoRoom: boolean;
}

/** Appends a line in every root. An audit that cannot be written does not undo the work: errors are returned. */
export function audit(fs: DurableFs, roots: readonly string[], entry: AuditEntry, at: Date): AuditFailure[] {
  const start = began.getStore();
  const durationMs = start === undefined ? null : Math.round(performance.now() - start);
  const who = { user: userName(), host: hostname(), durationMs };
  const line = `${JSON.stringify({ at: at.toISOString(), version: programVersion(), ...entry, ...who })}\n`;
  const failures: AuditFailure[] = [];
  for (const root of roots) {
    const path = join(root, OWN_DIR, AUDIT_FILE);
    try {
      const own = ownDirIn(fs, root);
      if (own === null) continue;
      const { uid, gid } = fs.lstat(own);
      const text = recent(readIfThere(fs, path)) + line;
      writeFileDurably(fs, path, Buffer.from(text), { mode: 0o644, uid, gid });
    } catch (error) {
      const { what } = ioError(error, path, 'write it');
      const text = `the audit line could not be written to ${path}: ${what}`;
      failures.push({ root, text, isNoRoom: isNoRoom(error) });
    }
  }
  return failures;
}

/** A container may have users without a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}

/** The lines of one root, oldest first; empty if they cannot be read. Foreign lines are skipped. */
export function auditLines(fs: DurableFs, root: string): AuditLine[] {
  try {
    return readAudit(fs, [root]);
  } catch {
    return []; // history is told where it can be
  }
}

/**
 * The lines of the audits in these roots, oldest first, each once. Foreign and torn lines are skipped.
 * @throws RollbackError ERR_IO
 */
export function readAudit(fs: DurableFs, roots: readonly string[]): AuditLine[] {
  const texts = roots.map((root) => {
    if (ownDirIn(fs, root) === null) return '';
    const path = join(root, OWN_DIR, AUDIT_FILE);
    try {
      return readIfThere(fs, path);
    } catch (error) {
      throw ioError(error, path, 'read the audit');
    }
  });
  const lines = new Set(texts.flatMap((text) => text.split('\n')));
  return [...lines]
    .flatMap((line) => lineIn(line) ?? [])
    .sort((a, b) => Number(a.at > b.at) - Number(a.at < b.at));
}

function lineIn(text: string): AuditLine | null {
  try {
    const line = JSON.parse(text) as Partial<AuditLine> | null;
    const told = [line?.at, line?.action, line?.transaction, line?.outcome];
    return told.every((value) => typeof value === 'string') ? (line as AuditLine) : null;
  } catch {
    return null; // an empty last line, or a foreign one
  }
}

function readIfThere(fs: DurableFs, path: string): string {
  try {
    return readSmallFile(fs, path, 2 * MAX_BYTES).toString('utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

function recent(text: string): string {
  if (text.length < MAX_BYTES) return text;
  const half = text.indexOf('\n', text.length >> 1);
  return text.slice(half + 1);
}
