/**
 * Computes the recovery that the engine would do at its next start (orphans, swap files), and decides which
 * files may go unasked and which need the operator's word.
 */

import { RollbackError } from '../errors.ts';
import { isCreationOrphan, someNames, withCopies } from '../store/chain.ts';
import type { Orphan, Table } from '../store/types.ts';

/**
 * Refuses orphans that may hold data: a root that was not passed looks exactly like one.
 * @throws RollbackError ERR_ORPHAN_WITH_DATA, ERR_CHAIN_BELOW_WATERMARK
 */
export function refuseOrphansWithData(table: Table, dropOrphans: boolean): void {
  for (const orphan of table.orphans) {
    if (dropOrphans || isCreationOrphan(orphan) || isCollected(table, orphan)) continue;
    throw orphanWithDataError(table, orphan);
  }
  refuseChainBelowWatermark(table);
}

/**
 * Where no record matched, nothing proves that the given roots are the right ones. Collection removes the key
 * file first, so an oldest segment below the watermark that still has its key file may belong to a forgotten
 * root.
 * @throws RollbackError ERR_ORPHAN_WITH_DATA
 */
export function refuseUnmatchedOrphans(table: Table, dropOrphans: boolean): void {
  const odd = table.orphans.find(
    (o) => isCollected(table, o) && !isCreationOrphan(o) && o.files.some((f) => f.rel.endsWith('.keys')),
  );
  if (odd !== undefined && !dropOrphans) throw orphanWithDataError(table, odd);
}

/** The incomplete segments at the newest end of a table. */
export function newestOrphans(table: Table): number[] {
  return table.orphans.filter((o) => o.end === 'highest').map((o) => o.index);
}

function orphanWithDataError(table: Table, orphan: Orphan): RollbackError {
  const side = orphan.end === 'lowest' ? 'oldest' : 'newest';
  return new RollbackError(
    'ERR_ORPHAN_WITH_DATA',
    {
      what: `The ${side} segment is incomplete: ${someNames(orphan.missing)} missing, and what is there may hold data`,
      ...withCopies(
        orphan.unfinished,
        'An interrupted rollback or collection leaves this, but a root that was not passed looks the same',
        'Pass every root with --src; if none is missing, --drop-orphans lets the segment go',
      ),
    },
    { table: table.name, segment: orphan.index, path: orphan.files[0]?.path },
  );
}

function isCollected(table: Table, orphan: Orphan): boolean {
  return orphan.end === 'lowest' && table.watermark !== null && orphan.index < table.watermark;
}

/** The engine's fresh segment is the highest + 1; it refuses a watermark above that. */
function refuseChainBelowWatermark(table: Table): void {
  const highest = table.segments.at(-1)?.index;
  if (highest === undefined || table.watermark === null || highest + 1 >= table.watermark) return;
  throw new RollbackError(
    'ERR_CHAIN_BELOW_WATERMARK',
    {
      what: `The newest complete segment is ${highest}, but the gc-watermark says that ${table.watermark} is the oldest readable one`,
      why: 'The engine refuses to open such a table',
      next: 'Check that no root was forgotten; if none was, restore the missing segments from a backup',
    },
    { table: table.name, path: table.watermarkFiles[0]?.path },
  );
}
