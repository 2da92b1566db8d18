/** Fails each mutating call of a command with EIO and ENOSPC, and checks what it says, leaves alone, and leaves. */
import { join } from 'node:path';
import { demand } from '../violation.ts';
import { type InjectedRun, inject } from './inject.ts';
import { recoverBothWays } from './kill.ts';
import { told } from './recover.ts';
import { type Counted, rowOf } from './scenario.ts';
import type { Task, TaskPool } from './task-pool.ts';
import { injectedIn, type Point } from './trace.ts';

/** The errors that are injected. */
export const ERRNOS = ['EIO', 'ENOSPC'] as const;
type Errno = (typeof ERRNOS)[number];

/** Exit codes of a run that could not do its work: part-way, or refused by the system. */
const FAILED = [6, 7];

/** A call that may fail without failing the command; the outcome must say that it did, unless nothing comes of it. */
interface Tolerated {
  readonly call: RegExp;
  readonly path: RegExp;
  readonly why: string;
  readonly isSilent: boolean;
  /** Beside which command; default all. */
  readonly scenario?: string;
  readonly errno?: Errno;
}

const TOLERATED: readonly Tolerated[] = [
  {
    call: /./,
    path: /\/\.litt-rollback(\/\.?audit\.jsonl[^/]*)?$/,
    why: 'a rollback that is done is not undone because its line in the audit is missing',
    isSilent: false,
  },
  {
    call: /^unlink$/,
    path: /\/kept\/\d+\.new$/,
    why: 'where blocks cannot be shared, the library that tried removes what it has made, and so does the program',
    isSilent: true,
  },
  {
    call: /^unlink$/,
    path: /\/runner\.\d+$/,
    why: 'a claim that stays is of a call that has ended: the next run finds that out, and goes on',
    isSilent: true,
  },
  {
    call: /./,
    path: /\/\.litt\.lock\.[^/]*-new\.litt-rollback-tmp$/,
    why: 'purge needs no room: a mark that other marks repeat becomes its lock',
    isSilent: true,
    scenario: 'purge',
    errno: 'ENOSPC',
  },
];

/** The failing calls of a sweep, as tasks. */
export function errorTasks(pool: TaskPool, scenario: Counted): Task[] {
  return pool.choose(scenario.points).flatMap((point, i) =>
    pool.alternate(ERRNOS, i).map((errno) => ({
      id: `${scenario.id}:${errno}:${point.index}`,
      row: rowOf(scenario),
      work: (slot: string) => failAndRecover(pool, scenario, point, errno, slot),
    })),
  );
}

async function failAndRecover(
  pool: TaskPool,
  scenario: Counted,
  point: Point,
  errno: Errno,
  slot: string,
): Promise<void> {
  const injected = await inject(scenario, slot, point, `error=${errno}`);
  const row = rowOf(scenario);
  pool.tally.add(row, errno);
  const { result } = injected;
  if (result.code === 0) {
    demand(
      toleranceProblems(injected, point, errno, scenario.name),
      `${errno} at ${point.text}: the command ended with 0`,
    );
    pool.tally.add(row, 'tolerated');
  } else demand(messageProblems(injected, point, errno), `A7: ${errno} at ${point.text}`);
  if (point.sync) demand(destruction(injected, point), `A7: after ${errno} at ${point.text}`);
  await recoverBothWays(pool, scenario, injected.at, slot, async () => {
    return (await inject(scenario, join(slot, 'again'), point, `error=${errno}`)).at;
  });
}

/** What a run that went on in spite of the error must fulfil. */
function toleranceProblems(
  { at, log, result }: InjectedRun,
  point: Point,
  errno: Errno,
  name: string,
): string[] {
  const { paths } = injectedIn(log, point, at);
  const rule = TOLERATED.find(
    (rule) =>
      rule.call.test(point.call) &&
      paths.some((p) => rule.path.test(p)) &&
      [undefined, name].includes(rule.scenario) &&
      [undefined, errno].includes(rule.errno),
  );
  if (rule === undefined) return [`no rule lets it pass over a failure at ${paths.join(', ')}`];
  const finals = paths.map((path) => path.replace(/\/\.([^/]*)\.litt-rollback-tmp$/, '/$1'));
  return rule.isSilent || says(result.stdout, errno, finals)
    ? []
    : [`its outcome does not say so (${rule.why}): ${result.stdout}`];
}

function messageProblems({ at, log, result }: InjectedRun, point: Point, errno: Errno): string[] {
  const { paths } = injectedIn(log, point, at);
  const problems: string[] = [];
  if (!FAILED.includes(result.code ?? -1)) problems.push('the exit code is neither 6 nor 7');
  if (!says(result.stderr, errno, paths)) problems.push(`the message names no ${errno}, or not the path`);
  if (/^\s+at .*[:(]\d+/m.test(result.stderr)) problems.push('the message is a stack trace');
  return problems.length === 0 ? [] : [...problems, told('it', result)];
}

/** Long paths are broken over lines, so white space does not count. */
function says(text: string, errno: Errno, paths: readonly string[]): boolean {
  const bare = (t: string): string => t.replace(/\s+/g, '');
  return text.includes(errno) && paths.some((path) => bare(text).includes(bare(path)));
}

/** Calls that take something away or change it in place. */
const DESTRUCTIVE = /^(rename|unlink|rmdir|f?truncate|pwrite|write|fallocate)/;
/** What a failing run clears away: what it was just preparing, the ordinary locks that it holds, and its claims. */
const OWN_TO_REMOVE = /(litt-rollback-tmp|\/litt\.lock|\/runner\.\d+)$/;
/** Files in preparation: nothing is lost by writing to them. */
const IN_PREPARATION = /(litt-rollback-tmp|\/kept\/\d+\.new)$/;

/** After a failed fsync nothing may be destroyed: what is on the disk is unknown. */
function destruction({ at, log }: InjectedRun, point: Point): string[] {
  const { paths: failed, afterwards } = injectedIn(log, point, at);
  return afterwards
    .filter(({ call, paths }) => {
      if (!DESTRUCTIVE.test(call)) return false;
      if (paths.every((path) => isAudit(path))) return false;
      // The file that could not be made durable goes again: nothing refers to it yet.
      if (call.startsWith('unlink') && paths.every((path) => failed.includes(path))) return false;
      const allowed = call.startsWith('unlink') ? OWN_TO_REMOVE : IN_PREPARATION;
      const harmless = !call.startsWith('rename') && paths.every((path) => allowed.test(path));
      return !harmless;
    })
    .map(({ text }) => `it went on with ${text}`);
}

const isAudit = (path: string): boolean => /\/\.litt-rollback\/\.?audit\.jsonl/.test(path);
