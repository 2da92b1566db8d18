/**
 * What a state of the file system shows to somebody who knows nothing of this program: the database's own files,
 * what keeps the engine out, and what is left of us. Nothing here uses the code that it judges.
 */
import type { MemoryFs } from '../../test/helpers/sim/memory-fs.ts';
import { dump } from '../../test/helpers/sim/tree-io.ts';
import type { Tree } from '../../test/helpers/tree.ts';
import type { Subject } from './subject.ts';

const BOLT = 'UNFINISHED-ROLLBACK--run-litt-rollback-resume.keys';
const OURS = /(^|\/)(\.litt-rollback(\/|$)|\.?litt\.lock[^/]*$|UNFINISHED-ROLLBACK--[^/]*$)/;

/** A state, looked at. */
export interface Look {
  /** Every entry of the database, of the snapshots and beside them: content, mode, owner, links. A line each. */
  readonly data: string;
  /** Directories with a lock that the engine would take over, or none. */
  readonly open: readonly string[];
  /** Tables of the plan with steps and no bolt in any root. */
  readonly unbolted: readonly string[];
  /** Bolts, locks that fail closed, open journals, temporary files and trash. */
  readonly traces: readonly string[];
  /** Whether any root has a whole committed mark beside an open journal. */
  readonly committed: boolean;
}

/** Looks at a state. */
export function look(fs: MemoryFs, subject: Subject): Look {
  const tree = dump(fs, subject.dir);
  const names = [...tree.keys()];
  const data = dataOf(tree);
  const below = (path: string): string => path.slice(subject.dir.length + 1);
  const open = subject.roots.filter((root) => !refusesByLock(fs, `${root}/litt.lock`));
  const changed = subject.plan.tables.filter((t) => t.steps.length > 0).map((t) => t.table);
  const unbolted = changed.filter(
    (table) => !subject.roots.some((root) => tree.has(`${below(root)}/${table}/segments/${BOLT}`)),
  );
  return {
    data,
    open,
    unbolted,
    traces: names.filter(isTrace(fs, subject, tree)),
    committed: isCommitted(names),
  };
}

/** A line an entry. Of links it tells which names are one file: what we keep aside may be a further one. */
function dataOf(tree: Tree): string {
  const firstOf = new Map<unknown, string>();
  const lines: string[] = [];
  for (const [path, { mtime: _mtime, ino, nlink: _nlink, ...entry }] of tree) {
    if (OURS.test(path)) continue;
    const first = firstOf.get(ino) ?? path;
    firstOf.set(ino, first);
    lines.push(`${path} ${JSON.stringify(entry)}${first === path ? '' : ` is ${first}`}`);
  }
  return lines.join('\n');
}

/** The engine takes over a lock whose first line with `PID: ` names a dead process; without such a line it refuses. */
function refusesByLock(fs: MemoryFs, path: string): boolean {
  const text = textOf(fs, path);
  return text !== null && !text.split('\n').some((line) => line.trim().startsWith('PID: '));
}

function isTrace(fs: MemoryFs, subject: Subject, tree: Tree): (path: string) => boolean {
  return (path) => {
    // What is prepared for a lock names a process, and goes when the next run takes the lock.
    if (/(^|\/)\.?litt\.lock\./.test(path)) return false;
    if (path.endsWith(BOLT) || /\.litt-rollback\/(trash-|[^/]+\/journal\.json$)/.test(path)) return true;
    if (/litt-rollback-tmp$|\.new$/.test(path) && tree.get(path)?.kind === 'file') return true;
    return path.endsWith('litt.lock') && refusesByLock(fs, `${subject.dir}/${path}`);
  };
}

/** The mark's file is whole by the order of its making: written aside, synced, renamed. */
function isCommitted(names: readonly string[]): boolean {
  const areas = names
    .filter((n) => /\.litt-rollback\/[^/]+\/journal\.json$/.test(n))
    .map((n) => n.replace(/[^/]+$/, ''));
  return areas.some((area) => names.includes(`${area}committed`));
}

function textOf(fs: MemoryFs, path: string): string | null {
  let fd: number;
  try {
    fd = fs.open(path, 'r');
  } catch {
    return null; // no lock
  }
  const bytes = Buffer.alloc(fs.lstat(path).size);
  fs.readAt(fd, bytes, 0);
  fs.close(fd);
  return bytes.toString('utf8');
}

/** After a power cut the process of the locks is dead: its number, which is that of this very process, goes. */
export function bury(fs: MemoryFs, subject: Subject): void {
  for (const dir of subject.lockedDirs) {
    const path = `${dir}/litt.lock`;
    if (textOf(fs, path)?.includes(`PID: ${process.pid}\n`) === true) fs.unlink(path);
  }
}

/** In short: how two looks differ. */
export function firstDifference(expected: string, found: string): string {
  const [a, b] = [new Set(expected.split('\n')), new Set(found.split('\n'))];
  const missing = [...a].find((line) => !b.has(line));
  const surplus = [...b].find((line) => !a.has(line));
  return `expected ${missing ?? 'nothing more'}, found ${surplus ?? 'nothing more'}`;
}
