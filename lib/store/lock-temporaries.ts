/**
 * Names of the files that exist only while a lock is taken or given back, and what they tell other processes. A
 * killed process leaves them behind: they block other runs only briefly, and the next run removes them.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { removeQuietly } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { LOCK_FILE } from './lock-state.ts';

/** `new`: a lock in preparation. `aside`: a lock moved out of its place to be checked. */
type Purpose = 'new' | 'aside';

/** Process number, time in hexadecimal milliseconds, randomness, purpose. */
const TEMPORARY_LOCK =
  /^\.litt\.lock\.([0-9]{1,10})-([0-9a-f]{1,12})-[0-9a-f]{8}-(new|aside)\.litt-rollback-tmp$/;

/** A stale lock is aside for a few system calls: after this long (milliseconds) its process was killed there. */
const ASIDE_FOR_SURE_OVER = 10_000;

/** Process numbers are reused, above all in containers: a file this old (milliseconds) has no owner. */
const ABANDONED_AFTER = 3_600_000;

/** A new name in `dir` that no other process uses; the engine's tools do not look for its ending. */
export function temporaryLockName(dir: string, purpose: Purpose): string {
  const unique = `${process.pid}-${Date.now().toString(16)}-${randomBytes(4).toString('hex')}`;
  return join(dir, `.${LOCK_FILE}.${unique}-${purpose}.litt-rollback-tmp`);
}

interface Temporary {
  readonly path: string;
  readonly pid: number;
  /** Milliseconds. */
  readonly age: number;
  readonly purpose: string | undefined;
}

function temporariesIn(fs: DurableFs, dir: string): Temporary[] {
  const found: Temporary[] = [];
  for (const name of fs.readdir(dir)) {
    const match = TEMPORARY_LOCK.exec(name);
    if (match === null) continue;
    const age = Math.abs(Date.now() - Number.parseInt(match[2] ?? '', 16));
    found.push({ path: join(dir, name), pid: Number(match[1]), age, purpose: match[3] });
  }
  return found;
}

/** Removes temporary lock files whose process was killed before it could. Raw errors if `dir` is unreadable. */
export function sweepTemporaries(fs: DurableFs, dir: string, isAlive: (pid: number) => boolean): void {
  for (const { path, pid, age } of temporariesIn(fs, dir)) {
    if (!isAlive(pid) || age > ABANDONED_AFTER) removeQuietly(fs, path);
  }
}

/**
 * Whether another process has moved a lock aside just now. A lock that was placed meanwhile must be withdrawn:
 * the lock aside may be a living one that is about to come back. Raw errors.
 */
export function othersHaveLockAside(fs: DurableFs, dir: string, isAlive: (pid: number) => boolean): boolean {
  return temporariesIn(fs, dir).some(
    ({ pid, age, purpose }) =>
      purpose === 'aside' && age < ASIDE_FOR_SURE_OVER && pid !== process.pid && isAlive(pid),
  );
}
