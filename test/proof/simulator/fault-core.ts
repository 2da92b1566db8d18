/** What a file system with faults is made of: the faults, the count of calls, and what each call goes through. */
import type { DurableFs } from '../../../lib/store/durable-fs.ts';
import { type ChangingCall, SYNC_CALLS, type SyncCall } from '../../helpers/fs-calls.ts';
import { type Errno, errnoError } from './errno.ts';

/** Thrown instead of carrying out the call in which the process dies, and by every call after it. */
export class CrashNow extends Error {
  constructor() {
    super('the process is dead');
    this.name = 'CrashNow';
  }
}

/** Calls that change something or make it durable. A tree is removed by the calls for its entries. */
export type Mutation = Exclude<ChangingCall, 'removeTree'> | SyncCall | 'open';

/** One such call. */
export interface FaultyOp {
  /** From 0. */
  readonly index: number;
  readonly name: Mutation;
  readonly paths: readonly string[];
  /** The places in the program that it comes from, innermost first; empty unless asked for. */
  readonly site: string;
  /** Whether it was left out or failed. */
  readonly fate: 'done' | 'failed' | 'dropped' | 'late' | 'died';
}

/** What is to go wrong. Indices are those of FaultyOp. */
export interface Fault {
  readonly failAt?: { readonly index: number; readonly errno: Errno };
  /** Every call for which this is true fails for want of room. */
  readonly failWhen?: (op: FaultyOp) => boolean;
  /** A call that changes nothing fails; those are counted apart, from 0. */
  readonly failReadAt?: { readonly index: number; readonly errno: Errno };
  /** Whether everything after the first failure fails too; default false. */
  readonly sticky?: boolean;
  /** The process dies instead of making this call. */
  readonly crashAt?: number;
  /** The same, at the first call for which this is true. */
  readonly crashWhen?: (op: FaultyOp) => boolean;
  /** Syncs that say that they succeeded and did nothing. */
  readonly drop?: (op: FaultyOp) => boolean;
  /**
   * Calls that are made only after a later one, by the index of that. One that returns something is made in its
   * turn all the same.
   */
  readonly late?: ReadonlyMap<number, number>;
  /** Whether to find out where calls come from, which takes time. */
  readonly sites?: boolean;
}

const SYNCS: ReadonlySet<Mutation> = new Set(SYNC_CALLS);
/** More frames than any call of the program has. */
const SITE_DEPTH = 100;

/** Whether a call makes something durable. */
export function isSync(op: Pick<FaultyOp, 'name'>): boolean {
  return SYNCS.has(op.name);
}

/** Counts calls, and lets them go wrong. */
export class FaultCore {
  readonly ops: FaultyOp[] = [];
  /** Calls that change nothing, so far. */
  reads = 0;
  /** The one of them that failed. */
  failedRead: { readonly name: string; readonly path: string } | null = null;
  /** Whether the process has died. */
  crashed = false;
  private failed = false;
  protected readonly paths = new Map<number, string>();
  /** Descriptors whose fsync has failed. */
  protected readonly spoilt = new Set<number>();
  protected late: { readonly until: number; readonly isSync: boolean; readonly call: () => void }[] = [];

  constructor(
    protected readonly inner: DurableFs,
    private readonly fault: Fault = {},
  ) {}

  /** Makes the calls that wait for others, if there were no others. */
  settle(): void {
    this.makeUpTo(Number.POSITIVE_INFINITY);
  }

  /** Makes the calls that wait for none behind this index; whether one of them would have come before a sync. */
  private makeUpTo(index: number): boolean {
    const due = this.late.filter(({ until }) => until <= index);
    this.late = this.late.filter(({ until }) => until > index);
    for (const { call } of due) call();
    return due.some(({ isSync: is }) => !is);
  }

  /** What a mutant leaves out or makes too late is noted where it belongs, if the file system keeps a log. */
  private miss(target: string | number | undefined): void {
    const noting = this.inner as { missSync?: (target: string | number) => void };
    if (target !== undefined) noting.missSync?.(target);
  }

  /** The path of what a call is about. */
  protected pathOf(target: string | number): string[] {
    return [typeof target === 'string' ? target : (this.paths.get(target) ?? `descriptor ${target}`)];
  }

  /** A call that changes nothing. */
  protected read<T>(name: string, path: string, call: () => T): T {
    if (this.crashed) throw new CrashNow();
    const { failReadAt } = this.fault;
    if (failReadAt?.index !== this.reads++) return call();
    this.failedRead = { name, path };
    throw errnoError(failReadAt.errno, name, path);
  }

  /** A call whose answer the program needs at once. */
  protected value<T>(name: Mutation, paths: readonly string[], call: () => T): T {
    this.note(name, paths, 'done');
    const answer = call();
    this.makeUpTo(this.ops.length - 1);
    return answer;
  }

  /** A call that changes something, and answers nothing. */
  protected change(
    name: Mutation,
    paths: readonly string[],
    call: () => void,
    more: { readonly before?: () => void; readonly target?: string | number } = {},
  ): void {
    const index = this.ops.length;
    const isDropped = SYNCS.has(name) && (this.fault.drop?.(this.draft(name, paths)) ?? false);
    const until = isDropped ? undefined : this.fault.late?.get(index);
    this.note(name, paths, isDropped ? 'dropped' : until === undefined ? 'done' : 'late', more.before);
    if (isDropped || until !== undefined) this.miss(more.target);
    if (until !== undefined) this.late.push({ until, isSync: SYNCS.has(name), call });
    if (isDropped || until !== undefined) return;
    call();
    if (this.makeUpTo(index)) this.miss(more.target);
  }

  private draft(name: Mutation, paths: readonly string[], fate: FaultyOp['fate'] = 'done'): FaultyOp {
    const site = this.fault.sites === true ? callSite() : '';
    return { index: this.ops.length, name, paths, site, fate };
  }

  /** Remembers the call, unless this is where the process dies or the call fails: then it throws. */
  private note(name: Mutation, paths: readonly string[], fate: FaultyOp['fate'], before?: () => void): void {
    if (this.crashed) throw new CrashNow();
    const { failAt, failWhen, crashAt, crashWhen, sticky } = this.fault;
    const index = this.ops.length;
    const isRefused = failWhen?.(this.draft(name, paths)) ?? false;
    const isFailing = failAt?.index === index || (this.failed && sticky === true) || isRefused;
    const isDying = crashAt === index || (crashWhen?.(this.draft(name, paths)) ?? false);
    this.ops.push(this.draft(name, paths, isDying ? 'died' : isFailing ? 'failed' : fate));
    if (isDying) {
      this.crashed = true;
      throw new CrashNow();
    }
    if (!isFailing) return;
    if (!this.failed) before?.();
    this.failed = true;
    throw errnoError(isRefused ? 'ENOSPC' : (failAt?.errno ?? 'EIO'), name, paths[0], paths[1]);
  }
}

/** The places in the program that a call comes from, innermost first, as far as they belong to it. */
function callSite(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = SITE_DEPTH;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const places = frames.flatMap((frame) => {
    const found = /((?:lib|streams)\/[^():]+\.ts):(\d+):\d+\)?$/.exec(frame);
    return found === null ? [] : [`${found[1]}:${found[2]}`];
  });
  return places.join(' < ');
}
