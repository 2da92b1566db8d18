/** Refuses sets of roots that may be incomplete, before a plan exists. */
import { RollbackError } from '../errors.ts';
import type { DurableFs } from '../store/durable-fs.ts';
import { readRootSet } from '../store/root-set.ts';
import type { Database, Table } from '../store/types.ts';

/**
 * Refuses a set of roots that may lack one. Assembling the chain finds missing files; this finds the sets that
 * look whole.
 * @throws RollbackError ERR_ROOTS_UNCERTAIN
 */
export function refuseMissingRoots(
  fs: DurableFs,
  database: Database,
  tables: readonly Table[],
  allRoots: boolean,
): void {
  if (allRoots) return;
  database.groups.forEach((group, i) => {
    const roots = group.map((n) => database.roots[n] as string);
    refuseMissingRootsOf(
      fs,
      roots,
      tables.filter((t) => t.database === i),
    );
  });
}

function refuseMissingRootsOf(fs: DurableFs, roots: readonly string[], tables: readonly Table[]): void {
  const memory = readRootSet(fs, roots);
  if (memory.state === 'incomplete') {
    throw new RollbackError('ERR_ROOTS_UNCERTAIN', {
      what: `The given roots remember a set of ${memory.expected}, but only ${memory.given} of that set are given`,
      why: 'Working without the others could destroy the database',
      next: 'Pass every root with --src; if the set has really become smaller, say so with --all-roots',
    });
  }
  if (memory.state === 'complete') return;
  for (const table of tables) {
    const witness = splitPlacement(table);
    if (witness === null || table.keymaps.length > 0) continue;
    throw new RollbackError(
      'ERR_ROOTS_UNCERTAIN',
      {
        what: `The table has no keymap in any given root, and its files lie in several (metadata and shard 0 of segment ${witness} in different ones)`,
        why: 'The keymap lies in exactly one root: that root may have been forgotten',
        next: 'Pass every root with --src; if none is missing, say so with --all-roots',
      },
      { table: table.name, segment: witness },
    );
  }
}

/**
 * A segment whose metadata and shard 0 lie in different roots: the engine does that unless there is one root.
 */
function splitPlacement(table: Table): number | null {
  const found = table.segments.find(
    (s) => s.values[0] !== undefined && s.values[0].root !== s.metadataFile.root,
  );
  return found?.index ?? null;
}
