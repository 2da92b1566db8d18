/**
 * What may become of the unsynced operations in a crash: a bounded choice of combinations, the same for the same
 * seed. First the plain ones (all survive, all are lost), then everything of one file or directory together, then
 * each operation alone, then torn writes, then a random sample.
 */

import type { Random } from '../random.ts';
import type { Torn } from './inodes.ts';
import { type Op, touched } from './op-log.ts';

/** Lost, whole, or what is left of a write. */
export type Fate = 'lost' | 'whole' | Torn;

/** An unsynced operation. */
export interface Pending {
  /** Number in the log. */
  readonly number: number;
  readonly op: Op;
  /** Positions in the list of pending operations of those that it cannot survive without. */
  readonly requires: readonly number[];
  /** A sync that was left out would have made it durable. */
  readonly loose: boolean;
}

/** How many combinations to try. */
export interface CrashOptions {
  /** Random combinations. */
  readonly sample: number;
  readonly seed: number;
  /** At most so many operations are tried alone, each in both ways; default 24. A seed chooses them. */
  readonly singles?: number;
}

const DEFAULT_SINGLES = 24;

/** Combinations of fates, one fate for each pending operation; none comes twice. */
export function* combinations(
  pending: readonly Pending[],
  random: Random,
  options: CrashOptions,
): Generator<readonly Fate[]> {
  const seen = new Set<string>();
  for (const fates of proposals(pending, random, options)) {
    const key = fates.map(keyOf).join('');
    if (seen.has(key)) continue;
    seen.add(key);
    yield fates;
  }
}

function* proposals(
  pending: readonly Pending[],
  random: Random,
  options: CrashOptions,
): Generator<readonly Fate[]> {
  const none = new Set<number>();
  yield losing(pending, none);
  if (pending.length === 0) return;
  yield keeping(pending, none);
  const groups = random.some(byInode(pending), options.singles ?? DEFAULT_SINGLES);
  for (const group of groups) {
    yield losing(pending, group);
    yield keeping(pending, group);
  }
  const positions = pending.map((_, i) => i);
  const alone = random.some(positions, options.singles ?? DEFAULT_SINGLES);
  for (const one of alone) {
    yield losing(pending, new Set([one]));
    yield keeping(pending, new Set([one]));
  }
  const writes = positions.filter((i) => pending[i]?.op.op === 'write');
  for (const one of random.some(writes, options.singles ?? DEFAULT_SINGLES)) {
    for (const torn of tears(pending[one]?.op as Op, random)) {
      yield losing(pending, none).with(one, torn);
      yield keeping(pending, new Set([one])).with(one, torn);
    }
  }
  for (let i = 0; i < options.sample; i++) yield drawn(pending, random);
}

/**
 * Combinations that show what a missing sync would have kept: it is lost while everything else survives, or with
 * everything else; all of it, that of one file or directory, and each operation; writes also as zeros.
 */
export function* aimed(
  pending: readonly Pending[],
  random: Random,
  options: CrashOptions,
): Generator<readonly Fate[]> {
  const positions = pending.map((_, i) => i);
  const loose = positions.filter((i) => pending[i]?.loose === true);
  if (loose.length === 0) return;
  const seen = new Set<string>();
  for (const fates of aimedProposals(pending, loose, random, options)) {
    const key = fates.map(keyOf).join('');
    if (seen.has(key)) continue;
    seen.add(key);
    yield fates;
  }
}

