/** Targets by key: the newest match, wherever blocks and groups end, and how much is read for it. */
import { expect } from 'chai';
import fc from 'fast-check';
import { planRollback, type RollbackPlan, type Target } from '../../../lib/index.ts';
import { runs } from '../../helpers/arbitraries.ts';
import { type KeyedGroup, keyedTable } from '../../helpers/keyed-table.ts';
import { removeTempDir } from '../../helpers/temp.ts';

/** One of few keys, of two lengths: the same one turns up in several groups and segments. */
const key = fc
  .record({ value: fc.nat(12), long: fc.boolean() })
  .map(({ value, long }) => Buffer.alloc(long ? 11 : 2, value));
const groups = fc.array(fc.array(key, { minLength: 1, maxLength: 4 }), { maxLength: 25 });

const layout = fc.record({
  segments: fc.array(groups, { minLength: 1, maxLength: 4 }),
  open: fc.boolean(),
  wanted: fc.array(key, { maxLength: 6 }),
  blockBytes: fc.integer({ min: 16, max: 500 }),
});

async function plan(root: string, target: Target, blockBytes: number): Promise<RollbackPlan> {
  return planRollback({ roots: [root], target, blockBytes, check: 'pivot', onNoMatch: 'keep' });
}

/** Without what depends on the time of the plan. */
function result({ tables }: RollbackPlan): unknown {
  return tables.map(({ steps, ...rest }) => ({ ...rest, steps: steps.map(({ op, file }) => [op, file]) }));
}

describe('planner/search/key', () => {
  it('finds the record that a filter for the same keys finds', async () => {
    const outcomes = new Map<string, number>();
    const property = fc.asyncProperty(layout, async ({ segments, open, wanted, blockBytes }) => {
      const root = keyedTable(
        segments.map((of, i) => ({
          groups: of as KeyedGroup[],
          ...(open && i === segments.length - 1 ? { sealedAt: null } : {}),
        })),
      );
      const names = new Set(wanted.map((k) => k.toString('hex')));
      const filter = (_: string, k: Buffer): boolean => names.has(k.toString('hex'));
      const expected = await plan(root, { kind: 'filter', filter }, blockBytes);
      const byKeys = await plan(root, { kind: 'keys', keys: { t: wanted } }, blockBytes);
      expect(result(byKeys)).to.deep.equal(result(expected));
      if (wanted.length === 1)
        expect(result(await plan(root, { kind: 'key', key: wanted[0]! }, blockBytes))).to.deep.equal(
          result(expected),
        );
      const outcome = expected.tables[0]!.outcome;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      removeTempDir(root);
    });
    await fc.assert(property, runs(300));
    for (const outcome of ['cut', 'keep']) expect(outcomes.get(outcome), outcome).to.be.greaterThan(10);
  }).timeout(120_000);
});
