/** How much of the key files a target by height or by key reads. */
import { expect } from 'chai';
import { TableContext } from '../../../lib/planner/context.ts';
import { planTable } from '../../../lib/planner/plan-table.ts';
import type { SettledTarget } from '../../../lib/planner/target.ts';
import { readDatabase } from '../../../lib/store/database.ts';
import { realFs } from '../../../lib/store/durable-fs.ts';
import type { Progress, TablePlan } from '../../../lib/types.ts';
import { type KeyedGroup, keyedTable, receipt } from '../../helpers/keyed-table.ts';
import { watchedFs } from '../../helpers/probes.ts';

const BLOCK_BYTES = 1024;
const GROUP_BYTES = 76;

/** Two sealed segments with heights 1 to 200 each on top of the other, a group of three records now and then. */
function table(): string {
  const heights = (from: number): KeyedGroup[] =>
    Array.from({ length: 200 }, (_, i) => {
      const [primary, hash] = receipt(from + i) as [Buffer, Buffer];
      return i % 7 === 0 ? [primary, hash, Buffer.alloc(32, i)] : [primary, hash];
    });
  return keyedTable([{ groups: heights(1) }, { groups: heights(201) }], { table: 'receipts' });
}

async function plan(
  root: string,
  target: SettledTarget,
  fs = watchedFs(),
  onProgress?: (progress: Progress) => void,
): Promise<{ plan: TablePlan; reads: number; opened: string[] }> {
  const [read] = readDatabase(realFs, [root]).tables;
  const context = new TableContext(
    {
      fs,
      target,
      onNoMatch: 'refuse',
      schemas: undefined,
      stragglers: 'refuse',
      dropOrphans: false,
      check: 'all',
      acceptDamage: false,
      snapshotDir: null,
      now: 1n,
      blockBytes: BLOCK_BYTES,
      signal: undefined,
      onProgress,
    },
    read!,
  );
  const planned = await planTable(context);
  return { plan: planned, reads: fs.reads, opened: fs.opened.filter((name) => name.endsWith('.keys')) };
}

describe('planner/search: what is read', () => {
  const blocks = Math.ceil((200 * GROUP_BYTES) / BLOCK_BYTES);

  for (const [height, words] of [
    [2n, 'near the oldest record'],
    [150n, 'within the oldest segment'],
    [399n, 'near the newest record'],
  ] as const) {
    it(`is each key file once, and a few blocks more, for a height ${words}`, async () => {
      const found = await plan(table(), { kind: 'height', height });
      expect(found.plan.heights).to.include({ lastKept: String(height), firstRemoved: String(height + 1n) });
      // Each of the two files once is 2 x blocks, and the cut scans a part of one again; without the heights of
      // blocks it would be 5 x.
      expect(found.reads).to.be.within(2 * blocks, 4 * blocks);
    });
  }

  for (const height of [2, 150, 399]) {
    it(`is each key file once, and a few blocks more, for the key of height ${height}`, async () => {
      const { plan: planned, reads } = await plan(table(), { kind: 'key', key: receipt(height)[0]! });
      expect(planned.pivot?.key).to.equal(receipt(height)[0]!.toString('hex'));
      expect(reads).to.be.within(blocks, 4 * blocks);
    });
  }

  it('surveys a segment that stays once for both checks', async () => {
    const { opened } = await plan(table(), { kind: 'height', height: 399n });
    expect(opened.filter((name) => name === '0.keys').length).to.be.at.most(2);
  });

  it('opens a file full of stragglers once for all of their blocks, and tells how far it is', async () => {
    const heights = (from: number): KeyedGroup[] => Array.from({ length: 200 }, (_, i) => receipt(from + i));
    const root = keyedTable([{ groups: heights(100) }, { groups: [...heights(300), receipt(5)] }], {
      table: 'receipts',
    });
    const fs = watchedFs();
    const told: Progress[] = [];
    const error = await plan(root, { kind: 'height', height: 10n }, fs, (p) => told.push(p)).catch(
      (e: unknown) => e,
    );
    expect(error).to.include({ code: 'ERR_STRAGGLERS' });
    expect(String(error)).to.include('400 records above height 10');
    for (const name of ['0.keys', '1.keys']) {
      // The oldest record, the survey, the walk to the pivot, the stragglers.
      expect(fs.opened.filter((n) => n === name).length, name).to.be.at.most(4);
    }
    const looked = told.filter((p) => p.phase === 'heights');
    expect(looked.at(-1)?.done).to.equal(looked.at(-1)?.total);
    expect(new Set(looked.map((p) => p.done)).size).to.be.greaterThan(2 * blocks);
  });
});
