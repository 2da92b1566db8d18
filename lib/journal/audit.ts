/**
 * The audit: one line for every apply, resume, undo and purge, kept in each root beside the areas. A
 * transaction that was swept away before it changed anything leaves no line.
 */
import { join } from 'node:path';
import { hasErrno, ioError } from '../errors.ts';
import { readSmallFile, writeFileDurably } from '../store/durable-files.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { OWN_DIR, ownDirIn } from '../store/root-set.ts';
import type { RollbackPlan } from '../types.ts';
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
}

/** A line without its outcome. The digest identifies the plan, whatever its file is called. */
export function lineOf(
  action: AuditEntry['action'],
  transaction: string,
  plan: Pick<RollbackPlan, 'digest' | 'target'> | undefined,
): Omit<AuditEntry, 'outcome'> {
  return { action, transaction, plan: plan?.digest ?? null, target: plan?.target ?? null };
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

/** Appends a line in every root. An audit that cannot be written does not undo the work: errors are returned. */
export function audit(fs: DurableFs, roots: readonly string[], entry: AuditEntry, at: Date): string[] {
  const line = `${JSON.stringify({ at: at.toISOString(), version: programVersion(), ...entry })}\n`;
  const failures: string[] = [];
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
      failures.push(`the audit line could not be written to ${path}: ${what}`);
    }
  }
  return failures;
}

/** A line of the audit, with its time. */
export interface AuditLine extends AuditEntry {
  /** RFC 3339. */
  readonly at: string;
}

/** The lines of one root, oldest first; empty if they cannot be read. Foreign lines are skipped. */
export function auditLines(fs: DurableFs, root: string): AuditLine[] {
  try {
    if (ownDirIn(fs, root) === null) return [];
    const text = readIfThere(fs, join(root, OWN_DIR, AUDIT_FILE));
    return text.split('\n').flatMap((line) => lineIn(line) ?? []);
  } catch {
    return []; // history is told where it can be
  }
}

function lineIn(text: string): AuditLine | null {
  try {
    const line = JSON.parse(text) as Partial<AuditLine> | null;
    const isLine =
      typeof line?.at === 'string' &&
      typeof line.transaction === 'string' &&
      typeof line.outcome === 'string';
    return isLine ? (line as AuditLine) : null;
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
