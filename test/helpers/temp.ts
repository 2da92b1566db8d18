/** Temporary directories that are gone when the tests end, and processes that live or do not. */
import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';

const made = new Set<string>();

process.on('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/** A new directory, by its real path; removed at the end of the process at the latest. */
export function tempDir(prefix = 'litt-'): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), prefix)));
  made.add(dir);
  return dir;
}

/** As tempDir, in memory where there is such a place: for tests that make hundreds of copies and sync them. */
export function tempDirInMemory(prefix: string): string {
  const dir = realpathSync(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), prefix)));
  made.add(dir);
  return dir;
}

/** Removes a directory made by tempDir. */
export function removeTempDir(dir: string): void {
  if (!made.delete(dir)) throw new Error(`not made by tempDir: ${dir}`);
  rmSync(dir, { recursive: true, force: true });
}

/** Whether a process with this id runs, under any user. */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
