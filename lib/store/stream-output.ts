/**
 * Writes to pipes, terminals and other devices. It opens only what exists, and never makes, replaces or cuts
 * anything.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasErrno, RollbackError } from '../errors.ts';

/** How long a full pipe, or one without a reader yet, is left alone (milliseconds). */
const PAUSE_MS = 20;

const FLAGS = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Writes all bytes, and waits for a reader if there is none yet. Raw errors of the file system; the reason of
 * the signal when it is aborted.
 */
export async function writeToStream(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
  const fd = await patiently(() => openSync(path, FLAGS), 'ENXIO', signal);
  try {
    refuseFile(fd, path);
    for (let done = 0; done < bytes.length; )
      done += await patiently(() => writeSync(fd, bytes, done), 'EAGAIN', signal);
  } finally {
    closeSync(fd);
  }
}

/** Writes all bytes at once to a descriptor that is open already; what cannot be written is left out. */
export function writeToDescriptor(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (!hasErrno(error, 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

async function patiently<T>(call: () => T, errno: string, signal: AbortSignal | undefined): Promise<T> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      return call();
    } catch (error) {
      if (!hasErrno(error, errno)) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

/** Another file may have taken its place since the check. */
function refuseFile(fd: number, path: string): void {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isCharacterDevice()) return;
  const next = 'Find out what changes it, and run the same command again';
  throw new RollbackError('ERR_USAGE', { what: 'The output is no longer a pipe or device', next }, { path });
}
