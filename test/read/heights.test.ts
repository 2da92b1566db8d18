/** Heights of a table, listed and at its ends, against a naive reading of the same groups. */
import { expect } from 'chai';
import fc from 'fast-check';
import { heightEnds } from '../../lib/read/height-ends.ts';
import { listHeights, MAX_PARTS, type SegmentHeights } from '../../lib/read/height-list.ts';
import { blocks } from '../../lib/schemas/blocks.ts';
import { receipts } from '../../lib/schemas/receipts.ts';
import type { TableSchema } from '../../lib/schemas/types.ts';
import { readDatabase } from '../../lib/store/database.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { runs } from '../helpers/arbitraries.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { removeTempDir } from '../helpers/temp.ts';
import {
  cutGroups,
  keysOfGroup,
  segmentsOfGroups,
  type WrittenGroup,
  type WrittenKind,
  writtenGroups,
} from '../helpers/written.ts';

const decides = (g: WrittenGroup): boolean => g.kind === 'r' || g.kind === 'b';

const sorted = (heights: readonly bigint[]): bigint[] =>
  [...heights].sort((a, b) => (a < b ? -1 : Number(a > b)));

const text = (height: bigint | undefined): string | null => (height === undefined ? null : String(height));

/** What a segment's heights are, told the slow way. */
function expectedOf(
  groups: readonly WrittenGroup[],
  older: readonly WrittenGroup[],
): Omit<SegmentHeights, 'segment'> {
  const heights = groups.filter(decides).map((g) => g.height);
  const parts: { record: number; first: string; last: string }[] = [];
  let record = 0;
  let last: bigint | null = null;
  for (const group of groups) {
    if (decides(group)) {
      if (last === null || group.height < last) parts.push({ record, first: String(group.height), last: '' });
      parts.at(-1)!.last = String(group.height);
      last = group.height;
    }
    record += keysOfGroup(group).length;
  }
  const olderTop = sorted(older.filter(decides).map((g) => g.height)).at(-1);
  const lowest = sorted(heights)[0];
  return {
    records: record,
    groups: groups.length,
    // Of an odd group's two keys both fit neither layout, but for a hash among receipts.
    misfits: groups.filter((g) => g.kind === 'x').length,
    first: text(heights[0]),
    last: text(heights.at(-1)),
    lowest: text(lowest),
    highest: text(sorted(heights).at(-1)),
    falls: Math.max(parts.length - 1, 0),
    parts: parts.slice(0, MAX_PARTS),
    belowOlder: lowest !== undefined && olderTop !== undefined && lowest < olderTop,
  };
}

const scenario = (kinds: readonly WrittenKind[]) =>
  fc.record({
    groups: writtenGroups(kinds, 5),
    cuts: fc.array(fc.nat(40), { maxLength: 4 }),
    open: fc.boolean(),
    blockBytes: fc.integer({ min: 20, max: 2000 }),
    wholeBytes: fc.constantFrom(0, 10_000_000),
  });

