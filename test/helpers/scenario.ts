/** A random database, a random target, and everything that must hold when the one is applied to the other. */
import fc from 'fast-check';
import type { PlanOptions, RollbackFilter, Target } from '../../lib/index.ts';
import { databaseSpec } from './arbitraries.ts';
import { readRecords } from './bytes.ts';
import { compareToListing } from './compare.ts';
import { inOrder, listing, readImage, type TableImage } from './image.ts';
import { type Matcher, type ModelResult, rollback } from './model.ts';
import { leniencyOf, problemsOfKeymap, problemsOfTree } from './outcome.ts';
import { problemsOfSnapshots } from './snapshot-outcome.ts';
import { type BuiltDatabase, buildDatabase, type DatabaseSpec } from './table-builder.ts';
import { tempDir } from './temp.ts';
import { type Tree, treeOf } from './tree.ts';

/** What one run of a property is made from. */
export interface Scenario {
  readonly spec: DatabaseSpec;
  /** For each table a number that chooses the record to match, newest first; null for none. */
  readonly picks: readonly (number | null)[];
  readonly onNoMatch: 'keep' | 'delete';
  readonly blockBytes: number;
  readonly byFilter: boolean;
}

export const blockBytes = fc.oneof(fc.integer({ min: 64, max: 512 }), fc.integer({ min: 513, max: 4096 }));

const pick = fc.oneof(
  { weight: 6, arbitrary: fc.nat(100_000) },
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constant(null) },
);

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  spec: databaseSpec({ snapshots: true }),
  picks: fc.array(pick, { minLength: 3, maxLength: 3 }),
  onNoMatch: fc.constantFrom<'keep' | 'delete'>('keep', 'keep', 'delete'),
  blockBytes,
  byFilter: fc.boolean(),
});

/** A scenario on disk, with what the model says of it. */
export interface Staged {
  readonly scenario: Scenario;
  readonly built: BuiltDatabase;
  readonly before: Tree;
  readonly matches: Matcher;
  readonly model: ReadonlyMap<string, ModelResult>;
  readonly options: PlanOptions;
  /** The error that the rules demand; null when the plan must be made. */
  readonly refusal: string | null;
}

/** Builds the database, and asks the model. */
export function stage(chosen: Scenario): Staged {
  const built = buildDatabase(chosen.spec, tempDir());
  const wanted = chosenKeys(chosen, built);
  const matches: Matcher = (table, key) => wanted.get(table)?.equals(key) ?? false;
  const model = new Map<string, ModelResult>();
  for (const [name, table] of built.image) model.set(name, rollback(table, matches, chosen.onNoMatch));
  const options: PlanOptions = {
    roots: [...built.roots],
    target: targetOf(chosen, wanted, matches),
    onNoMatch: chosen.onNoMatch,
    blockBytes: chosen.blockBytes,
    allRoots: true,
    ...(built.snapshotDir === undefined ? {} : { snapshotDir: built.snapshotDir }),
  };
  const before = treeOf(built.dir);
  return {
    scenario: chosen,
    built,
    before,
    matches,
    model,
    options,
    refusal: refusalOf(chosen, built, model),
  };
}

/** The key that each table is rolled back to; it may belong to a record that sealing drops. */
function chosenKeys(chosen: Scenario, built: BuiltDatabase): Map<string, Buffer> {
  const keys = new Map<string, Buffer>();
  for (const [i, table] of chosen.spec.tables.entries()) {
    const records = inOrder(built.image.get(table.name)!)
      .flatMap((segment) => readRecords(segment.keys ?? Buffer.alloc(0)))
      .reverse();
    const number = chosen.picks[i] ?? null;
    const record = number === null ? undefined : records[number % Math.max(1, records.length)];
    if (record !== undefined) keys.set(table.name, record.key);
  }
  return keys;
}

function targetOf(chosen: Scenario, keys: ReadonlyMap<string, Buffer>, matches: Matcher): Target {
  if (chosen.byFilter) return { kind: 'filter', filter: matches as RollbackFilter };
  return { kind: 'keys', keys: Object.fromEntries([...keys].map(([name, key]) => [name, [key]])) };
}

/**
 * What the rules refuse, of the first table that gives a reason: a pivot among collected segments, and a deletion that
 * may hide a lost watermark.
 */
function refusalOf(
  chosen: Scenario,
  built: BuiltDatabase,
  model: ReadonlyMap<string, ModelResult>,
): string | null {
  for (const [name, table] of [...built.image].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const pivot = model.get(name)?.pivot ?? null;
    if (pivot !== null && pivot.segment < (table.watermark ?? 0)) return 'ERR_BELOW_WATERMARK';
    const isUncertain = pivot === null && lowest(table) > 0 && table.watermark === null;
    if (chosen.onNoMatch === 'delete' && isUncertain) return 'ERR_DELETE_UNCERTAIN';
  }
  return null;
}

function lowest(table: TableImage): number {
  return inOrder(table)[0]?.index ?? 0;
}

/** Everything that differs from what the model says, after the plan was applied. */
export function problemsAfterwards(staged: Staged): string[] {
  const { built, model, before } = staged;
  const image = readImage(built.roots);
  const expected = new Map([...model].map(([name, result]) => [name, result.after]));
  const after = treeOf(built.dir);
  const mayGo = staged.scenario.onNoMatch === 'delete' ? /\/gc-watermark$/ : /^$/;
  return [
    ...compareToListing(listing(image), listing(expected), leniencyOf(model)),
    ...problemsOfTree(before, after, mayGo),
    ...[...model.keys()].flatMap((name) => [
      ...problemsOfKeymap(name, before, after),
      ...problemsOfMetadata(name, staged, image.get(name)),
      ...problemsOfSnapshots(name, built, before, after),
    ]),
  ];
}

function problemsOfMetadata(name: string, staged: Staged, table: TableImage | undefined): string[] {
  const problems: string[] = [];
  if (table === undefined) return [`${name}: gone`];
  const wanted = staged.model.get(name)!.after.watermark;
  if (table.watermark !== wanted) problems.push(`${name}: watermark ${table.watermark}, expected ${wanted}`);
  for (const { index, meta } of table.segments.values()) {
    const was = staged.built.image.get(name)!.segments.get(index)?.meta;
    if (was?.sealed === true && meta?.timestamp !== was.timestamp)
      problems.push(`${name}/${index}: time changed`);
    if (was?.sealed === false && meta?.sealed === true && !isRecent(meta.timestamp)) {
      problems.push(`${name}/${index}: sealed at ${meta.timestamp}`);
    }
  }
  return problems;
}

function isRecent(timestamp: bigint): boolean {
  const milliseconds = Number(timestamp / 1_000_000n);
  return Math.abs(Date.now() - milliseconds) < 600_000;
}
