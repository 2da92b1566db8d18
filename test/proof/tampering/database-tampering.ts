/**
 * Tampering with the files of a database, after an applied or interrupted rollback or while a command works:
 * each kind once for each sort of file. Nothing here uses knowledge of what the program reads.
 */

import { dirname, join } from 'node:path';
import { metadata, readMetadata } from '../../helpers/bytes.ts';
import { OURS } from '../own-files.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { bytesOf, kindAt, put } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import { entriesBelow } from '../simulator/tree-io.ts';
import { addSegment, type Content, empty, segmentFiles } from './engine-start.ts';
import { changesTo, copyTree, type FileChange } from './file-changes.ts';
import type { Tampering } from './journal-tampering.ts';
import { participantsOf, type StoppingPoint } from './stopping-point.ts';

/** The database's own files and those of its snapshots: each sort that the plan treats differently. */
export function databaseFiles(point: StoppingPoint): Tampering[] {
  const { subject, fs } = point;
  return [...participantsOf(subject), ...logIndexOf(subject)].flatMap((dir) =>
    entriesBelow(fs, dir).flatMap(([path, { kind }]) => {
      if (path === '.' || OURS.test(path)) return [];
      const at = join(dir, path);
      const name = `${kind} ${nameOf(subject, dir, path)}, ${fateOf(point, dir, path)},`;
      return [
        ...changesTo(fs, at),
        ...versionsOf(point, at),
        ...wrongMetadata(fs, at),
        ...wrongKeys(fs, at),
        ...moved(point, dir, path),
      ].flatMap(([how, tamper]) => both({ name: `${name} ${how}`, tamper: (copy) => tamper(copy, at) }));
    }),
  );
}

/** A file as it was before the rollback, and as that leaves it. */
function versionsOf({ subject, applied, fs }: StoppingPoint, path: string): [string, FileChange][] {
  if (kindAt(fs, path) !== 'file') return [];
  const versions = { before: subject.start, after: applied };
  return Object.entries(versions).flatMap(([which, tree]): [string, FileChange][] => {
    if (kindAt(tree, path) !== 'file' || bytesOf(tree, path).equals(bytesOf(fs, path))) return [];
    return [[`as it is ${which} the rollback`, (copy) => put(copy, path, bytesOf(tree, path))]];
  });
}

/** Metadata that are whole, and say something else. */
function wrongMetadata(fs: MemoryFs, path: string): [string, FileChange][] {
  if (!path.endsWith('.metadata') || kindAt(fs, path) !== 'file') return [];
  const wrong = { unsealed: { sealed: false }, 'with another count': { count: 77 } };
  return Object.entries(wrong).map(([how, change]) => [
    how,
    (copy) => put(copy, path, metadata({ ...readMetadata(bytesOf(fs, path)), ...change })),
  ]);
}

/** Keys whose last record has one wrong part. */
function wrongKeys(fs: MemoryFs, path: string): [string, FileChange][] {
  if (!path.endsWith('.keys') || kindAt(fs, path) !== 'file') return [];
  return [1, 5, 9, 13].map((fromEnd) => [
    `byte ${fromEnd} from its end changed`,
    (copy) => {
      const bytes = bytesOf(copy, path);
      const at = bytes.length - fromEnd;
      if (at >= 0) bytes[at] = (bytes[at] ?? 0) ^ 0x40;
      put(copy, path, bytes);
    },
  ]);
}

/** A file that lies in another root. */
function moved({ subject, fs }: StoppingPoint, dir: string, path: string): [string, FileChange][] {
  const others = subject.roots.filter((r) => r !== dir && kindAt(fs, dirname(join(r, path))) === 'directory');
  const to = others[0];
  if (to === undefined || kindAt(fs, join(dir, path)) !== 'file' || !subject.roots.includes(dir)) return [];
  return [['moved to another root', (copy) => copy.rename(join(dir, path), join(to, path))]];
}

/** The log-index that goes back, too; a list, for there may be none. */
const logIndexOf = ({ plan: { logIndex } }: Subject): string[] =>
  logIndex?.step == null ? [] : [logIndex.dir];

function nameOf(subject: Subject, dir: string, path: string): string {
  if (logIndexOf(subject).includes(dir)) return `log-index/${path.replaceAll(/\d+/g, 'N')}`;
  return `${subject.roots.includes(dir) ? '' : 'snapshots/'}${sortOfPath(path)}`;
}

const sortOfPath = (path: string): string => path.replace(/^[^/]+/, 'T').replaceAll(/\d+/g, 'N');

/** What the plan does to a file. */
function fateOf({ subject }: StoppingPoint, dir: string, path: string): string {
  const { logIndex } = subject.plan;
  if (logIndexOf(subject).includes(dir))
    return logIndex?.step?.file.path === path ? 'rewind-log' : 'untouched';
  const root = subject.roots.indexOf(dir);
  const steps = subject.plan.tables.flatMap((t) => t.steps);
  const here = steps.filter((s) => s.file.root === (root < 0 ? 'snapshots' : root));
  const isAround = here.some((s) => s.file.path.startsWith(`${path}/`));
  return here.find((s) => s.file.path === path)?.op ?? (isAround ? 'with steps inside' : 'untouched');
}

