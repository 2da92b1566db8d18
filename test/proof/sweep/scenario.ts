/** A command on a state of a database: what a sweep interrupts. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree, type SweepCase } from './cases.ts';
import type { Ends } from './recover.ts';
import type { Point } from './trace.ts';

/** One command on one state. */
export interface Scenario {
  readonly of: SweepCase;
  /** Part of the ids of its points. */
  readonly name: string;
  /** State that each run begins in. */
  readonly template: string;
  /** The words of the command on a copy. */
  readonly argv: (at: string) => string[];
  /** What must be done to a fresh copy first. */
  readonly prepare?: (at: string) => Promise<void>;
  readonly ends: Ends;
  /** The state that an undisturbed run reaches. */
  readonly success: 'before' | 'after';
  /** A second purge must be able to clear up. */
  readonly purges?: true;
  /** Copies of a crashed state have other inode numbers than those that the state names: crash twice instead. */
  readonly byInode?: true;
}

/** A scenario with the mutating calls of an undisturbed run. */
export interface Counted extends Scenario {
  readonly points: readonly Point[];
  readonly id: string;
}

/** Row of the table for a scenario. */
export const rowOf = ({ of, name }: Counted): string => `${of.name}: ${name.replace(/@\d+/g, '@…')}`;

/** A fresh copy of what a scenario begins with; its path never differs in length. */
export async function fresh(scenario: Scenario, dir: string): Promise<string> {
  const at = join(dir, 'a');
  mkdirSync(dir, { recursive: true });
  await copyTree(scenario.of.template(scenario.template), at);
  await scenario.prepare?.(at);
  return at;
}
