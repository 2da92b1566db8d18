/** Temporary directories that are gone when the tests end, and processes that live or do not. */
import { accessSync, constants, mkdtempSync, readFileSync, realpathSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The usual place of temporary files; where another one is asked for, the tests stay there. */
const USUAL = '/tmp';
const MEMORY = '/dev/shm';
/** Bytes that must be free there; a container often has 64 MiB, which all tests together may exceed. */
const ROOM = 2 ** 30;

let parent: string | undefined;
const made = new Set<string>();

process.on('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/**
 * A new directory, by its real path; removed at the end of the process at the latest. It is in memory where that
 * can be had: most of what a test of this program waits for is a disk that syncs.
 */
export function tempDir(prefix = 'litt-'): string {
  parent ??= tmpdir() === USUAL && canHoldTests(MEMORY) ? MEMORY : tmpdir();
  const dir = realpathSync(mkdtempSync(join(parent, prefix)));
  made.add(dir);
  return dir;
}

/** Removes a directory made by tempDir. */
export function removeTempDir(dir: string): void {
  if (!made.delete(dir)) throw new Error(`not made by tempDir: ${dir}`);
  rmSync(dir, { recursive: true, force: true });
}

/** Whether a directory is the top of a file system with room, where programs and device nodes of tests work too. */
function canHoldTests(dir: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dir);
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const options = mounts.map((line) => line.split(' ')).findLast(([, at]) => at === dir)?.[3];
    if (options === undefined || /\b(ro|noexec|nodev)\b/.test(options)) return false;
    accessSync(dir, constants.W_OK | constants.X_OK);
    return bavail * bsize >= ROOM;
  } catch {
    return false; // no such place on this system
  }
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