/** Files that were not there: what was moved away, there again; segments; what an engine leaves. */
export function additions(point: StoppingPoint): Tampering[] {
  const { subject, fs } = point;
  const { start, roots, snapshotDir } = subject;
  const emptied = subject.plan.tables
    .filter((t) => !t.segments.some((s) => /kept|cut/.test(s.fate)))
    .map((t) => t.table);
  const again = subject.plan.tables
    .flatMap((t) => t.steps)
    .flatMap((step): Tampering[] => {
      const base =
        step.file.root === 'snapshots' ? (snapshotDir as string) : (roots[step.file.root] as string);
      const at = join(base, step.file.path);
      if (kindAt(fs, at) !== null || kindAt(start, at) === null) return [];
      const name = `there again, though moved by ${step.op}: ${sortOfPath(step.file.path)}`;
      const isEmptied = emptied.includes(step.table);
      const tamper = (copy: MemoryFs): void => copyTree(start, at, copy);
      return both({ name: `${name}${isEmptied ? ', of a table without segments' : ''}`, tamper });
    });
  const index = logIndexOf(subject).flatMap((dir): Tampering[] => [
    ...both({
      name: 'a file of a started node in the log-index',
      tamper: (copy) => put(copy, join(dir, 'OPTIONS-000099'), Buffer.from('x')),
    }),
    ...both({
      name: 'no log in the log-index',
      tamper: (copy) => {
        for (const name of copy.readdir(dir)) if (name.endsWith('.log')) copy.unlink(join(dir, name));
      },
    }),
    { name: 'the log-index moved away', tamper: (copy) => copy.rename(dir, `${dir}-away`) },
  ]);
  return [
    ...again,
    ...index,
    ...roots.flatMap((root) => tablesIn(fs, root).flatMap((t) => addedTo(point, root, t))),
  ];
}

const both = (tampering: Tampering): Tampering[] => [
  tampering,
  { ...tampering, name: `${tampering.name} meanwhile`, isMeanwhile: true },
];

const tablesIn = (fs: MemoryFs, root: string): string[] =>
  fs.readdir(root).filter((name) => kindAt(fs, join(root, name, 'segments')) === 'directory');

/** What lies in one table of one root, and was not there. */
function addedTo({ subject, fs, applied }: StoppingPoint, root: string, table: string): Tampering[] {
  const segments = join(root, table, 'segments');
  const dirs = subject.roots.map((r) => join(r, table, 'segments'));
  const highest = highestIn(applied, dirs);
  const next = highest + 1;
  const sources = [fs, subject.start].flatMap((tree) =>
    segmentFiles(tree, segments).map((file) => ({
      ...file,
      bytes: bytesOf(tree, join(segments, file.name)),
    })),
  );
  const putting = (name: string, bytes: Uint8Array) => (copy: MemoryFs) =>
    put(copy, join(segments, name), bytes);
  const files = sources.flatMap(({ rest, bytes }) => [
    { name: `a new segment's ${rest}`, tamper: putting(`${next}${rest}`, bytes) },
    { name: `a new segment's ${rest}, empty`, tamper: putting(`${next}${rest}`, empty(rest, bytes)) },
    { name: `a leftover of ${rest}`, tamper: putting(`${Math.max(0, highest)}${rest}.swap`, bytes) },
  ]);
  const older = Math.max(
    0,
    Math.min(...dirs.flatMap((dir) => segmentFiles(applied, dir)).map((f) => f.segment)) - 1,
  );
  files.push(
    ...sources
      .filter(({ rest }) => rest === '.metadata' && kindAt(fs, join(segments, `${older}${rest}`)) === null)
      .map(({ rest, bytes }) => ({
        name: `an older ${rest}`,
        tamper: putting(`${older}${rest}`, empty(rest, bytes)),
      })),
  );
  const whole = [empty, without, unsealed, same].map((content): Tampering => {
    const tamper = (copy: MemoryFs): void => addSegment(copy, applied, dirs, content);
    return { name: `a new segment, ${content.name}`, tamper };
  });
  const renumbered = (copy: MemoryFs): void => renumber(copy, dirs);
  const keymap = join(root, table, 'keymap');
  const mark = join(root, table, 'gc-watermark');
  const more = [
    { name: 'another watermark', tamper: (copy: MemoryFs) => put(copy, mark, Buffer.from(`${next}`)) },
  ];
  if (kindAt(fs, keymap) === null)
    more.push({ name: 'a new keymap', tamper: (copy: MemoryFs) => copy.mkdir(keymap, 0o755) });
  more.push({ name: 'the oldest segment made the newest', tamper: renumbered });
  return [...files, ...whole, ...more].flatMap(both);
}

const highestIn = (fs: MemoryFs, dirs: readonly string[]): number =>
  Math.max(-1, ...dirs.flatMap((dir) => segmentFiles(fs, dir)).map((f) => f.segment));

function renumber(fs: MemoryFs, dirs: readonly string[]): void {
  const files = dirs.flatMap((dir) => segmentFiles(fs, dir).map((file) => ({ ...file, dir })));
  const numbers = files.map((f) => f.segment);
  for (const { dir, name, segment, rest } of files)
    if (segment === Math.min(...numbers))
      fs.rename(join(dir, name), join(dir, `${Math.max(...numbers) + 1}${rest}`));
}

const same = (_: string, bytes: Buffer): Buffer => bytes;
const without = (rest: string, bytes: Buffer): Buffer => (rest === '.metadata' ? bytes : Buffer.alloc(0));

/** As an engine leaves it that is killed. */
const unsealed: Content = (rest, bytes) => (rest === '.metadata' ? empty(rest, bytes) : bytes);
