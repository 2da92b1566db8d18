/** Another run or an engine that comes in between: what it leaves while a command is being prepared. */

import { join } from 'node:path';
import { BOLT } from '../own-files.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { kindAt, put } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';
import type { Tampering } from './journal-tampering.ts';

/** A transaction that is not the subject's. */
const OTHER = '00000000-0000-4000-8000-000000000000';

/** The lock of a living process, the bolts and the journal of another transaction: each in each place. */
export function intruders(subject: Subject): Tampering[] {
  const { lockedDirs, roots, plan } = subject;
  // A plan without a snapshot directory does not keep the locks there.
  const kept = plan.snapshotDir === null ? roots : lockedDirs;
  return [
    ...kept.map((dir) => comesIn(`the lock of another process in ${dir}`, (fs) => lock(fs, dir))),
    ...roots.flatMap((root) => [
      comesIn(`the bolts of another rollback in ${root}`, (fs) => bolt(fs, subject, root)),
      comesIn(`the journal of another rollback in ${root}`, (fs) => begin(fs, root)),
    ]),
  ];
}

const comesIn = (name: string, tamper: (fs: MemoryFs) => void): Tampering => ({
  name,
  tamper,
  isMeanwhile: true,
});

/** The lock is another file, as where it was removed first. */
function lock(fs: MemoryFs, dir: string): void {
  replace(fs, join(dir, 'litt.lock'), `PID: ${process.ppid}\nTimestamp: 2026-01-01T00:00:00Z\n`);
}

function bolt(fs: MemoryFs, { plan }: Subject, root: string): void {
  for (const { table } of plan.tables) {
    const segments = join(root, table, 'segments');
    if (kindAt(fs, segments) === 'directory') replace(fs, join(segments, BOLT), `${OTHER}\n`);
  }
}

function begin(fs: MemoryFs, root: string): void {
  const own = join(root, '.litt-rollback');
  const area = join(own, OTHER);
  for (const dir of [own, area, join(area, 'kept')]) if (kindAt(fs, dir) === null) fs.mkdir(dir);
  put(fs, join(area, 'journal.json'), Buffer.from('{'));
}

function replace(fs: MemoryFs, path: string, text: string): void {
  if (kindAt(fs, path) !== null) fs.unlink(path);
  put(fs, path, Buffer.from(text));
}
