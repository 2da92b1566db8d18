import { expect } from 'chai';
import { inspectReport, type LockReport } from '../../lib/report/inspect-report.ts';
import { inspectToText } from '../../lib/report/inspect-text.ts';
import { outcomeToText } from '../../lib/report/outcome-text.ts';
import { verifyToText } from '../../lib/report/verify-text.ts';
import type { Outcome } from '../../lib/rollback/apply.ts';
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

/** An outcome of nothing, with these parts. */
function outcome(parts: Partial<Outcome>): Outcome {
  const nothing = {
    planId: 'x',
    tables: [],
    steps: 0,
    done: 0,
    alreadyDone: 0,
    bytesRemoved: 0,
    notices: [],
  };
  return { ...nothing, ...parts } as unknown as Outcome;
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

describe('report/inspect-text', () => {
  it('tells roots, locks, tables and what is out of order', () => {
    expectGolden('inspect', inspectToText(inspectReport(database, locks), { width: 110 }));
  });

  it('lists segments when asked for more', () => {
    expectGolden(
      'inspect-verbose',
      inspectToText(inspectReport(database, locks), { width: 110, verbose: true }),
    );
  });

  it('is JSON-safe', () => {
    const report = inspectReport(database, locks);
    expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report);
    expect(report.tables[0]).to.include({ records: 24_690, keyBytes: 1_407_330, valueBytes: 4_500_000 });
    expect(report.tables[0]!.segments[2]).to.include({ records: null, sealedAt: null, sealed: false });
  });
});

describe('report/outcome-text', () => {
  it('tells what was done to each table', () => {
    const done = outcome({
      tables: [
        { table: 'blobs', outcome: 'cut', recordsKept: 171, recordsRemoved: 113 },
        {
          table: 'high',
          outcome: 'cut',
          recordsKept: 4,
          recordsRemoved: 2,
          heights: { schema: 's', target: '7', lastKept: '7', firstRemoved: '8', alsoRemoved: null },
        },
        { table: 'gone', outcome: 'delete', recordsKept: 0, recordsRemoved: 1234 },
        { table: 'tidy', outcome: 'repair', recordsKept: 7, recordsRemoved: 0 },
        { table: 'tail', outcome: 'repair', recordsKept: 7, recordsRemoved: 2 },
        { table: 'other', outcome: 'keep', recordsKept: 7, recordsRemoved: 0 },
        { table: 'same', outcome: 'nothing', recordsKept: 7, recordsRemoved: 0 },
      ],
      steps: 14,
      done: 12,
      alreadyDone: 2,
      bytesRemoved: 42_189,
      notices: ['Copies pushed elsewhere must drop segments 5 and 6 too.'],
    });
    expectGolden('outcome', outcomeToText(done));
  });

  it('says when there was nothing to do', () => {
    expect(outcomeToText(outcome({}))).to.equal('Done: there was nothing to do.\n');
  });
});

describe('report/verify-text', () => {
  const sound = {
    table: 'blobs',
    segments: 7,
    records: 1234,
    keyBytes: 5000,
    valueBytes: 100_000,
    findings: [],
  };
  const finding = (i: number) => ({
    table: 'bad',
    segment: 4,
    path: '/data/a/bad/segments/4.keys',
    offset: i === 0 ? null : i * 1000,
    problem: `Record ${i} points past the end of its value file`,
  });
  const bad = { ...sound, table: 'bad', findings: [0, 1, 2].map(finding) };

  it('tells that all is well', () => {
    expectGolden('verify-ok', verifyToText({ tables: [sound], ok: true }));
    expect(verifyToText({ tables: [sound], ok: true }, { quiet: true })).to.equal('');
  });

  it('names file and offset of each problem, and counts what it leaves out', () => {
    expectGolden('verify-bad', verifyToText({ tables: [sound, bad], ok: false }, { limit: 2 }));
    expect(verifyToText({ tables: [sound, bad], ok: false }, { quiet: true })).not.to.contain('blobs');
  });
});
