/** Shares work among processes: each is sent its share as a message, and sends its result back as one. */
import { fork } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Memory for files: thousands of copies cost no disk writes. */
const MEMORY = '/dev/shm';

/** Runs a worker, a script that calls serve(), and returns its result. */
export function runWorker<Result>(script: string, share: object): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = fork(script, { execArgv: ['--import', 'tsx'] });
    let result: { readonly value: Result } | null = null;
    child.on('message', (message) => {
      result = { value: message as Result };
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (result !== null) resolve(result.value);
      else reject(new Error(`a process ended without a result (${code ?? signal})`));
    });
    child.send(share);
  });
}

/** The other side: does the work of the one share that this process is sent, and ends. */
export function serve<Share>(work: (share: Share) => Promise<object>): void {
  process.once('message', (share: Share) => {
    work(share).then(
      (result) => process.send?.(result, () => process.exit(0)),
      (error: unknown) => {
        process.stderr.write(`${String((error as Error).stack)}\n`);
        process.exit(1);
      },
    );
  });
}

/** Where scratch directories are made: in memory where that has so many bytes of room. */
export function scratchParent(bytes: number): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > bytes ? MEMORY : tmpdir();
  } catch {
    return tmpdir(); // no such file system here
  }
}
