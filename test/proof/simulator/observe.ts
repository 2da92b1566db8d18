/**
 * What a state of the file system shows without knowledge of this program: the database's own files, the locks
 * and bolts that keep the engine out, and the files that this program left. Nothing here uses the code that it
 * judges.
 */
import { basename, dirname, join } from 'node:path';
import { BOLT, failsClosed, OURS } from '../own-files.ts';
import type { Inode } from './inodes.ts';
import type { MemoryFs } from './memory-fs.ts';
import { bytesOf, kindAt } from './small-files.ts';
import { DEAD_PID, type Subject } from './subject.ts';
import { contentHash, entriesBelow } from './tree-io.ts';

/** Written for one run alone: no later one needs them, or needs to own them. */
const PASSING =
  /litt-rollback-tmp$|\.litt-rollback\.[0-9a-f-]+\.tmp$|\.new$|\/kept\/|\/trash-|\/\.?runner\.[^/]*$/;
const MARKS = ['committed', 'done', 'undoing', 'undone'] as const;

/** One directory's part in the transaction: which files of it are there and whole. */
export interface Area {
  readonly dir: string;
  readonly journal: boolean;
  readonly undo: boolean;
  readonly marks: Readonly<Record<(typeof MARKS)[number], boolean>>;
}

/**
 * How far a transaction is. `none`: no journal. `intent`: a journal without a committed mark. `open`: from the
 * first committed mark to the last mark that says it is over. `over`: only to be cleared away.
 */
export type Phase = 'none' | 'intent' | 'open' | 'over';

/** A state, looked at. */
export interface Observation {
  /** Every entry of the database, of the snapshots and beside them: content, mode, owner, links. A line each. */
  readonly data: string;
  /** Roots with a lock that the engine would take over, or none. */
  readonly unlocked: readonly string[];
  /** Segments directories of planned tables without a bolt. */
  readonly unbolted: readonly string[];
  /** Bolts, locks that fail closed, open journals, temporary files and trash. */
  readonly traces: readonly string[];
  /** What is ours and does not belong to the owner of the database, or cannot be read by it. */
  readonly foreign: readonly string[];
  readonly areas: readonly Area[];
  readonly phase: Phase;
  /** Whether the transaction is being taken back. */
  readonly backward: boolean;
}

/** Looks at a state. */
export function observe(fs: MemoryFs, subject: Subject): Observation {
  const entries = entriesBelow(fs, subject.dir);
  const areas = areasOf(fs, subject);
  const owner = fs.lstat(subject.dir).uid;
  const ours = entries.filter(([path]) => OURS.test(path));
  const segments = subject.plan.tables.flatMap(({ table }) =>
    subject.roots
      .map((root) => join(root, table, 'segments'))
      .filter((dir) => kindAt(fs, dir) === 'directory'),
  );
  return {
    data: dataOf(entries),
    unlocked: subject.roots.filter((root) => !failsClosed(textAt(fs, `${root}/litt.lock`))),
    unbolted: segments.filter((dir) => kindAt(fs, join(dir, BOLT)) === null),
    traces: ours.filter((entry) => isTrace(fs, subject, entry)).map(([path]) => path),
    foreign: ours
      .filter(([path, inode]) => isForeign(path, inode, owner) && !isOrdinaryLock(fs, subject, path))
      .map(([path]) => path),
    areas,
    phase: phaseOf(areas),
    backward: areas.some((a) => a.marks.undoing),
  };
}

/** A line an entry. Of links it tells which names are one file: what we keep aside may be a further one. */
function dataOf(entries: readonly (readonly [string, Inode])[]): string {
  const firstOf = new Map<number, string>();
  const lines: string[] = [];
  for (const [path, inode] of entries) {
    if (OURS.test(path)) continue;
    const first = firstOf.get(inode.id) ?? path;
    firstOf.set(inode.id, first);
    const content = inode.kind === 'file' ? contentHash(inode) : inode.kind === 'link' ? inode.target : '';
    const { kind, mode, uid, gid } = inode;
    lines.push(
      `${path} ${kind} ${mode.toString(8)} ${uid}:${gid} ${content}${first === path ? '' : ` is ${first}`}`,
    );
  }
  return lines.join('\n');
}

function isTrace(fs: MemoryFs, subject: Subject, [path, inode]: readonly [string, Inode]): boolean {
  // What is prepared for a lock names a process, and goes when the next run takes the lock.
  if (/(^|\/)\.?litt\.lock\./.test(path)) return false;
  if (path.endsWith(BOLT) || /\.litt-rollback\/(trash-|[^/]+\/journal\.json$)/.test(path)) return true;
  if (/litt-rollback-tmp$|\.litt-rollback\.[0-9a-f-]+\.tmp$|\.new$/.test(path) && inode.kind === 'file')
    return true;
  return path.endsWith('litt.lock') && failsClosed(textAt(fs, `${subject.dir}/${path}`));
}

