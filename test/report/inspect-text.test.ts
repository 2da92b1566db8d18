import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import type { HeightPart, SegmentHeights } from '../../lib/read/height-list.ts';
import {
  type HeightsReport,
  type InspectFindings,
  inspectReport,
  type LockReport,
} from '../../lib/report/inspect-report.ts';
import { inspectToText } from '../../lib/report/inspect-text.ts';
import type { Database, FileInfo, Segment, Table } from '../../lib/store/types.ts';
import { expectGolden } from './golden.ts';

function file(rel: string, size: number): FileInfo {
  return { root: 0, path: `/data/a/${rel}`, rel, size, mtimeNs: '0', ino: '1', nlink: 1 };
}

function segment(index: number, sealed: boolean): Segment {
  const at = (name: string, size: number): FileInfo => file(`blobs/segments/${name}`, size);
  const sealedAt = 1_750_000_000_000_000_000n + BigInt(index) * 3_600_000_000_000n;
  return {
    index,
    metadata: {
      version: index === 3 ? 3 : 4,
      shardingFactor: 2,
      lastValueTimestamp: sealed ? sealedAt : 0n,
      keyCount: sealed ? 12_345 : 0,
      sealed,
      compression: 0,
    },
    metadataFile: at(`${index}.metadata`, 19),
    keys: at(`${index}.keys`, 469_110),
    values: [at(`${index}-0.values`, 1_000_000), at(`${index}-1.values`, 500_000)],
  };
}

const EMPTY: Omit<Table, 'name'> = {
  segments: [],
  orphans: [],
  watermarkFiles: [],
  watermark: null,
  keymaps: [],
  snapshots: [],
  leftovers: [],
  absentIn: [],
  database: 0,
};

const blobs: Table = {
  ...EMPTY,
  name: 'blobs',
  segments: [segment(3, true), segment(4, true), segment(5, false)],
  orphans: [
    {
      index: 6,
      end: 'highest',
      metadata: null,
      files: [file('blobs/segments/6.keys', 900)],
      missing: ['6.metadata', '6-0.values'],
    },
  ],
  watermark: 4,
  keymaps: [
    { root: 0, path: '/data/a/blobs/keymap', rel: 'blobs/keymap', type: 'PebbleDBKeymap', complete: false },
  ],
  snapshots: [
    {
      root: 0,
      path: '/data/a/blobs/snapshot',
      rel: 'blobs/snapshot',
      files: [file('blobs/snapshot/3.keys', 1)],
    },
  ],
  leftovers: [file('blobs/segments/4.keys.swap', 10)],
  absentIn: [1],
};

const database: Database = {
  roots: ['/data/a', '/data/b', '/data/c', '/data/d'],
  groups: [[0, 1, 2, 3]],
  tables: [blobs, { ...EMPTY, name: 'empty' }],
  notTables: ['t.bak'],
};

const free: LockReport = { state: 'free', pid: null, since: null, text: null };
const locks: LockReport[] = [
  free,
  { state: 'held', pid: 4711, since: '2025-06-15T15:06:12Z', text: 'PID: 4711\n' },
  { state: 'stale', pid: 12, since: '2025-06-15T15:06:12Z', text: 'PID: 12\n' },
  { state: 'unreadable', pid: null, since: null, text: null },
];

const nothing: InspectFindings = { locks, status: null, damaged: new Map(), heights: new Map() };

const heightsOf = (
  segment: number,
  parts: readonly HeightPart[],
  more: Partial<SegmentHeights>,
): SegmentHeights => ({
  segment,
  records: 12_345,
  groups: 6_000,
  misfits: 0,
  first: parts[0]?.first ?? null,
  last: parts.at(-1)?.last ?? null,
  lowest: parts[0]?.first ?? null,
  highest: parts.at(-1)?.last ?? null,
  falls: Math.max(parts.length - 1, 0),
  parts,
  belowOlder: false,
  ...more,
});

const heights: HeightsReport = {
  schema: 'blocks',
  ends: {
    oldest: { height: '1000', label: 'block 1000', segment: 4 },
    newest: { height: '18446744073709551615', label: 'block 18446744073709551615', segment: 5 },
    fits: false,
    problem: null,
  },
  segments: [
    heightsOf(3, [{ record: 0, first: '1000', last: '1019' }], { misfits: 1 }),
    heightsOf(
      4,
      [
        { record: 0, first: '1020', last: '1030' },
        { record: 12, first: '1008', last: '1008' },
        { record: 14, first: '1031', last: '18446744073709551615' },
      ],
      { lowest: '1008', belowOlder: true, falls: 40 },
    ),
    heightsOf(5, [], { records: 0, groups: 0 }),
  ],
};

const found: InspectFindings = {
  locks,
  status: {
    roots: database.roots,
    transactions: [
      {
        id: '20251125T180000Z-0a0b0c',
        begunAt: '2025-11-25T18:00:00Z',
        target: 'height 1024',
        sequence: 1,
        state: 'unfinished',
        undo: { possible: 'now', code: null, reason: null, path: null },
        direction: 'forward',
        committed: true,
        stepsKept: 3,
        steps: 16,
        bytesHeld: 10_000,
        rootsGiven: 4,
        roots: 4,
        missingRoots: [],
        snapshotDir: null,
      },
    ],
    traces: [],
    unreadable: [],
    lostJournals: [],
    blocks: [],
    clockContradictions: [],
    unfinished: true,
  },
  damaged: new Map([
    [
      'torn',
      new RollbackError('ERR_METADATA', { what: 'The metadata has 3 bytes' }, { table: 'torn', segment: 3 }),
    ],
  ]),
  heights: new Map([['blobs', heights]]),
};

const report = inspectReport(database, nothing);

describe('report/inspect-text', () => {
  it('tells roots, locks, tables and what is out of order', () => {
    expectGolden('inspect', inspectToText(report, { width: 110 }));
  });

  it('lists segments when asked for more', () => {
    expectGolden('inspect-verbose', inspectToText(report, { width: 110, verbose: true }));
  });

  it('is JSON-safe', () => {
    expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
    expect(report.tables[0]).to.include({ records: 24_690, keyBytes: 1_407_330, valueBytes: 4_500_000 });
    expect(report.tables[0]!.segments[2]).to.include({ records: null, sealedAt: null, sealed: false });
  });

  it('tells of rollbacks, of tables that cannot be read, and which heights begin where', () => {
    const full = inspectReport(database, found);
    expectGolden('inspect-heights', inspectToText(full, { width: 110, listed: true }));
    expect(JSON.parse(JSON.stringify(full))).to.deep.equal(full);
  });

  it('tells what the ends of a table tell, and why not', () => {
    const text = (ends: Partial<HeightsReport['ends']>): string => {
      const told = { schema: 'receipts', ends: { ...heights.ends, fits: true, ...ends }, segments: null };
      return inspectToText(inspectReport(database, { ...nothing, heights: new Map([['blobs', told]]) }));
    };
    expect(text({})).to.contain('1,000 to 18,446,744,073,709,551,615 (schema receipts)\n');
    expect(text({ newest: null, fits: false })).to.contain(
      '1,000 to unknown (schema receipts); keys there do not fit',
    );
    expect(text({ newest: null, oldest: null })).to.contain(
      'no record at the ends has one (schema receipts)',
    );
    expect(text({ problem: 'EACCES' })).to.contain('not readable: EACCES');
  });
});
