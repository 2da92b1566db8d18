/** Reading files in long stretches: exact reads, and pauses that let other work run. */
import { asIoError, ioError, RollbackError } from '../errors.ts';
import type { DurableFs } from './durable-fs.ts';

/** Milliseconds of synchronous work between two chances for signals, timers and other work to run. */
const BREATH_INTERVAL_MS = 25;

let lastBreath = 0;

/**
 * Lets signals, timers and other work run when synchronous reading has kept them waiting for long enough.
 * @throws RollbackError ERR_INTERRUPTED
 */
export async function breatheSometimes(signal?: AbortSignal): Promise<void> {
  if (performance.now() - lastBreath >= BREATH_INTERVAL_MS) {
    await new Promise((resolve) => setImmediate(resolve));
    lastBreath = performance.now();
  }
  refuseAborted(signal);
}

/** @throws RollbackError ERR_INTERRUPTED when a signal has come; nothing has been changed at this point */
export function refuseAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw interruptedError(signal);
}

/** Told of what cannot be read, and is then left out. */
export type OnUnreadable = (error: RollbackError) => void;

/**
 * The result of reading a file; null if the system refuses and a callback takes the report.
 * @throws RollbackError ERR_IO when there is no such callback; what the look throws otherwise
 */
export function lookAt<T>(path: string, look: () => T, onUnreadable: OnUnreadable | undefined): T | null {
  try {
    return look();
  } catch (error) {
    const known = asIoError(error, path, 'read a file');
    if (onUnreadable === undefined || !(known instanceof RollbackError) || known.kind !== 'system')
      throw known;
    onUnreadable(known);
    return null;
  }
}

/** The error of an aborted run; nothing has been changed at this point. */
export function interruptedError(signal: AbortSignal): RollbackError {
  if (signal.reason instanceof RollbackError) return signal.reason;
  return new RollbackError(
    'ERR_INTERRUPTED',
    { what: 'Interrupted', why: 'Nothing was changed' },
    {},
    signal.reason,
  );
}

/** A DataView over exactly the buffer's bytes. */
export function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** Opens a file for reading; @throws RollbackError ERR_IO */
export function openForReading(fs: DurableFs, path: string): number {
  try {
    return fs.open(path, 'r');
  } catch (error) {
    throw ioError(error, path, 'open a file for reading');
  }
}

/** Closes a file that was read; @throws RollbackError ERR_IO */
export function closeAfterReading(fs: DurableFs, fd: number, path: string): void {
  try {
    fs.close(fd);
  } catch (error) {
    throw ioError(error, path, 'close a file');
  }
}

/**
 * Reads exactly `length` bytes at `position` into the buffer's start.
 * @throws RollbackError ERR_IO; ERR_CHANGED_WHILE_READING when the file ends earlier
 */
export function readFully(
  fs: DurableFs,
  fd: number,
  path: string,
  buffer: Buffer,
  position: number,
  length: number,
): number {
  let done = 0;
  while (done < length) {
    let got: number;
    try {
      got = fs.readAt(fd, buffer.subarray(done, length), position + done);
    } catch (error) {
      throw ioError(error, path, `read ${length} bytes at byte ${position}`);
    }
    if (got === 0) {
      throw new RollbackError(
        'ERR_CHANGED_WHILE_READING',
        {
          what: 'A file became shorter while it was read',
          why: 'Another process is writing to this database',
          next: 'Stop the node and whatever else works on these files, then run the command again',
        },
        { path, offset: position + done },
      );
    }
    done += got;
  }
  return done;
}

/**
 * The `length` bytes at `position` of a file.
 * @throws RollbackError ERR_IO; ERR_CHANGED_WHILE_READING when the file ends earlier
 */
export function readRange(fs: DurableFs, path: string, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  const fd = openForReading(fs, path);
  try {
    readFully(fs, fd, path, buffer, position, length);
  } finally {
    closeAfterReading(fs, fd, path);
  }
  return buffer;
}
