/** Emulates what a start of the engine without new records leaves: a keymap, and one empty segment a table. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { SweepCase } from './cases.ts';

/** Where metadata holds what (bytes). */
const SHARDS_AT = 4;
/** Time, number of keys, sealed: all zero while a segment is open. */
const OPEN = { from: 5, to: 18 } as const;

/** Puts it into a copy of a rolled back database. */
export function leaveIdleStart(of: SweepCase, at: string): void {
  const made = new Set<string>();
  const put = (path: string, bytes: string | Buffer): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    for (let entry = path; entry !== at; entry = dirname(entry)) made.add(relative(at, entry));
  };
  for (const [table, dirs] of of.segmentsByTable(at)) {
    const newest = newestSegment(dirs);
    if (newest === null) continue;
    const metadata = readFileSync(newest.metadata);
    metadata.fill(0, OPEN.from, OPEN.to);
    const next = join(dirs[0]!, String(newest.index + 1));
    put(`${next}.metadata`, metadata);
    put(`${next}.keys`, '');
    for (let shard = 0; shard < metadata[SHARDS_AT]!; shard++) put(`${next}-${shard}.values`, '');
    put(join(of.roots(at)[0]!, table, 'keymap', 'data', '000001.log'), 'made from the records that are left');
  }
  of.allowAfterwards(made);
}

function newestSegment(dirs: readonly string[]): { index: number; metadata: string } | null {
  const found = dirs.flatMap((dir) =>
    readdirSync(dir).flatMap((name) => {
      const index = /^(\d+)\.metadata$/.exec(name)?.[1];
      return index === undefined ? [] : [{ index: Number(index), metadata: join(dir, name) }];
    }),
  );
  return found.sort((a, b) => b.index - a.index)[0] ?? null;
}
