/**
 * Identifies the process that works on a transaction. A process number alone means little (it is reused, and
 * containers count for themselves), so the boot, the process's start time and its number space are recorded
 * too.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hasErrno } from '../errors.ts';
import type { LockOwner } from '../format/lock-text.ts';

/** A process, distinct from every other one on this machine since boot. */
export type ProcessIdentity = LockOwner;

/** Whether a recorded process still runs; `unknown` when this cannot be decided from here. */
export type Liveness = 'running' | 'dead' | 'unknown';

let known: ProcessIdentity | null = null;

/** This process; its identity does not change while it runs. */
export function thisProcess(): ProcessIdentity {
  known ??= describeThisProcess();
  return known;
}

function describeThisProcess(): ProcessIdentity {
  return {
    pid: process.pid,
    boot: readProc('/proc/sys/kernel/random/boot_id'),
    started: startTime(process.pid),
    space: numberSpace(),
  };
}

/**
 * Whether a process exists. One that may not be signalled (EPERM) counts as alive, and so does every failure
 * but "no such process"; numbers below 1 name no process.
 */
export function isProcessAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

/** Judges a process that was read from a file; `unknown` if the text does not describe a process. */
export function livenessOf(value: unknown, isAlive: (pid: number) => boolean = isProcessAlive): Liveness {
  if (!isProcessIdentity(value)) return 'unknown';
  const here = thisProcess();
  if (value.boot !== '' && here.boot !== '' && value.boot !== here.boot) return 'dead';
  if (value.space !== here.space) return 'unknown';
  if (!isAlive(value.pid)) return 'dead';
  const started = startTime(value.pid);
  if (started === '' || value.started === '') return 'running';
  return started === value.started ? 'running' : 'dead';
}

function isProcessIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, boot, started, space } = value as Record<string, unknown>;
  const numbers = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
  return numbers && [boot, started, space].every((part) => typeof part === 'string');
}

/** Field 22 of /proc/PID/stat, counted after the command's closing parenthesis. */
function startTime(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[19] ?? '';
}

function numberSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return ''; // no /proc: then all processes count as being in one number space
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return ''; // no /proc, or the process is gone: the caller treats it as unknown
  }
}
