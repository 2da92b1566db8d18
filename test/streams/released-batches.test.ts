/** Who holds a batch that was released: nothing in the program, and whatever does is caught. */
import { expect } from 'chai';
import type { TableContext } from '../../lib/planner/context.ts';
import { HeightMatcher } from '../../lib/planner/search/height-matcher.ts';
import { matcherFor } from '../../lib/planner/search/matchers.ts';
import { BlockHeightIndex } from '../../lib/schemas/block-heights.ts';
import { receipts } from '../../lib/schemas/receipts.ts';
import { readDatabase } from '../../lib/store/database.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import type { WalkResult } from '../../streams/plan-sink.ts';
import type { BatchMatcher, RecordBatch } from '../../streams/record-batch.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { describeStages } from './implementations.ts';
import { walkOverwriting } from './released-batches.ts';

const HEIGHTS = Array.from({ length: 40 }, (_, i) => 1000n + BigInt(i));
const [table] = readDatabase(realFs, [
  keyedTable(
    [HEIGHTS.slice(0, 15), HEIGHTS.slice(15)].map((heights) => ({ groups: heights.map((h) => receipt(h)) })),
  ),
]).tables;
const keys = HEIGHTS.map((height) => receipt(height)[0] as Buffer);

/** A matcher of each sort that ends at a record in the older segment. */
const MATCHERS: Readonly<Record<string, () => BatchMatcher>> = {
  filter: () => matcherFor({ kind: 'filter', filter: (_, key) => key.equals(keys[7] as Buffer) }, 't'),
  key: () => matcherFor({ kind: 'key', key: keys[7] as Buffer }, 't'),
  keys: () =>
    matcherFor(
      { kind: 'keys', keys: { [table!.name]: [keys[7] as Buffer, keys[2] as Buffer] } },
      table!.name,
    ),
  'drop-last': () => matcherFor({ kind: 'drop-last', groups: 32 }, 't'),
  height: () =>
    new HeightMatcher({ table } as TableContext, receipts, 1007n, new BlockHeightIndex(receipts)).match,
};

const segments = table!.segments;
/** A receipt is a group of two records. */
const groupOf = ({ pivot }: WalkResult) => [pivot?.at.segment.index, (pivot?.record ?? -2) >> 1];

describeStages('released batches', (stages) => {
  for (const [name, matcher] of Object.entries(MATCHERS)) {
    it(`are held by no stage, and not by the matcher: ${name}`, async () => {
      for (const blockBytes of [64, 200, 1000]) {
        const options = { segments, fs: realFs, blockBytes };
        const plain = await stages.walkTable({ ...options, matcher: matcher() });
        const overwritten = await walkOverwriting(stages, { ...options, matcher: matcher() });
        expect(groupOf(plain)).to.deep.equal([0, 7]);
        const { at: _, ...pivot } = overwritten.pivot!;
        expect(plain.pivot).to.include({ ...pivot, key: plain.pivot!.key });
        expect(pivot.key.equals(plain.pivot!.key)).to.equal(true);
      }
    });
  }

  it('show it to a matcher that holds one', async () => {
    const held: Buffer[] = [];
    const matcher: BatchMatcher = (batch) => {
      for (const buffer of held) expect(buffer.every((byte) => byte === 0xff)).to.equal(true);
      held.push(batch.buffer.subarray(3));
      return -1;
    };
    await walkOverwriting(stages, { segments, fs: realFs, blockBytes: 200, matcher });
    expect(held.length).to.be.greaterThan(3);
  });

  it('show it to a stage that holds one', async () => {
    const held: RecordBatch[] = [];
    let isStale = true;
    await walkOverwriting(stages, { segments, fs: realFs, blockBytes: 200, matcher: () => -1 }, (batch) => {
      isStale &&= held.every(({ buffer, offsets }) => buffer[0] === 0xff && offsets[0] === -1);
      held.push(batch);
    });
    expect(held.length).to.be.greaterThan(3);
    expect(isStale).to.equal(true);
  });
});
