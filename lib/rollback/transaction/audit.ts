/** A line for every apply, resume, undo and purge, kept in each root beside the areas. */
import { join } from 'node:path';
import { hasErrno } from '../../errors.ts';
import { readSmallFile, writeFileDurably } from '../../store/durable-files.ts';
import type { DurableFs } from '../../store/durable-fs.ts';
import { OWN_DIR } from '../../store/root-memory.ts';
import { lstatOrNull } from '../../store/roots.ts';
import { programVersion } from '../../version.ts';

const AUDIT_FILE = 'audit.jsonl';
/** When the file has grown to this size (bytes), its older half goes. */
const MAX_BYTES = 1024 * 1024;

/** What an audit line says. */
export interface AuditEntry {
  readonly action: 'apply' | 'resume' | 'undo' | 'purge';
  readonly transaction: string;
  readonly target: string;
  readonly outcome: string;
}

/** Appends a line in every root. An audit that cannot be written does not undo the work: errors are returned. */
export function audit(fs: DurableFs, roots: readonly string[], entry: AuditEntry, at: Date): string[] {
  const line = `${JSON.stringify({ at: at.toISOString(), version: programVersion(), ...entry })}\n`;
  const failures: string[] = [];
  for (const root of roots) {
    const path = join(root, OWN_DIR, AUDIT_FILE);
    try {
      if (lstatOrNull(fs, join(root, OWN_DIR)) === null) continue;
      const { uid, gid } = fs.lstat(root);
      const text = recent(readIfThere(fs, path)) + line;
      writeFileDurably(fs, path, Buffer.from(text), { mode: 0o644, uid, gid });
    } catch (error) {
      failures.push(`the audit line could not be written to ${path}: ${String((error as Error).message)}`);
    }
  }
  return failures;
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
