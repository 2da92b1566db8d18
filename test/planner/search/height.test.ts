/** A target by height against a naive reading of the rules. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  applyPlan,
  type KeptAbove,
  type PlanOptions,
  planRollback,
  type TableSchema,
} from '../../../lib/index.ts';
import { runs } from '../../helpers/arbitraries.ts';
import { readRecords } from '../../helpers/bytes.ts';
import { inOrder, readImage } from '../../helpers/image.ts';
import { blockRecord, type KeyedGroup, keyedTable, receipt } from '../../helpers/keyed-table.ts';
import { rejection } from '../../helpers/refusals.ts';
import { removeTempDir } from '../../helpers/temp.ts';
import { expectUntouched, treeOf } from '../../helpers/tree.ts';

type Kind = 'r' | 'b' | 'q' | 'a' | 'p';

/** One group as the rules see it. */
interface Written {
  readonly kind: Kind;
  readonly height: bigint;
  readonly extra: number;
}

const BASE = 2n ** 53n;

const keysOf = ({ kind, height, extra }: Written): KeyedGroup =>
  kind === 'r' ? receipt(height, extra) : blockRecord(kind, height, extra);

/** Mostly rising heights beyond what a float can hold; now and then old ones once more. */
function written(kinds: readonly Kind[]): fc.Arbitrary<Written[]> {
  const step = fc.record({
    kind: fc.constantFrom(...kinds),
    up: fc.oneof(
      { weight: 8, arbitrary: fc.nat(2) },
      { weight: 1, arbitrary: fc.integer({ min: -9, max: -1 }) },
    ),
    extra: fc.nat(2),
  });
  return fc.array(step, { minLength: 1, maxLength: 40 }).map((steps) => {
    let at = 20n;
    return steps.map(({ kind, up, extra }) => {
      at += BigInt(up);
      if (at < 0n) at = 0n;
      return { kind, height: BASE + at, extra };
    });
  });
}

type Policy = 'refuse' | 'keep' | 'drop';

/** How many groups stay, or the code of the refusal. */
function expected(groups: readonly Written[], target: bigint, policy: Policy): number | string {
  const isAbove = (g: Written): boolean => decides(g) && g.height > target;
  if (!groups.some(isAbove)) return groups.length;
  const pivot = groups.findLastIndex((g) => decides(g) && g.height <= target);
  if (pivot < 0) return 'ERR_HEIGHT_UNREACHABLE';
  const kept = groups.slice(0, pivot + 1);
  const straggler = kept.findIndex((g) => g.height > target);
  if (straggler >= 0 && policy === 'refuse') return 'ERR_STRAGGLERS';
  if (straggler === 0 && policy === 'drop') return 'ERR_HEIGHT_UNREACHABLE';
  if (straggler > 0 && policy === 'drop') return withQc(groups, straggler);
  // Only stragglers are above the target, and they are to be kept: a cut would take no record that decides.
  return groups.slice(pivot).some(isAbove) ? withQc(groups, pivot + 1) : groups.length;
}

const decides = (g: Written): boolean => g.kind === 'r' || g.kind === 'b';

/** A store of blocks needs a QC. */
function withQc(groups: readonly Written[], stay: number): number | string {
  if (groups[0]!.kind === 'r') return stay;
  return groups.slice(0, stay).some((g) => g.kind === 'q') ? stay : 'ERR_STORE_NEEDS';
}

const scenario = (table: string, kinds: readonly Kind[]) =>
  fc.record({
    table: fc.constant(table),
    groups: written(kinds),
    cuts: fc.array(fc.nat(40), { maxLength: 5 }),
    target: fc.integer({ min: -1, max: 45 }),
    policy: fc.constantFrom<Policy>('refuse', 'refuse', 'keep', 'drop'),
    open: fc.boolean(),
    blockBytes: fc.integer({ min: 64, max: 2000 }),
  });

function segmentsOf(groups: readonly Written[], cuts: readonly number[], open: boolean) {
  const edges = [0, ...cuts.map((c) => c % (groups.length + 1)).sort((a, b) => a - b), groups.length];
  return edges.slice(1).map((end, i) => ({
    groups: groups.slice(edges[i], end).map(keysOf),
    ...(open && i === edges.length - 2 ? { sealedAt: null } : {}),
  }));
}

function keysIn(root: string, table: string): string[] {
  const image = readImage([root]).get(table)!;
  return inOrder(image).flatMap((s) =>
    readRecords(s.keys ?? Buffer.alloc(0)).map((r) => r.key.toString('hex')),
  );
}