function* aimedProposals(
  pending: readonly Pending[],
  loose: readonly number[],
  random: Random,
  options: CrashOptions,
): Generator<readonly Fate[]> {
  const singles = options.singles ?? DEFAULT_SINGLES;
  const isLoose = new Set(loose);
  const others = pending.map((_, i) => i).filter((i) => !isLoose.has(i));
  yield losing(pending, isLoose);
  yield keeping(pending, new Set());
  const groups = byInode(pending).map((group) => new Set([...group].filter((i) => isLoose.has(i))));
  const sets = [...groups.filter((g) => g.size > 0), ...loose.map((i) => new Set([i]))];
  for (const lost of random.some(sets, 2 * singles)) {
    yield losing(pending, lost);
    yield losing(pending, new Set([...lost, ...others]));
    yield keeping(pending, lost);
  }
  // Of all the rest only the first ones survive, or only the last ones.
  for (const i of random.some(others, singles)) {
    yield losing(pending, new Set([...loose, ...others.filter((other) => other >= i)]));
    yield losing(pending, new Set([...loose, ...others.filter((other) => other <= i)]));
  }
  const writes = loose.filter((i) => pending[i]?.op.op === 'write');
  for (const one of random.some(writes, singles)) {
    for (const torn of tears(pending[one]?.op as Op, random))
      yield losing(pending, new Set()).with(one, torn);
  }
  for (let i = 0; i < options.sample; i++) yield drawn(pending, random);
}

/** Everything survives but these, and what cannot survive without them. */
function losing(pending: readonly Pending[], lost: ReadonlySet<number>): Fate[] {
  const fates: Fate[] = [];
  for (const [i, { requires }] of pending.entries()) {
    fates.push(lost.has(i) || requires.some((r) => fates[r] === 'lost') ? 'lost' : 'whole');
  }
  return fates;
}

/** The same fates, but that what missing syncs would have kept survives. */
export function keepingLoose(pending: readonly Pending[], fates: readonly Fate[]): Fate[] {
  const kept = [...fates];
  for (const [i, { loose, requires }] of pending.entries()) {
    if (loose && requires.every((r) => kept[r] !== 'lost')) kept[i] = 'whole';
  }
  return kept;
}

/** Everything is lost but these, and what they cannot survive without. */
function keeping(pending: readonly Pending[], kept: ReadonlySet<number>): Fate[] {
  const survives = new Set(kept);
  for (let i = pending.length - 1; i >= 0; i--) {
    if (survives.has(i)) for (const r of pending[i]?.requires ?? []) survives.add(r);
  }
  return pending.map((_, i) => (survives.has(i) ? 'whole' : 'lost'));
}

/** Sets of operations on one file, or on one directory. */
function byInode(pending: readonly Pending[]): Set<number>[] {
  const groups = new Map<number, Set<number>>();
  for (const [i, { op }] of pending.entries()) {
    for (const id of touched(op)) groups.set(id, (groups.get(id) ?? new Set()).add(i));
  }
  return [...groups.values()];
}

function drawn(pending: readonly Pending[], random: Random): Fate[] {
  const percent = [5, 25, 50, 75, 95][random.below(5)] as number;
  const chosen = new Set<number>();
  for (let i = 0; i < pending.length; i++) if (random.chance(percent)) chosen.add(i);
  const fates = random.chance(50) ? losing(pending, chosen) : keeping(pending, chosen);
  return fates.map((fate, i) => {
    const op = pending[i]?.op as Op;
    if (op.op !== 'write' || fate === 'lost' || random.chance(50)) return fate;
    const all = tears(op, random);
    return all[random.below(all.length)] as Fate;
  });
}

/** A write that came as zeros, one that stopped early, and ones with a part that is zeros or unchanged. */
function tears(op: Op, random: Random): Torn[] {
  if (op.op !== 'write') return [];
  const { length } = op.bytes;
  const count = length < 2 ? 0 : 1 + random.below(length - 1);
  const zeros: Torn = { part: 'head', count: 0, rest: 'zeros' };
  if (count === 0) return [zeros];
  return [
    zeros,
    { part: 'head', count, rest: 'missing' },
    { part: 'head', count, rest: 'zeros' },
    { part: 'tail', count, rest: 'missing' },
    { part: 'tail', count, rest: 'zeros' },
  ];
}

function keyOf(fate: Fate): string {
  if (typeof fate === 'string') return fate.charAt(0);
  return `(${fate.part}${fate.count}${fate.rest})`;
}

/** A fate as a word. */
export function describeFate(fate: Fate): string {
  if (typeof fate === 'string') return fate;
  return `torn, ${fate.count} bytes of the ${fate.part} there, the rest ${fate.rest}`;
}
