/**
 * The identity of a call of this library: a process may make several calls, one after the other, at once, and
 * in several threads. A random id identifies a call, and the thread that made it knows whether it still runs.
 * Other threads ask the kernel about that thread: a call ends at the latest with its thread.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type Liveness, livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** A call, distinct from every other one on this machine since boot. */
export interface CallIdentity extends ProcessIdentity {
  readonly call: string;
  /** Number of the thread in the kernel; empty where the system does not report it. */
  readonly thread: string;
  /** Start time of that thread, as of a process. */
  readonly threadStarted: string;
}

/** Calls of this thread. All copies of this module that the thread has loaded share them. */
interface KnownCalls {
  readonly running: Set<string>;
  readonly ended: Set<string>;
}

const KEY = Symbol.for('litt-rollback.calls');
const shared = globalThis as { [KEY]?: KnownCalls };
shared[KEY] ??= { running: new Set(), ended: new Set() };
const known: KnownCalls = shared[KEY];

/** Begins a call: it counts as running until endCall(). */
export function beginCall(): CallIdentity {
  const call = randomUUID();
  known.running.add(call);
  const thread = threadNumber();
  return { ...thisProcess(), call, thread, threadStarted: threadStart(thread) };
}

/** Ends a call: from now on a process that reads its identity is told that it is dead. */
export function endCall({ call }: CallIdentity): void {
  known.running.delete(call);
  known.ended.add(call);
}

/** Judges a call that was read from a file; what describes neither a call nor a process is `unknown`. */
export function callLivenessOf(value: unknown): Liveness {
  const process = livenessOf(value);
  if (process !== 'running') return process;
  const { call, thread, threadStarted, pid } = value as Partial<CallIdentity>;
  const here = thisProcess();
  if (pid !== here.pid) return 'running';
  // A claim of an older version names no call. It counts as dead, which is wrong only if an older version still
  // runs in this very process.
  if (typeof call !== 'string') return 'dead';
  if (known.running.has(call)) return 'running';
  if (known.ended.has(call)) return 'dead';
  return isThreadAlive(thread, threadStarted) ? 'running' : 'dead';
}

function isThreadAlive(thread: unknown, started: unknown): boolean {
  if (typeof thread !== 'string' || !/^\d+$/.test(thread)) return true; // unknown: then it is not known to be dead
  const now = threadStart(thread);
  return now !== '' && (started === '' || now === started);
}

/** `/proc/thread-self` leads to `PID/task/TID`. */
function threadNumber(): string {
  try {
    return readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
  } catch {
    return ''; // no /proc
  }
}

/** Field 22 of the thread's stat, counted after the command's closing parenthesis. */
function threadStart(thread: string): string {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return ''; // no /proc, or the thread has ended
  }
}