/** Drops the batch form of a schema's rules: a user's schema may have none. */
const plain: TableSchema = {
  name: 'plain',
  decode(key, isPrimary) {
    if (!isPrimary) return { height: null, kind: 'hash', label: 'hash' };
    return key.length === 12 ? { height: key.readBigUInt64BE(0), kind: 'r', label: 'r' } : null;
  },
};

describe('planner/search/height', function () {
  this.timeout(300_000);

  for (const [table, kinds, schemas] of [
    ['receipts', ['r'], undefined],
    ['blocks', ['q', 'b', 'b', 'b', 'a', 'p'], undefined],
    ['mine', ['r'], { mine: plain }],
  ] as const) {
    it(`${table}: keeps what the rules say, for any order, part, gap and migration`, async () => {
      const counts = new Map<string, number>();
      const property = fc.asyncProperty(scenario(table, kinds), async (chosen) => {
        const root = keyedTable(segmentsOf(chosen.groups, chosen.cuts, chosen.open), { table });
        const target = BASE + BigInt(chosen.target);
        const options: PlanOptions = {
          roots: [root],
          target: { kind: 'height', height: target },
          stragglers: chosen.policy,
          blockBytes: chosen.blockBytes,
          schemas,
        };
        const stay = expected(chosen.groups, target, chosen.policy);
        const name = typeof stay === 'string' ? stay : 'ok';
        counts.set(name, (counts.get(name) ?? 0) + 1);
        const before = treeOf(root);
        if (typeof stay === 'string') {
          expect((await rejection(planRollback(options))).code).to.equal(stay);
          expectUntouched(root, before);
        } else {
          const plan = await planRollback(options);
          expectUntouched(root, before);
          await applyPlan(plan);
          const kept = chosen.groups.slice(0, stay).flatMap(keysOf);
          expect(keysIn(root, table)).to.deep.equal(kept.map((key) => key.toString('hex')));
          if (stay === chosen.groups.length && !chosen.open) expectUntouched(root, before);
          expectWords(plan.tables[0]!.heights!, chosen.groups, stay, target);
          expect(plan.tables[0]!.keptAbove).to.deep.equal(keptAbove(chosen.groups.slice(0, stay), target));
          await expectSettled(options);
        }
        removeTempDir(root);
      });
      await fc.assert(property, runs(250));
      if (runs(250).numRuns >= 250) {
        for (const name of ['ok', 'ERR_STRAGGLERS', 'ERR_HEIGHT_UNREACHABLE'])
          expect(counts.get(name), name).to.be.greaterThan(0);
      }
    });
  }
});

/** What stays above the target: whole groups, by the height of their primary. */
function keptAbove(stays: readonly Written[], target: bigint): KeptAbove | undefined {
  const above = stays.filter((g) => g.height > target);
  if (above.length === 0) return undefined;
  const heights = above.map((g) => g.height).sort((a, b) => Number(a - b));
  const records = above.reduce((sum, g) => sum + keysOf(g).length, 0);
  return { records, groups: above.length, lowest: String(heights[0]), highest: String(heights.at(-1)) };
}

/** The same target once more finds nothing to do. */
async function expectSettled(options: PlanOptions): Promise<void> {
  const again = await planRollback({ ...options, stragglers: 'keep' });
  expect(again.tables[0]!.outcome).to.equal('nothing');
  expect(again.tables[0]!.steps).to.deep.equal([]);
}

/** The plan's words: nothing above the target is told as kept, and what goes too is told whole. */
function expectWords(
  heights: NonNullable<Awaited<ReturnType<typeof planRollback>>['tables'][number]['heights']>,
  groups: readonly Written[],
  stay: number,
  target: bigint,
): void {
  const gone = groups.slice(stay).filter(decides);
  const above = heights.alsoRemoved === null ? gone.find((g) => g.height > target) : groups[stay];
  const first = above?.height ?? null;
  expect(heights.firstRemoved, 'first removed').to.equal(first === null ? null : String(first));
  if (heights.lastKept !== null) expect(BigInt(heights.lastKept) <= target, 'last kept').to.equal(true);
  const low = [...new Set(gone.map((g) => g.height).filter((h) => h <= target))];
  if (heights.alsoRemoved === null) return;
  const told = heights.alsoRemoved.ranges.flatMap(([a, b]) =>
    Array.from({ length: Number(BigInt(b) - BigInt(a)) + 1 }, (_, i) => BigInt(a) + BigInt(i)),
  );
  expect(told).to.have.members(low);
  expect(heights.alsoRemoved.records).to.equal(gone.filter((g) => g.height <= target).length);
}
