/** Reads the contents of a database's roots; creates, repairs and deletes nothing. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { decodeMetadata } from '../format/metadata.ts';
import { assembleChain, type SegmentParts } from './chain.ts';
import { readSmallFile } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { findTables, refuseLinkedTable } from './find-tables.ts';
import { resolveRoots } from './roots.ts';
import { MAX_SMALL_FILE_BYTES, placed, TableInRoot } from './table-in-root.ts';
import type { Database, FileInfo, KeymapInfo, RootGroups, SnapshotInfo, Table } from './types.ts';

/** How to read. */
export interface ReadOptions {
  /** Which of the roots belong together; default all of them. */
  readonly groups?: RootGroups | undefined;
  /** Told of tables that cannot be read, and of directories that may be tables, which are then left out; without it they are refused. */
  readonly onDamage?: ((table: string, error: RollbackError) => void) | undefined;
}

/**
 * Reads the database that lies in the given roots (every root of it, in any order), or several at once.
 * @throws RollbackError any ERR_ROOT_*, ERR_TABLE_TWICE, ERR_SYMBOLIC_LINK, ERR_NOT_A_REGULAR_FILE,
 *   ERR_SAME_FILE_TWICE, ERR_BAD_FILE_NAME, ERR_METADATA, ERR_UNSUPPORTED_VERSION, ERR_WATERMARK, what
 *   assembleChain throws, ERR_CHANGED_WHILE_READING, ERR_IO
 */
export function readDatabase(fs: DurableFs, dirs: readonly string[], options: ReadOptions = {}): Database {
  const roots = resolveRoots(fs, dirs);
  const groups = options.groups ?? [roots.map((_, i) => i)];
  const notTables: string[] = [];
  const { onDamage } = options;
  const unclear = new Set<string>();
  const onUnreadable: ReadOptions['onDamage'] =
    onDamage &&
    ((table, error) => {
      unclear.add(table);
      onDamage(table, error);
    });
  const found = groups
    .flatMap((group, database) =>
      tablesOf(fs, roots, group, notTables, onUnreadable).map((t) => ({ ...t, group, database })),
    )
    .filter((t) => !unclear.has(t.name));
  found.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  const twice = found.find((t, i) => t.name === found[i + 1]?.name);
  if (twice !== undefined) throw tableTwiceError(twice.name, roots[twice.present[0] as number] as string);
  const tables = found.flatMap(({ name, present, group, database }) => {
    try {
      const absentIn = group.filter((i) => !present.includes(i));
      for (const i of absentIn) refuseLinkedTable(fs, roots[i] as string, name);
      return [{ ...readTable(fs, roots, name, present), database, absentIn }];
    } catch (error) {
      if (options.onDamage === undefined || !(error instanceof RollbackError)) throw error;
      options.onDamage(name, error);
      return [];
    }
  });
  return { roots, groups, tables, notTables };
}

/** The tables of one database, and the roots of each. */
function tablesOf(
  fs: DurableFs,
  roots: readonly string[],
  group: readonly number[],
  notTables: string[],
  onUnreadable: ReadOptions['onDamage'],
): { name: string; present: number[] }[] {
  const rootsOfTable = new Map<string, number[]>();
  for (const number of group) {
    const root = roots[number] as string;
    const beside = group.map((i) => roots[i] as string);
    const found = findTables(fs, root, onUnreadable, beside);
    for (const name of found.tables) rootsOfTable.set(name, [...(rootsOfTable.get(name) ?? []), number]);
    notTables.push(...found.notTables.map((name) => join(root, name)));
  }
  return [...rootsOfTable].map(([name, present]) => ({ name, present }));
}

function tableTwiceError(table: string, path: string): RollbackError {
  return new RollbackError(
    'ERR_TABLE_TWICE',
    {
      what: `Two databases of this node have a table ${table}`,
      why: 'A target could not say which of the two it means',
      next: 'Roll them back one by one, each with its own --src',
    },
    { table, path },
  );
}

function readTable(
  fs: DurableFs,
  roots: readonly string[],
  name: string,
  present: readonly number[],
): Omit<Table, 'database' | 'absentIn'> {
  const parts = new Map<number, SegmentParts>();
  const leftovers: FileInfo[] = [];
  const ignored: string[] = [];
  const watermarkFiles: FileInfo[] = [];
  const keymaps: KeymapInfo[] = [];
  const snapshots: SnapshotInfo[] = [];
  let watermark: number | null = null;
  for (const root of present) {
    const reader = new TableInRoot(fs, roots[root] as string, root, name);
    reader.collectSegmentFiles(parts, leftovers, ignored);
    const mark = reader.watermark();
    if (mark !== null) {
      watermarkFiles.push(mark.file);
      watermark = Math.max(watermark ?? 0, mark.value);
    }
    const keymap = reader.keymap();
    if (keymap !== null) keymaps.push(keymap);
    const snapshot = reader.snapshot();
    if (snapshot !== null) snapshots.push(snapshot);
  }
  for (const part of parts.values()) {
    if (part.metadataFile !== null) part.metadata = readMetadata(fs, name, part.index, part.metadataFile);
  }
  const { segments, orphans } = assembleChain(name, parts, ignored);
  return { name, segments, orphans, watermarkFiles, watermark, keymaps, snapshots, leftovers };
}

function readMetadata(fs: DurableFs, table: string, segment: number, file: FileInfo) {
  try {
    return decodeMetadata(readSmallFile(fs, file.path, MAX_SMALL_FILE_BYTES));
  } catch (error) {
    throw placed(error, { table, segment, path: file.path }, 'read metadata');
  }
}
