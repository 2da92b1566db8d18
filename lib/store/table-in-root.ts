/** The files of one table in one root, each checked to be of the kind that the engine makes. */
import { join } from 'node:path';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { parseSegmentFileName } from '../format/file-names.ts';
import { parseWatermark, WATERMARK_FILE } from '../format/watermark.ts';
import { BOLT_FILE } from './bolt.ts';
import type { SegmentParts } from './chain.ts';
import { readSmallFile } from './durable-files.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { listDirectory, lstatOrNull, SEGMENTS_DIR } from './roots.ts';
import type { FileInfo, KeymapInfo, SnapshotInfo } from './types.ts';

/** Name of the keymap directory in a table's directory. */
const KEYMAP_DIR = 'keymap';
/** Name of the directory of hard links in a table's directory. */
/** Name of the directory in a table that holds the hard links of snapshots. */
export const SNAPSHOT_DIR = 'snapshot';

/** Metadata, watermarks and markers are tiny; anything bigger is something else. */
export const MAX_SMALL_FILE_BYTES = 4096;

/** An error with its place filled in; a raw one becomes ERR_IO. */
export function placed(
  error: unknown,
  place: { table: string; segment?: number; path: string },
  doing: string,
): Error {
  if (error instanceof RollbackError) return error.at(place);
  return ioError(error, place.path, doing);
}

/** One table's directory in one root. */
export class TableInRoot {
  private readonly dir: string;

  constructor(
    private readonly fs: DurableFs,
    rootDir: string,
    private readonly root: number,
    private readonly table: string,
  ) {
    this.dir = join(rootDir, table);
  }

  /** Sorts this root's segment files into `parts`, swap files into `leftovers`, and what the engine ignores into `ignored`. */
  collectSegmentFiles(parts: Map<number, SegmentParts>, leftovers: FileInfo[], ignored: string[]): void {
    const dir = join(this.dir, SEGMENTS_DIR);
    for (const name of listDirectory(this.fs, dir)) {
      if (name === BOLT_FILE) continue; // one of this program; callers that must stop at it ask for it by name
      const path = join(dir, name);
      const parsed = this.parse(name, path);
      if (parsed?.kind === 'ignored') ignored.push(path);
      if (parsed === null || parsed.kind === 'ignored') continue;
      const file = this.regularFile(path, `${SEGMENTS_DIR}/${name}`);
      if (file === null) continue;
      if (parsed.kind === 'leftover') {
        leftovers.push(file);
        continue;
      }
      let part = parts.get(parsed.index);
      if (part === undefined) {
        part = { index: parsed.index, metadataFile: null, metadata: null, keys: null, values: new Map() };
        parts.set(parsed.index, part);
      }
      this.addPart(part, parsed, file);
    }
  }

  /** Null for a sub-directory: the engine ignores those, whatever their names. */
  private parse(name: string, path: string) {
    try {
      return parseSegmentFileName(name);
    } catch (error) {
      if (lstatOrNull(this.fs, path)?.kind === 'directory') return null;
      throw placed(error, { table: this.table, path }, 'read a file name');
    }
  }

  private addPart(part: SegmentParts, parsed: ReturnType<typeof parseSegmentFileName>, file: FileInfo): void {
    if (parsed.kind === 'metadata') {
      if (part.metadataFile !== null) throw this.fileTwiceError(part.index, part.metadataFile, file);
      part.metadataFile = file;
    } else if (parsed.kind === 'keys') {
      if (part.keys !== null) throw this.fileTwiceError(part.index, part.keys, file);
      part.keys = file;
    } else if (parsed.kind === 'values') {
      const earlier = part.values.get(parsed.shard);
      if (earlier !== undefined) throw this.fileTwiceError(part.index, earlier, file);
      part.values.set(parsed.shard, file);
    }
  }

  private fileTwiceError(segment: number, a: FileInfo, b: FileInfo): RollbackError {
    return new RollbackError(
      'ERR_SAME_FILE_TWICE',
      {
        what: `The same segment file lies in two roots: ${a.path} and ${b.path}`,
        why: 'Which one is right is unknown, and the engine refuses to open such a table',
        next: 'Find out which one is current (size, time, backup) and move the other one away',
      },
      { table: this.table, segment },
    );
  }