/** One as the engine makes it. */
const isOrdinaryLock = (fs: MemoryFs, subject: Subject, path: string): boolean =>
  path.endsWith('litt.lock') && !failsClosed(textAt(fs, join(subject.dir, path)));

/** A lock that fails closed must be readable by the node's user, or the engine could not print what it says. */
function isForeign(path: string, inode: Inode, owner: number): boolean {
  if (PASSING.test(path)) return false;
  const isForAll = /(^|\/)(litt\.lock|audit\.jsonl|root-set\.json)$/.test(path);
  return inode.uid !== owner || (isForAll && inode.kind === 'file' && !isFor(inode.mode));
}

const isFor = (mode: number): boolean => (mode & 0o444) === 0o444;

function areasOf(fs: MemoryFs, subject: Subject): Area[] {
  const dirs = subject.snapshotDir === undefined ? subject.roots : [...subject.roots, subject.snapshotDir];
  return dirs.flatMap((dir) => {
    const area = join(dir, '.litt-rollback', subject.plan.id);
    if (kindAt(fs, area) !== 'directory') return [];
    const whole = (name: string): boolean => isWhole(textAt(fs, join(area, name)));
    const marks = Object.fromEntries(MARKS.map((mark) => [mark, whole(mark)])) as Area['marks'];
    return [
      { dir, journal: kindAt(fs, join(area, 'journal.json')) !== null, undo: whole('undo.json'), marks },
    ];
  });
}

/** A line of JSON and its checksum: a torn or zeroed one is not JSON, or has no second line. */
function isWhole(text: string | null): boolean {
  const [json, sum] = text?.split('\n') ?? [];
  if (json === undefined || !/^sha256 [0-9a-f]{64}$/.test(sum ?? '')) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

function phaseOf(areas: readonly Area[]): Phase {
  if (!areas.some((a) => a.journal)) return 'none';
  if (!areas.some((a) => a.marks.committed)) return 'intent';
  const backward = areas.some((a) => a.marks.undoing);
  const isOver = areas.every(({ marks }) => marks.undone || (!backward && marks.done));
  return isOver ? 'over' : 'open';
}

/** A file's content as text; null without one. */
export function textAt(fs: MemoryFs, path: string): string | null {
  return kindAt(fs, path) === 'file' ? bytesOf(fs, path).toString('utf8') : null;
}

/** After a power cut the process of the locks is dead: its number, which is that of this very process, changes. */
export function markDead(fs: MemoryFs, subject: Subject): void {
  for (const dir of subject.lockedDirs) {
    for (const name of fs.readdir(dir)) {
      if (name === 'litt.lock') renumber(fs, join(dir, name));
      if (/^\.litt\.lock\.\d+-/.test(name)) {
        fs.rename(join(dir, name), join(dir, name.replace(/^(\.litt\.lock\.)\d+/, `$1${DEAD_PID}`)));
      }
    }
  }
}

function renumber(fs: MemoryFs, path: string): void {
  const text = textAt(fs, path);
  if (text?.includes(`PID: ${process.pid}\n`) !== true) return;
  const { mode, uid, gid } = fs.lstat(path);
  const beside = join(dirname(path), `.dead-${basename(path)}`);
  const fd = fs.open(beside, 'wx', mode);
  fs.writeAt(fd, Buffer.from(text.replace(`PID: ${process.pid}\n`, `PID: ${DEAD_PID}\n`)), 0);
  fs.close(fd);
  fs.chown(beside, uid, gid);
  fs.rename(beside, path);
}

/** Every lock and every bolt: what a person in a hurry may remove. */
export function locksAndBolts(fs: MemoryFs, subject: Subject): string[] {
  return entriesBelow(fs, subject.dir)
    .filter(([path]) => /(^|\/)litt\.lock$/.test(path) || basename(path) === BOLT)
    .map(([path]) => join(subject.dir, path));
}

/** In short: how two looks differ. */
export function firstDifference(expected: string, found: string): string {
  const [a, b] = [new Set(expected.split('\n')), new Set(found.split('\n'))];
  const missing = [...a].find((line) => !b.has(line));
  const surplus = [...b].find((line) => !a.has(line));
  return `expected ${missing ?? 'nothing more'}, found ${surplus ?? 'nothing more'}`;
}
