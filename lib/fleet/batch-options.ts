/** The options of a batch, and what is refused before a node is looked at. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RollbackError } from '../errors.ts';
import { type Check, is } from '../input/checks.ts';
import type { OptionChecks } from '../input/options.ts';
import type { Fleet, FleetTarget } from './fleet-types.ts';
import type { NodePlanned, RoomNeed } from './verdicts.ts';

/** What is decided when every node has been looked at. */
export interface GateView {
  readonly planned: readonly NodePlanned[];
  readonly room: readonly RoomNeed[];
}

/** Options of every batch. */
export interface BatchOptions {
  /** Only these nodes: a name, in which `*` stands for anything, or `LABEL=VALUE`. Default all. */
  readonly only?: readonly string[] | undefined;
  /** All but these, likewise. */
  readonly except?: readonly string[] | undefined;
  /** The directory of the run; default beside the fleet file: `fleet.run`. */
  readonly run?: string | undefined;
  /** How many nodes are worked on at once, each in a process of its own; default 4. */
  readonly jobs?: number | undefined;
  /** Whether the events tell how far each node is; default true. */
  readonly progress?: boolean | undefined;
  /** Asked before the first change; nothing is changed if it throws. */
  readonly confirm?: ((view: GateView) => unknown) | undefined;
  /** Aborted: nothing new begins, and what has begun is finished. */
  readonly signal?: AbortSignal | undefined;
  /** Aborted: workers are killed in the middle of their work; the next call of the run finishes it. */
  readonly kill?: AbortSignal | undefined;
  /** The built command; workers are forks of it. Default that of this package. */
  readonly command?: string | undefined;
}

/** Options of planBatch(). */
export interface PlanBatchOptions extends BatchOptions {
  /** Where all nodes are to end; default the target of the fleet file. */
  readonly target?: FleetTarget | undefined;
  /** Nodes that cannot be planned are left out. */
  readonly skipRefused?: boolean | undefined;
  /** False plans without taking locks; such plans cannot be applied. */
  readonly lock?: boolean | undefined;
}

/** Options of applyBatch(). */
export interface ApplyBatchOptions extends Omit<PlanBatchOptions, 'lock'> {
  /** Applied and verified alone, before all others. */
  readonly canary?: string | undefined;
  /** After so many failed nodes no new one begins; default 1, 0 never stops. */
  readonly maxFailures?: number | undefined;
}

/** The most workers at once: each takes some 60 MB. */
export const MOST_JOBS = 64;

/** The default of `jobs`. */
export const DEFAULT_JOBS = 4;

const TARGET_NAMES = ['height', 'key', 'keys-file', 'before', 'filter'];

const isTarget: Check = (value) => {
  const [[name, text] = ['', null], ...more] = Object.entries(Object(value));
  const isOne = more.length === 0 && TARGET_NAMES.includes(name) && typeof text === 'string';
  return isOne ? null : `exactly one of ${TARGET_NAMES.join(', ')}, as text: { height: '1027' }`;
};

const isJobs: Check = (value) =>
  is.size(value) === null && Number(value) <= MOST_JOBS ? null : `a whole number from 1 to ${MOST_JOBS}`;

const COMMON: OptionChecks<BatchOptions> = {
  only: is.names,
  except: is.names,
  run: is.text,
  jobs: isJobs,
  progress: is.boolean,
  confirm: is.function,
  signal: is.signal,
  kill: is.signal,
  command: is.text,
};

/** What the options must be, by command. */
export const CHECKS = {
  common: COMMON,
  plan: {
    ...COMMON,
    target: isTarget,
    skipRefused: is.boolean,
    lock: is.boolean,
  } satisfies OptionChecks<PlanBatchOptions>,
  apply: {
    ...COMMON,
    target: isTarget,
    skipRefused: is.boolean,
    canary: is.text,
    maxFailures: is.count,
  } satisfies OptionChecks<ApplyBatchOptions>,
};

/**
 * Where all nodes are to end; null where nothing says it.
 * @throws RollbackError ERR_USAGE when the fleet file and the call say it both, ERR_TARGET_UNREADABLE
 */
export function targetOf(fleet: Fleet, given: FleetTarget | undefined): FleetTarget | null {
  if (given !== undefined && fleet.target !== null) {
    throw new RollbackError(
      'ERR_USAGE',
      {
        what: 'The fleet file has a target, and another one was given with it',
        why: 'Two targets could differ, and which one holds would be a guess',
        next: 'Remove `target` from the fleet file, or give no target on the command line',
      },
      { path: fleet.path },
    );
  }
  const target = given ?? fleet.target;
  if (target !== null) refuseMissingFile(target);
  return target;
}

/** A file that is not there would be told once for each node, and no node is the reason. */
function refuseMissingFile(target: FleetTarget): void {
  const path = target['keys-file'] ?? target.filter;
  if (path === undefined || existsSync(path)) return;
  const what = `The ${target.filter === undefined ? 'file of keys' : 'filter module'} does not exist`;
  const next = 'Correct the path of the target';
  throw new RollbackError('ERR_TARGET_UNREADABLE', { what, why: 'No node was looked at', next }, { path });
}

/** The built command of this package. @throws RollbackError ERR_USAGE where it is not there */
export function commandOf(given: string | undefined): string {
  // From dist/lib/fleet/, and from lib/fleet/ as the tests run it.
  const places = ['../../bin/litt-rollback.js', '../../dist/bin/litt-rollback.js'];
  const own = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = given ?? own.find((path) => existsSync(path));
  if (found !== undefined && existsSync(found)) return found;
  throw new RollbackError(
    'ERR_USAGE',
    {
      what: 'The built command was not found; a batch forks it for each worker',
      next: 'Name it with the option `command`: the path of litt-rollback.js',
    },
    { path: found ?? own[0] },
  );
}
