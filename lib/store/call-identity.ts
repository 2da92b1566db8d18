/**
 * Which call of this library works on something: a process may make several, one after the other, at once, and in
 * several threads. A call is told by a random id; whether it still runs, the thread that made it knows. Another thread
 * goes by what the kernel says of that thread: a call ends at the latest with its thread.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type Liveness, livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts';

/** A call, told apart from every other one on this machine since it was started. */
export interface CallIdentity extends ProcessIdentity {
  readonly call: string;
  /** Number of the thread as the kernel counts; empty where the system does not tell. */
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

/** Ends a call: whoever reads its identity from now on is told that it is dead. */
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
  // A claim of an older version names no call: only one that runs in this very process would be wronged.
  if (typeof call !== 'string') return 'dead';
  if (known.running.has(call)) return 'running';
  if (known.ended.has(call)) return 'dead';
  return isThreadAlive(thread, threadStarted) ? 'running' : 'dead';
}

function isThreadAlive(thread: unknown, started: unknown): boolean {
  if (typeof thread !== 'string' || !/^\d+$/.test(thread)) return true; // not told: then it is not known to be dead
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

/** Field 22 of the thread's stat, counted behind the command's closing parenthesis. */
function threadStart(thread: string): string {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return ''; // no /proc, or the thread has ended
  }
}