describe('read: heights', function () {
  this.timeout(300_000);

  for (const [name, schema, kinds] of [
    ['receipts', receipts, ['r', 'r', 'r', 'x']],
    ['blocks', blocks, ['q', 'b', 'b', 'a', 'p']],
  ] as const) {
    it(`${name}: are listed as they are, for any order, part, gap, migration and odd key`, async () => {
      let [falls, below, odd] = [0, 0, 0];
      const property = fc.asyncProperty(scenario(kinds), async ({ groups, cuts, open, blockBytes }) => {
        const parts = cutGroups(groups, cuts);
        const root = keyedTable(segmentsOfGroups(parts, open), { table: name });
        const [table] = readDatabase(realFs, [root]).tables;
        const progress: number[] = [];
        const onProgress = (p: { done: number; total: number }): number => progress.push(p.total - p.done);
        const listed = await listHeights(realFs, table!, schema, { blockBytes, onProgress });
        removeTempDir(root);
        const expected = parts.map((part, segment) => ({
          segment,
          ...expectedOf(part, parts.slice(0, segment).flat()),
        }));
        expect(listed).to.deep.equal(expected);
        if (groups.length > 0) expect(progress.at(-1), 'progress reaches the end').to.equal(0);
        falls += expected.reduce((sum, s) => sum + s.falls, 0);
        below += expected.filter((s) => s.belowOlder).length;
        odd += expected.reduce((sum, s) => sum + s.misfits, 0);
      });
      await fc.assert(property, runs(150));
      expect(Math.min(falls, below)).to.be.greaterThan(0);
      if (name === 'receipts') expect(odd).to.be.greaterThan(0);
    });

    it(`${name}: of the oldest and the newest record that tells one, in files read whole or in part`, async () => {
      const property = fc.asyncProperty(scenario(kinds), async ({ groups, cuts, open, wholeBytes }) => {
        const parts = cutGroups(groups, cuts);
        const root = keyedTable(segmentsOfGroups(parts, open), { table: name });
        const [table] = readDatabase(realFs, [root]).tables;
        const ends = await heightEnds(realFs, table!, schema, wholeBytes);
        removeTempDir(root);
        const filled = parts.filter((part) => part.length > 0);
        // Of files read in part only the outermost ones are looked at.
        const [oldest, newest] = wholeBytes > 0 ? [groups, groups] : [filled[0] ?? [], filled.at(-1) ?? []];
        expect(ends.oldest?.height ?? null).to.equal(text(oldest.find(decides)?.height));
        expect(ends.newest?.height ?? null).to.equal(text(newest.findLast(decides)?.height));
        expect(ends.problem).to.equal(null);
      });
      await fc.assert(property, runs(100));
    });
  }

  it('keeps a few parts of a segment, and counts the rest', async () => {
    const groups = Array.from({ length: 100 }, (_, i) => receipt(1000 - i));
    const root = keyedTable([{ groups }], { table: 'receipts' });
    const [listed] = await listHeights(realFs, readDatabase(realFs, [root]).tables[0]!, receipts);
    expect(listed).to.include({ falls: 99, first: '1000', last: '901', lowest: '901', highest: '1000' });
    expect(listed!.parts).to.have.length(MAX_PARTS);
    expect(listed!.parts.at(-1)).to.deep.equal({ record: 30, first: '985', last: '985' });
  });

  it('begins with what the engine serves', async () => {
    const segments = [1, 2, 3].map((h) => ({ groups: [receipt(h)] }));
    const root = keyedTable(segments, { table: 'receipts', watermark: 1 });
    const [table] = readDatabase(realFs, [root]).tables;
    const { oldest, newest, fits } = await heightEnds(realFs, table!, receipts);
    expect(oldest).to.deep.equal({ height: '2', label: 'height 2, part 0', segment: 1 });
    expect(newest).to.deep.equal({ height: '3', label: 'height 3, part 0', segment: 2 });
    expect(fits).to.equal(true);
  });

  it('notices keys at the ends that do not fit', async () => {
    const root = keyedTable([{ groups: [[Buffer.from('x')], [Buffer.from('yz')]] }], { table: 'receipts' });
    const ends = await heightEnds(realFs, readDatabase(realFs, [root]).tables[0]!, receipts);
    expect(ends).to.include({ oldest: null, newest: null, fits: false });
  });

  it('tells what cannot be read, and lets what a schema throws through', async () => {
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'receipts' });
    const [table] = readDatabase(realFs, [root]).tables;
    removeTempDir(root);
    const ends = await heightEnds(realFs, table!, receipts);
    expect(ends.problem).to.contain('ENOENT');
    const again = keyedTable([{ groups: [receipt(1)] }], { table: 'receipts' });
    const failing: TableSchema = {
      name: 'failing',
      decode: () => {
        throw new Error('no');
      },
    };
    const tables = readDatabase(realFs, [again]).tables;
    const said = await heightEnds(realFs, tables[0]!, failing).catch(String);
    expect(said).to.equal('Error: no');
  });
});
