/** Reads what lies in the roots of a database; creates, repairs and deletes nothing. */
import { join } from 'node:path';
import { RollbackError } from '../errors.ts';
import { decodeMetadata } from '../format/metadata.ts';
import { assembleChain, type SegmentParts } from './chain.ts';
import { readSmallFile } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { findTables, resolveRoots } from './roots.ts';
import { MAX_SMALL_FILE_BYTES, placed, TableInRoot } from './table-in-root.ts';
import type { Database, FileInfo, KeymapInfo, SnapshotInfo, Table } from './types.ts';

/**
 * Reads the database that lies in the given roots (every root of it, in any order).
 * @param onDamage told of tables that cannot be read, which are then left out; without it they are refused
 * @throws RollbackError any ERR_ROOT_*, ERR_SYMBOLIC_LINK, ERR_NOT_A_REGULAR_FILE, ERR_SAME_FILE_TWICE,
 *   ERR_BAD_FILE_NAME, ERR_METADATA, ERR_UNSUPPORTED_VERSION, ERR_WATERMARK, what assembleChain throws,
 *   ERR_CHANGED_WHILE_READING, ERR_IO
 */
export function readDatabase(
  fs: DurableFs,
  dirs: readonly string[],
  onDamage?: (table: string, error: RollbackError) => void,
): Database {
  const roots = resolveRoots(fs, dirs);
  const rootsOfTable = new Map<string, number[]>();
  const notTables: string[] = [];
  roots.forEach((root, number) => {
    const found = findTables(fs, root);
    for (const name of found.tables) rootsOfTable.set(name, [...(rootsOfTable.get(name) ?? []), number]);
    notTables.push(...found.notTables.map((name) => join(root, name)));
  });
  const names = [...rootsOfTable.keys()].sort();
  const tables = names.flatMap((name) => {
    try {
      return [readTable(fs, roots, name, rootsOfTable.get(name) ?? [])];
    } catch (error) {
      if (onDamage === undefined || !(error instanceof RollbackError)) throw error;
      onDamage(name, error);
      return [];
    }
  });
  return { roots, tables, notTables };
}

function readTable(fs: DurableFs, roots: readonly string[], name: string, present: readonly number[]): Table {
  const parts = new Map<number, SegmentParts>();
  const leftovers: FileInfo[] = [];
  const watermarkFiles: FileInfo[] = [];
  const keymaps: KeymapInfo[] = [];
  const snapshots: SnapshotInfo[] = [];
  let watermark: number | null = null;
  for (const root of present) {
    const reader = new TableInRoot(fs, roots[root] as string, root, name);
    reader.collectSegmentFiles(parts, leftovers);
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
  const { segments, orphans } = assembleChain(name, parts);
  const absentIn = roots.map((_, i) => i).filter((i) => !present.includes(i));
  return { name, segments, orphans, watermarkFiles, watermark, keymaps, snapshots, leftovers, absentIn };
}

function readMetadata(fs: DurableFs, table: string, segment: number, file: FileInfo) {
  try {
    return decodeMetadata(readSmallFile(fs, file.path, MAX_SMALL_FILE_BYTES));
  } catch (error) {
    throw placed(error, { table, segment, path: file.path }, 'read metadata');
  }
}
