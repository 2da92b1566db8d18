/** Turns every foreseeable failure into a refusal before the intent. */
import { dirname } from 'node:path';
import { RollbackError } from '../errors.ts';
import { cutsInPlace } from '../journal/execute-step.ts';
import type { TransactionContext } from '../journal/transaction.ts';
import { lstatOrNull } from '../store/roots.ts';

/** Room for journals, marks and directories besides what the steps write (bytes for each participant). */
const OVERHEAD_BYTES = 1024 * 1024;

/** Bytes that the steps write into each participant's file system: saved tails, prefixes, new key files. */
function bytesNeeded({ fs, participants, plan }: TransactionContext): Map<string, number> {
  const journal = 2 * JSON.stringify(plan).length;
  const needed = new Map(participants.dirs.map((dir) => [dir, OVERHEAD_BYTES + journal]));
  for (const step of plan.tables.flatMap((t) => t.steps)) {
    const base = participants.base(step.file.root);
    let bytes = 0;
    if (step.op === 'rewrite-keys') bytes = step.to;
    if (step.op === 'cut-file') {
      const linked = (lstatOrNull(fs, participants.pathOf(step))?.nlink ?? 1) > 1;
      bytes = !linked && cutsInPlace(step.from, step.to) ? step.from - step.to : step.to;
    }
    needed.set(base, (needed.get(base) ?? 0) + bytes);
  }
  return needed;
}

/**
 * Refuses what would fail later: no room, no permission, a read-only mount, a root over several file systems.
 * @throws RollbackError ERR_PREFLIGHT
 */
export function preflight(context: TransactionContext): void {
  const { fs, participants, plan } = context;
  for (const [dir, needed] of bytesNeeded(context)) {
    const free = fs.freeBytes(dir);
    if (free !== null && free < needed) {
      throw preflightError(
        `There is too little room: ${free} bytes are free, and ${needed} are needed`,
        dir,
        'Free some space on that file system',
      );
    }
  }
  const dirs = new Set(participants.dirs);
  for (const step of plan.tables.flatMap((t) => t.steps)) dirs.add(dirname(participants.pathOf(step)));
  for (const dir of dirs) {
    if (!fs.mayWrite(dir))
      throw preflightError(
        'This user may not write to a directory',
        dir,
        "Run as the node's user or as root",
      );
  }
  for (const step of plan.tables.flatMap((t) => t.steps)) {
    const path = participants.pathOf(step);
    const base = participants.base(step.file.root);
    const stat = lstatOrNull(fs, path);
    if (stat === null || stat.dev === fs.lstat(base).dev) continue;
    throw preflightError(
      'A file lies on another file system than its root',
      path,
      'Mount the file system at the root itself',
    );
  }
}

function preflightError(what: string, path: string, next: string): RollbackError {
  return new RollbackError(
    'ERR_PREFLIGHT',
    { what, why: 'The rollback would stop half-way. Nothing was changed', next },
    { path },
  );
}
