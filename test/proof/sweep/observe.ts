/** What a crashed database shows: read from the disk by this script's own rules, not by the program's. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Tree, treeOf } from '../../helpers/tree.ts';
import { BOLT, failsClosed } from '../own-files.ts';
import type { DataState, SweepCase } from './cases.ts';

/** How far a transaction is. */
export interface Observed {
  readonly tree: Tree;
  readonly data: DataState;
  /** A document is called journal in some member. */
  readonly open: boolean;
  /** Some member has the mark. */
  readonly committed: boolean;
  readonly done: boolean;
  readonly undoing: boolean;
  readonly undone: boolean;
  /** Locks and bolts that are missing, as sentences. */
  readonly openLocks: readonly string[];
  readonly missingBolts: readonly string[];
  /** Some lock fails closed, or some bolt is there. */
  readonly traces: boolean;
}

/** Looks at a copy of a case. */
export function observe(of: SweepCase, at: string): Observed {
  const tree = treeOf(at, { timeless: true });
  const dirs = of.lockedDirs(at);
  const areas = dirs.flatMap(areasOf);
  const some = (name: string): boolean => areas.some((area) => existsSync(join(area, name)));
  const openLocks = dirs.filter((dir) => !failsClosed(lockIn(dir)));
  const bolts = of.segmentsByTable(at).flatMap(([, dirs]) => dirs.map((dir) => join(dir, BOLT)));
  const missingBolts = bolts.filter((bolt) => !existsSync(bolt));
  return {
    tree,
    data: of.dataState(tree),
    open: some('journal.json'),
    committed: some('committed'),
    done: some('done'),
    undoing: some('undoing'),
    undone: some('undone'),
    openLocks,
    missingBolts,
    traces: openLocks.length < dirs.length || missingBolts.length < bolts.length,
  };
}

function areasOf(root: string): string[] {
  const own = join(root, '.litt-rollback');
  if (!existsSync(own)) return [];
  const names = readdirSync(own).filter((name) => /^[0-9a-f]{8}-/.test(name));
  return names.map((name) => join(own, name));
}

/** Whether a process may be at work: some lock fails closed, or names a process that lives. */
export function isLocked(of: SweepCase, at: string): boolean {
  return of.lockedDirs(at).some((dir) => failsClosed(lockIn(dir)) || isHeld(dir));
}

/** The text of a directory's lock; null where there is none. */
function lockIn(dir: string): string | null {
  const lock = join(dir, 'litt.lock');
  return existsSync(lock) ? readFileSync(lock, 'utf8') : null;
}

function isHeld(dir: string): boolean {
  const pid = /^PID: (\d+)$/m.exec(lockIn(dir) ?? '')?.[1];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

/** Whether a whole transaction is open: from the first committed mark until no document is called journal. */
export const isBinding = (o: Observed): boolean => o.open && o.committed;

/** Violations of the rule that keeps the engine out, and of "no intent: before or after". */
export function shutProblems(o: Observed): string[] {
  const problems: string[] = [];
  if (isBinding(o)) {
    problems.push(...o.openLocks.map((dir) => `the engine could open it: no closed lock in ${dir}`));
    // Bolts go once every step is durable; until then the locks alone are not trusted.
    const stepsOver = o.undoing ? o.undone : o.done;
    if (!stepsOver) problems.push(...o.missingBolts.map((bolt) => `with the locks deleted: no bolt ${bolt}`));
  } else if (o.data === 'mixed') {
    problems.push('no intent on disk, and the data is neither as before nor as after');
  }
  return problems;
}
