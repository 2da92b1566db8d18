/** What a start of the engine leaves in a database, and segments as it would make them. */

import { dirname, join } from 'node:path';
import { metadata, readMetadata } from '../../helpers/bytes.ts';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { bytesOf, kindAt, put } from '../simulator/small-files.ts';
import type { Subject } from '../simulator/subject.ts';

/** What a start of the engine leaves: an empty segment and a keymap in every table, and links to segments. */
export function startEngine(fs: MemoryFs, { roots, snapshotDir, plan }: Subject): void {
  for (const { table, snapshotCopies } of plan.tables) {
    const dirs = roots.map((root) => join(root, table, 'segments'));
    const keymap = join(roots[0] as string, table, 'keymap');
    addSegment(fs, fs.clone(), dirs, empty);
    if (kindAt(fs, dirname(keymap)) === 'directory' && kindAt(fs, keymap) === null) fs.mkdir(keymap, 0o755);
    if (snapshotCopies === null || snapshotDir === undefined) continue;
    const link = join(snapshotDir, table, 'segments', `${snapshotCopies.from}.metadata`);
    if (kindAt(fs, dirname(link)) === 'directory' && kindAt(fs, link) === null) fs.symlink(keymap, link);
  }
}

/** Gives the content of a new segment's file from that of an old one; `rest` is its name without the number. */
export type Content = (rest: string, bytes: Buffer) => Buffer;

/** One more segment, made of the newest one. */
export function addSegment(fs: MemoryFs, like: MemoryFs, dirs: readonly string[], content: Content): void {
  const files = dirs.flatMap((dir) => segmentFiles(like, dir).map((file) => ({ ...file, dir })));
  const highest = Math.max(...files.map((f) => f.segment));
  for (const { dir, name, segment, rest } of files) {
    const bytes = segment === highest ? content(rest, bytesOf(like, join(dir, name))) : null;
    if (bytes !== null) put(fs, join(dir, `${highest + 1}${rest}`), bytes);
  }
}

/** As an engine makes it that was started, and wrote nothing. */
export function empty(rest: string, bytes: Buffer): Buffer {
  if (rest !== '.metadata') return Buffer.alloc(0);
  return metadata({ ...readMetadata(bytes), sealed: false, count: 0, timestamp: 0n });
}

/** The files of segments in a directory. */
export function segmentFiles(fs: MemoryFs, dir: string): { name: string; segment: number; rest: string }[] {
  if (kindAt(fs, dir) !== 'directory') return [];
  return fs.readdir(dir).flatMap((name) => {
    const parts = /^(\d+)((?:-\d+)?\.(?:keys|values|metadata))$/.exec(name);
    return parts === null ? [] : [{ name, segment: Number(parts[1]), rest: parts[2] as string }];
  });
}
