/** A thread that carries out commands, and waits at a change of its file system when it is told to. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { applyWith } from '../../lib/apply/apply.ts';
import type { RollbackPlan } from '../../lib/index.ts';
import { findOpen, findTransactions } from '../../lib/journal/find.ts';
import { purgeWith } from '../../lib/recover/purge.ts';
import { resumeWith } from '../../lib/recover/resume.ts';
import { undoOpen, undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks, type LockSet } from '../../lib/store/lock.ts';
import { refuseUnfinished } from '../../lib/store/open-transaction.ts';
import { CrashNow } from '../proof/simulator/fault-core.ts';
import { CHANGING_CALLS, SYNC_CALLS } from './fs-calls.ts';

/** What is carried out. */
export interface Job {
  readonly command: 'apply' | 'resume' | 'undo' | 'purge';
  readonly roots: readonly string[];
  /** For apply. */
  readonly plan: RollbackPlan;
  /** How many changes it makes before it waits. */
  readonly changes: number;
  /** Calls of other threads that have ended, as their processes have. */
  readonly ended: readonly string[];
}

/** How it goes on: to its end, or as a process that is killed here. */
export interface Order {
  readonly killed: boolean;
  /** Calls of other threads that have ended, as their processes have. */
  readonly ended: readonly string[];
}

/** What a thread tells: it waits, or it has ended. */
export interface Stop {
  readonly paused: boolean;
  readonly changes: number;
  /** Why it ended, in words; null when it was successful. */
  readonly failure: string | null;
  readonly code: string | null;
  readonly ended: readonly string[];
}

const { gate, orders } = workerData as { gate: Int32Array; orders: MessagePort };
const calls = (globalThis as { [key: symbol]: unknown })[Symbol.for('litt-rollback.calls')] as {
  readonly ended: Set<string>;
};
const PAUSING: ReadonlySet<string> = new Set([...CHANGING_CALLS, ...SYNC_CALLS]);

/** Stops the thread right before a change, with everything before it looked at and done. */
class Pausing {
  changes = 0;
  killed = false;

  constructor(private readonly budget: number) {}

  readonly fs: DurableFs = new Proxy(realFs, {
    get: (target, name, receiver) => {
      const call: unknown = Reflect.get(target, name, receiver);
      if (typeof call !== 'function') return call;
      return (...args: unknown[]): unknown => {
        if (this.killed) throw new CrashNow();
        if (PAUSING.has(String(name)) || (name === 'open' && args[1] === 'wx')) this.beforeChange();
        return (call as (...a: unknown[]) => unknown).apply(target, args);
      };
    },
  });

  private beforeChange(): void {
    if (this.changes++ !== this.budget) return;
    tell({ paused: true, changes: this.budget, failure: null, code: null });
    Atomics.wait(gate, 0, 0);
    Atomics.store(gate, 0, 0);
    const { killed, ended } = receiveMessageOnPort(orders)!.message as Order;
    for (const call of ended) calls.ended.add(call);
    this.killed = killed;
    if (killed) throw new CrashNow();
  }
}

function tell(stop: Omit<Stop, 'ended'>): void {
  parentPort?.postMessage({ ...stop, ended: [...calls.ended] } satisfies Stop);
}

/** Locks are taken before the first pause; a killed process leaves a lock that counts for nothing. */
async function carryOut({ command, roots, plan }: Job, fs: DurableFs): Promise<void> {
  let locks: LockSet | null = null;
  try {
    switch (command) {
      case 'apply':
        locks = acquireLocks(realFs, roots);
        await applyWith(fs, plan, locks);
        break;
      case 'resume':
        await resumeWith(fs, roots);
        break;
      case 'undo':
        if (findOpen(findTransactions(fs, roots)) !== null) await undoOpen(fs, roots);
        else {
          refuseUnfinished(fs, roots);
          locks = acquireLocks(realFs, roots);
          await undoWith(fs, roots, locks);
        }
        break;
      case 'purge':
        refuseUnfinished(fs, roots);
        locks = acquireLocks(realFs, roots);
        await purgeWith(fs, roots);
    }
  } finally {
    locks?.release();
  }
}

parentPort?.on('message', async (job: Job) => {
  for (const call of job.ended) calls.ended.add(call);
  const pausing = new Pausing(job.changes);
  let failure: unknown = null;
  try {
    await carryOut(job, pausing.fs);
  } catch (error) {
    failure = error;
  }
  const { changes } = pausing;
  const code = (failure as { code?: string } | null)?.code ?? null;
  tell({ paused: false, changes, failure: failure === null ? null : String(failure), code });
});