  /** Null for a directory; refuses links and everything else but regular files. */
  private regularFile(path: string, below: string): FileInfo | null {
    const stat = this.lstatPresent(path);
    if (stat.kind === 'directory') return null;
    if (stat.kind === 'link') throw this.linkedFileError(path, below);
    if (stat.kind !== 'file') throw this.oddFileError(path, 'is neither a file nor a directory');
    return fileInfo(this.root, path, `${this.table}/${below}`, stat);
  }

  private lstatPresent(path: string): FileStat {
    const stat = lstatOrNull(this.fs, path);
    if (stat !== null) return stat;
    throw new RollbackError(
      'ERR_CHANGED_WHILE_READING',
      {
        what: 'A file vanished while the directory was read',
        why: 'Another process is writing to this database',
        next: 'Stop the node and whatever else works on these files, then run the command again',
      },
      { table: this.table, path },
    );
  }

  private linkedFileError(path: string, below: string): RollbackError {
    const isSnapshot = below.startsWith(`${SEGMENTS_DIR}/`);
    return new RollbackError(
      'ERR_SYMBOLIC_LINK',
      {
        what: `Symbolic links among a table's files: ${isSnapshot ? 'a snapshot, not a database' : below}`,
        why: 'What a link points at belongs to another directory, often to a live database',
        next: isSnapshot
          ? "Pass the database's own roots; a snapshot directory goes with --snapshot-dir"
          : 'Replace the link by the file itself, then run the command again',
      },
      { table: this.table, path },
    );
  }

  private oddFileError(path: string, problem: string): RollbackError {
    return new RollbackError(
      'ERR_NOT_A_REGULAR_FILE',
      { what: `A table's file ${problem}`, why: 'The engine cannot have made it', next: 'Move it away' },
      { table: this.table, path },
    );
  }

  /** The watermark file and its value; null without one. */
  watermark(): { file: FileInfo; value: number } | null {
    const path = join(this.dir, WATERMARK_FILE);
    if (lstatOrNull(this.fs, path) === null) return null;
    const file = this.regularFile(path, WATERMARK_FILE);
    if (file === null) throw this.oddFileError(path, 'is a directory');
    try {
      return { file, value: parseWatermark(readSmallFile(this.fs, path, MAX_SMALL_FILE_BYTES)) };
    } catch (error) {
      throw placed(error, { table: this.table, path }, 'read a watermark');
    }
  }

  /** The keymap directory; null without one. */
  keymap(): KeymapInfo | null {
    const path = this.directory(KEYMAP_DIR);
    if (path === null) return null;
    let type: string | null = null;
    try {
      type = readSmallFile(this.fs, join(path, 'keymap-type.txt'), MAX_SMALL_FILE_BYTES).toString('latin1');
    } catch (error) {
      // Without a readable type the engine would refuse; the keymap is derived, so planning may continue.
      if (!hasErrno(error, 'ENOENT') && !(error instanceof RollbackError)) {
        throw placed(error, { table: this.table, path }, 'read the keymap type');
      }
    }
    const complete =
      lstatOrNull(this.fs, join(path, 'initialized')) !== null &&
      lstatOrNull(this.fs, join(path, 'data')) !== null;
    return { root: this.root, path, rel: `${this.table}/${KEYMAP_DIR}`, type, complete };
  }

  /** The directory of hard links; null without one. */
  snapshot(): SnapshotInfo | null {
    const path = this.directory(SNAPSHOT_DIR);
    if (path === null) return null;
    const files: FileInfo[] = [];
    for (const name of listDirectory(this.fs, path)) {
      const stat = this.lstatPresent(join(path, name));
      if (stat.kind === 'file') {
        files.push(fileInfo(this.root, join(path, name), `${this.table}/${SNAPSHOT_DIR}/${name}`, stat));
      }
    }
    return { root: this.root, path, rel: `${this.table}/${SNAPSHOT_DIR}`, files };
  }

  private directory(name: string): string | null {
    const path = join(this.dir, name);
    const stat = lstatOrNull(this.fs, path);
    if (stat === null) return null;
    if (stat.kind === 'link') throw this.linkedFileError(path, name);
    if (stat.kind !== 'directory') throw this.oddFileError(path, 'should be a directory');
    return path;
  }
}

/** A FileInfo from the result of lstat. */
function fileInfo(root: number, path: string, rel: string, stat: FileStat): FileInfo {
  return { root, path, rel, size: stat.size, mtimeNs: stat.mtimeNs, ino: stat.ino, nlink: stat.nlink };
}
