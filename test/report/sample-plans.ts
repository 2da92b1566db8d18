/** Hand-made plans and reports: what the texts are made from in these tests. */
import type { Amount, RecordRef, RollbackPlan, SegmentFate, Step, TablePlan } from '../../lib/types.ts';

const NOTHING: Amount = { segments: 0, records: 0, keyBytes: 0, valueBytes: 0 };

export function record(segment: number, number: number, key: string, kind = 0): RecordRef {
  return { segment, record: number, offset: number * 30, kind, key };
}

export function fate(
  segment: number,
  kind: SegmentFate['fate'],
  keptBytes: number,
  removedBytes: number,
): SegmentFate {
  return { segment, fate: kind, keptBytes, removedBytes };
}

export function tablePlan(table: Partial<TablePlan> & { table: string }): TablePlan {
  return {
    outcome: 'nothing',
    watermark: null,
    pivot: null,
    lastKept: null,
    firstRemoved: null,
    heights: null,
    kept: NOTHING,
    removed: NOTHING,
    segments: [],
    removesKeymap: false,
    snapshotCopies: null,
    notices: [],
    acceptedDamage: false,
    steps: [],
    ...table,
  };
}

export function plan(parts: Partial<RollbackPlan> & Pick<RollbackPlan, 'tables'>): RollbackPlan {
  return {
    format: 'litt-rollback/plan',
    version: 1,
    id: '0123456789abcdef',
    createdAt: '2025-06-15T15:06:12.000Z',
    target: 'the newest record with key 0a0b',
    unlocked: false,
    approximate: false,
    roots: ['/data/litt'],
    databases: [{ name: null, roots: [0] }],
    snapshotDir: null,
    tablesOutside: [],
    notices: [],
    fingerprint: [],
    digest: '0'.repeat(64),
    ...parts,
  };
}

/** Metadata version 4 in hex: one shard, this many records, sealed or not. */
export function metadataHex(records: number, sealed: boolean): string {
  const bytes = Buffer.alloc(19);
  bytes.writeUInt32BE(4, 0);
  bytes.writeUInt8(1, 4);
  if (sealed) {
    bytes.writeBigUInt64BE(1_750_000_000_000_000_000n, 5);
    bytes.writeUInt32BE(records, 13);
    bytes.writeUInt8(1, 17);
  }
  return bytes.toString('hex');
}

export function removeFile(
  table: string,
  name: string,
  reason: Extract<Step, { op: 'remove-file' }>['reason'],
  segment?: number,
): Step {
  const file = { root: 0, path: `${table}/segments/${name}` };
  return { op: 'remove-file', table, file, size: 1000, reason, ...(segment !== undefined && { segment }) };
}

/** A cut in the middle: segments 0–6, the pivot in segment 4. */
export function cutTable(): TablePlan {
  const table = 'blobs';
  const at = (name: string) => ({ root: 0, path: `${table}/segments/${name}` });
  return tablePlan({
    table,
    outcome: 'cut',
    pivot: record(4, 30, '0000000000000403', 2),
    lastKept: record(4, 31, '620000000000000403', 3),
    firstRemoved: record(4, 32, '0000000000000404', 1),
    kept: { segments: 5, records: 171, keyBytes: 6000, valueBytes: 56_464 },
    removed: { segments: 2, records: 113, keyBytes: 4000, valueBytes: 38_189 },
    segments: [
      ...[0, 1, 2, 3].map((i) => fate(i, 'kept', 14_000, 0)),
      fate(4, 'cut', 6464, 3000),
      fate(5, 'removed', 0, 20_000),
      fate(6, 'removed', 0, 19_189),
    ],
    removesKeymap: true,
    steps: [
      { op: 'remove-directory', table, file: { root: 0, path: `${table}/keymap` }, reason: 'keymap' },
      removeFile(table, '6.keys', 'newer', 6),
      { op: 'cut-file', table, segment: 4, file: at('4.keys'), from: 2000, to: 1240 },
      {
        op: 'replace-file',
        table,
        segment: 4,
        file: at('4.metadata'),
        reason: 'metadata',
        before: metadataHex(0, false),
        after: metadataHex(32, true),
      },
    ],
  });
}

/** Everything that can stand beside a cut: snapshots, orphans, leftovers, bounds, a notice. */
export function crowdedTable(): TablePlan {
  const table = 'receipts-x';
  const bound = (name: string) => ({ root: 'snapshots' as const, path: `${table}/${name}` });
  return tablePlan({
    ...cutTable(),
    table,
    segments: [
      fate(0, 'orphan', 0, 900),
      fate(1, 'kept', 10_000, 0),
      fate(2, 'cut', 5000, 5000),
      fate(3, 'removed', 0, 10),
    ],
    snapshotCopies: { from: 2, through: 3 },
    notices: ['The lowest segment is 1 and there is no watermark: older segments may have been collected.'],
    steps: [
      { op: 'remove-directory', table, file: { root: 0, path: `${table}/keymap` }, reason: 'keymap' },
      { op: 'remove-directory', table, file: { root: 0, path: `${table}/snapshot` }, reason: 'snapshot' },
      {
        op: 'remove-link',
        table,
        file: bound('segments/3.keys'),
        target: '/data/litt/receipts-x/snapshot/3.keys',
      },
      {
        op: 'remove-link',
        table,
        file: bound('segments/3.metadata'),
        target: '/data/litt/receipts-x/snapshot/3.metadata',
      },
      {
        op: 'replace-file',
        table,
        file: bound('upper-bound.txt'),
        reason: 'upper-bound',
        before: '330a',
        after: '320a',
      },
      removeFile(table, 'lower-bound.txt', 'bound'),
      removeFile(table, '0.metadata', 'orphan', 0),
      removeFile(table, '0-0.values', 'orphan', 0),
      removeFile(table, '2.keys.swap', 'leftover'),
      {
        op: 'rewrite-keys',
        table,
        segment: 2,
        file: { root: 0, path: `${table}/segments/2.keys` },
        from: 900,
        to: 500,
        keep: [
          [0, 300],
          [400, 600],
        ],
      },
    ],
  });
}
