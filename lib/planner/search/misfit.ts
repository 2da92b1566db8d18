/** Keys that contradict the schema of their table, so that the heights are unknown. */
import { RollbackError } from '../../errors.ts';
import { isPrimaryAt, keyLengthAt, keyStart } from '../../format/key-records.ts';
import { formatKey } from '../../format/printable.ts';
import type { KeyRun, TableSchema } from '../../schemas/types.ts';
import type { Segment } from '../../store/types.ts';

/** A run of records and where it lies. */
export interface PlacedRun extends KeyRun {
  readonly segment: Segment;
  /** File offset of the buffer's first byte. */
  readonly base: number;
}

/** The error of record `i` of a run, whose key does not fit the schema. */
export function schemaMisfitError(
  table: string,
  schema: TableSchema,
  run: PlacedRun,
  i: number,
): RollbackError {
  const at = run.offsets[i] as number;
  const start = keyStart(at);
  const key = run.buffer.subarray(start, start + keyLengthAt(run.buffer, at));
  const kind = isPrimaryAt(run.buffer, at) ? 'primary' : 'secondary';
  return new RollbackError(
    'ERR_SCHEMA_MISFIT',
    {
      what: `The ${kind} key ${formatKey(key)} does not fit the schema ${schema.name}`,
      why: 'Its height is unknown, so it belongs to neither side of the target',
      next: `Say what the keys of this table mean with --schema ${table}=…, or use a target by key or filter`,
    },
    { table, segment: run.segment.index, path: run.segment.keys.path, offset: run.base + at },
  );
}
