/** The refusals of locks that may not be taken over, and what the system reports about their holder. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { RollbackError } from '../errors.ts';
import { describeText } from '../format/printable.ts';
import type { FoundLock } from './lock-state.ts';

/** How many files of a process are read; a process with more is not searched further. */
const MAX_FDS = 4096;

/**
 * The refusal for a lock that may not be taken over.
 * @returns ERR_LOCKED, or ERR_LOCK_UNREADABLE for a lock that names no process
 */
export function lockedError(dir: string, lock: FoundLock): RollbackError {
  if (lock.state === 'unreadable') return lockUnreadableError(dir, lock);
  if (lock.state === 'elsewhere') return lockElsewhereError(dir, lock);
  return lockHeldError(dir, lock);
}

function lockHeldError(dir: string, lock: FoundLock): RollbackError {
  const pid = lock.pid as number;
  const since = lock.since === null ? '' : ` since ${lock.since}`;
  const holder = describeHolder(pid, dir);
  const what = `${dir} is locked by process ${pid}${holder.name === null ? '' : ` (${holder.name})`}${since}`;
  const why = [
    'A node that has the database open would write between our changes',
    ...holder.signs(lock.since),
  ];
  return new RollbackError(
    'ERR_LOCKED',
    { what, why: why.join('. '), next: nextFor(lock, holder) },
    { path: lock.path },
  );
}

function nextFor({ pid, path }: FoundLock, holder: Holder): string {
  const given = `If a restarted container gave an old number out again, make sure that nothing has the database open, then remove ${path}`;
  const look = 'To look only: `litt-rollback plan --no-lock`';
  if (pid === process.pid) return `That is the number of this very process: release its first lock. ${given}`;
  if (holder.threadOf === process.pid) return `That is the number of a thread of this very process. ${given}`;
  if (holder.threadOf !== null)
    return `That is the number of a thread of process ${holder.threadOf}. ${given}. ${look}`;
  if (pid === 1)
    return `Process 1 runs the whole machine or container: it is not to be stopped for this. ${given}. ${look}`;
  const other = `If that process is not a node, but got the number of one that crashed, remove ${path}`;
  return `Stop process ${pid} and run the same command again. ${other}. ${look}`;
}

function lockElsewhereError(dir: string, lock: FoundLock): RollbackError {
  const since = lock.since === null ? '' : ` since ${lock.since}`;
  return new RollbackError(
    'ERR_LOCKED',
    {
      what: `${dir} is locked by a run of litt-rollback in another container${since} (process ${lock.pid} there)`,
      why: 'Whether that process still runs cannot be told from here: it counts its processes by itself',
      next: `Wait for it to end. If that container is gone, remove ${lock.path} and run the same command again`,
    },
    { path: lock.path },
  );
}

function lockUnreadableError(dir: string, lock: FoundLock): RollbackError {
  if (lock.text === null) {
    const what = `${dir} is locked, and this user may not read the lock`;
    const next = "Run as the node's user or as root; to look only: `litt-rollback plan --no-lock`";
    return new RollbackError('ERR_LOCK_UNREADABLE', { what, next }, { path: lock.path });
  }
  return new RollbackError(
    'ERR_LOCK_UNREADABLE',
    {
      what: `${dir} is locked, and the lock names no process; it says ${describeText(Buffer.from(lock.text), 400)}`,
      why: 'Whether its owner still works on the database cannot be told; the engine refuses here too',
      next:
        'If that text tells what to do, do that. Otherwise make sure that nothing has the database open, then ' +
        `remove ${lock.path}`,
    },
    { path: lock.path },
  );
}

/** What /proc reports about the holder of a lock; nothing on systems without it. */
interface Holder {
  /** The name of its program. */
  readonly name: string | null;
  /** The process that the number is a thread of; null when it is a process itself. */
  readonly threadOf: number | null;
  /** The evidence for and against a node, in sentences. */
  signs(since: string | null): string[];
}

function describeHolder(pid: number, dir: string): Holder {
  const status = readProc(`/proc/${pid}/status`);
  const tgid = Number(/^Tgid:\s*(\d+)$/m.exec(status)?.[1] ?? pid);
  const comm = readProc(`/proc/${pid}/comm`).trim();
  return {
    name: comm === '' ? null : describeText(Buffer.from(comm, 'latin1'), 64),
    threadOf: tgid === pid ? null : tgid,
    signs: (since) => [...beganAfter(pid, since), ...openFiles(pid, dir)],
  };
}

/** A process that began after the lock was written cannot have written it. */
function beganAfter(pid: number, since: string | null): string[] {
  const written = since === null ? Number.NaN : Date.parse(since);
  const began = startOf(pid);
  // Both have a precision of a second, and the clock may have been set a little in between.
  if (Number.isNaN(written) || began === null || began <= written + 2000) return [];
  return [
    'That process began after the lock was written, so it has only got the number of the one that wrote it',
  ];
}

/** When a process began, in milliseconds since 1970; null when unknown. */
function startOf(pid: number): number | null {
  const stat = readProc(`/proc/${pid}/stat`);
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const boot = Number(/^btime (\d+)$/m.exec(readProc('/proc/stat'))?.[1]);
  if (!Number.isFinite(ticks) || !Number.isFinite(boot) || stat === '') return null;
  return (boot + ticks / 100) * 1000; // the kernel reports hundredths to its users, on every machine
}

function openFiles(pid: number, dir: string): string[] {
  try {
    const links = readdirSync(`/proc/${pid}/fd`).slice(0, MAX_FDS);
    const below = links.some((fd) => linkOf(`/proc/${pid}/fd/${fd}`).startsWith(`${dir}/`));
    return [below ? 'It has files below this directory open' : 'It has no file below this directory open'];
  } catch {
    return []; // another user's process, or a dead one: then nothing is known
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // no /proc, or the process is gone
  }
}
