/** Random databases for property tests: small enough to be quick, odd enough to be interesting. */
import fc from 'fast-check';
import type {
  DatabaseSpec,
  GroupSpec,
  SegmentSpec,
  SnapshotSpec,
  TableSpec,
  TailSpec,
} from './table-builder.ts';

/** Runs of each property: LITT_ROLLBACK_RUNS, or what is asked for. */
export function runs(usual: number): { numRuns: number } {
  const asked = Number(process.env['LITT_ROLLBACK_RUNS'] ?? '');
  return { numRuns: Number.isInteger(asked) && asked > 0 ? asked : usual };
}

/** Key lengths: mostly short, sometimes longer than a reader's block. */
const pad = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 0, max: 32 }) },
  { weight: 1, arbitrary: fc.integer({ min: 200, max: 1500 }) },
);

export const groupSpec: fc.Arbitrary<GroupSpec> = fc.record({
  shard: fc.nat(4),
  size: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 60 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  ),
  secondaries: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: 6, max: 40 }) },
  ),
  pad,
  again: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

export const tailSpec: fc.Arbitrary<TailSpec> = fc.record({
  lost: fc.array(fc.constantFrom(0, 0, 1, 40, 100, 10_000), { minLength: 5, maxLength: 5 }),
  unclosed: fc.constantFrom(0, 0, 1, 3),
  torn: fc.constantFrom(0, 0, 1, 2, 15, 30),
});

/** Segments with at most `most` groups. */
export function segmentSpec(most: number): fc.Arbitrary<SegmentSpec> {
  return fc.record({
    version: fc.constantFrom<3 | 4>(4, 4, 3),
    shards: fc.integer({ min: 1, max: 5 }),
    compression: fc.constantFrom<0 | 1>(0, 1),
    rootOrder: fc.nat(4),
    groups: fc.array(groupSpec, { maxLength: most }),
    deadBytes: fc.constantFrom(0, 0, 0, 11),
    tornTail: fc.constantFrom(0, 0, 0, 1, 17),
    open: fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: tailSpec }),
  });
}

const snapshotSpec: fc.Arbitrary<SnapshotSpec> = fc.record({
  consumed: fc.boolean(),
  lower: fc.option(fc.nat(3)),
});

/** What may be said about a table beside its segments. */
export interface TableWishes {
  readonly snapshots: boolean;
  readonly mostSegments: number;
  readonly mostGroups: number;
}

export function tableSpec(name: string, wishes: TableWishes): fc.Arbitrary<TableSpec> {
  return fc
    .record({
      first: fc.constantFrom(0, 0, 1, 9),
      segments: fc.array(segmentSpec(wishes.mostGroups), { maxLength: wishes.mostSegments }),
      tail: fc.option(tailSpec),
      keymap: fc.constantFrom(true, true, true, false),
      watermark: fc.option(fc.nat(2), { freq: 2 }),
      collecting: fc.boolean(),
      snapshot: wishes.snapshots ? fc.option(snapshotSpec, { freq: 2 }) : fc.constant(null),
      leftovers: fc.constantFrom<readonly ('keys' | 'metadata')[]>([], [], ['keys'], ['metadata', 'keys']),
      halfCut: fc.constantFrom(0, 0, 0, 0, 1, 3),
      creation: fc.constantFrom<'metadata' | 'keys' | null>(null, null, 'metadata', 'keys'),
    })
    .map((drawn) => possible({ name, ...drawn }));
}

/** Takes back what no engine leaves: a watermark above the chain, a collected segment that is still readable. */
function possible(spec: TableSpec): TableSpec {
  const length = spec.segments.length;
  const watermark = spec.watermark === null || spec.watermark >= length ? null : spec.watermark;
  // A cut begins with the keymap and the newer segments: it leaves neither.
  const halfCut = spec.tail === null && spec.segments.at(-1)?.groups.length ? (spec.halfCut ?? 0) : 0;
  return {
    ...spec,
    halfCut,
    keymap: spec.keymap && halfCut === 0,
    watermark,
    tail: length === 0 ? null : spec.tail,
    collecting: spec.collecting === true && watermark !== null && watermark > 0 && length > 1,
    leftovers: length === 0 ? [] : (spec.leftovers ?? []),
    creation: length === 0 || halfCut > 0 ? null : (spec.creation ?? null),
    snapshot: length === 0 ? null : (spec.snapshot ?? null),
  };
}

/** Whole databases: 1 to 5 roots, 1 to 3 tables. */
export function databaseSpec(wishes: Partial<TableWishes> = {}): fc.Arbitrary<DatabaseSpec> {
  const settled = { snapshots: false, mostSegments: 5, mostGroups: 5, ...wishes };
  return fc.record({
    seed: fc.nat(1_000_000),
    roots: fc.integer({ min: 1, max: 5 }),
    tables: fc.oneof(
      fc.tuple(tableSpec('t', settled)),
      fc.tuple(tableSpec('blobs', settled), tableSpec('t-2_x', settled)),
      fc.tuple(tableSpec('0', settled), tableSpec('receipts-x', settled), tableSpec('Chunks', settled)),
    ),
  });
}
