/** What the engine leaves where snapshots are configured: hard links, symbolic links to them, and bounds. */
import { existsSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { TableImage } from './image.ts';
import type { TableSpec } from './table-builder.ts';

/** Publishes every sealed segment of a table but the newest one, as a running engine has. */
export function writeSnapshots(
  spec: TableSpec,
  table: TableImage,
  roots: readonly string[],
  to: { readonly snapshotDir: string; readonly bounds: Map<string, number> },
): void {
  const { snapshotDir, bounds } = to;
  const published = new Set(
    [...table.segments.values()].filter((s) => s.meta?.sealed === true).map((s) => s.index),
  );
  const highest = Math.max(-1, ...table.segments.keys());
  published.delete(highest);
  const links = join(snapshotDir, spec.name, 'segments');
  mkdirSync(links, { recursive: true, mode: 0o750 });
  for (const root of roots) {
    const directory = join(root, spec.name, 'snapshot');
    mkdirSync(directory, { mode: 0o750 });
    if (spec.snapshot?.consumed !== true) publish(root, spec.name, published, links);
  }
  const bound = (name: string, value: number): void => {
    writeFileSync(join(snapshotDir, spec.name, name), `${value}`, { mode: 0o644 });
    bounds.set(`${spec.name}/${name}`, value);
  };
  if (published.size > 0) bound('upper-bound.txt', Math.max(...published));
  const lower = spec.snapshot?.lower ?? null;
  if (lower !== null) bound('lower-bound.txt', spec.first + lower);
}

function publish(root: string, table: string, published: ReadonlySet<number>, links: string): void {
  const segments = join(root, table, 'segments');
  for (const file of readdirSync(segments)) {
    if (!published.has(Number.parseInt(file, 10)) || file.endsWith('.swap')) continue;
    const hard = join(root, table, 'snapshot', file);
    linkSync(join(segments, file), hard);
    if (!existsSync(join(links, file))) symlinkSync(relative(links, hard), join(links, file));
  }
}
