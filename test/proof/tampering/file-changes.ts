/** What may be done to a single file or directory behind a program's back. */
import { join } from 'node:path';
import type { MemoryFs } from '../simulator/memory-fs.ts';
import { bytesOf, kindAt, put } from '../simulator/small-files.ts';

/** Does something to what lies at a path. */
export type FileChange = (fs: MemoryFs, path: string) => void;

/** Copies a file, or a directory with all that it holds, also from one file system into another. */
export function copyTree(source: MemoryFs, from: string, fs: MemoryFs, to = from): void {
  const { kind } = source.lstat(from);
  if (kind === 'link') fs.symlink(source.readlink(from), to);
  if (kind === 'file') put(fs, to, bytesOf(source, from));
  if (kind !== 'directory') return;
  fs.mkdir(to, 0o755);
  for (const name of source.readdir(from)) copyTree(source, join(from, name), fs, join(to, name));
}

const changed =
  (change: (bytes: Buffer) => Uint8Array): FileChange =>
  (fs, path) =>
    put(fs, path, change(bytesOf(fs, path)));

/** To files. */
export const TO_FILES: Readonly<Record<string, FileChange>> = {
  removed: (fs, path) => fs.unlink(path),
  emptied: changed(() => Buffer.alloc(0)),
  torn: changed((bytes) => bytes.subarray(0, bytes.length >> 1)),
  'one byte longer': changed((bytes) => Buffer.concat([bytes, Buffer.from('x')])),
  zeroed: changed((bytes) => Buffer.alloc(bytes.length)),
  'a bit flipped': changed((bytes) => {
    const flipped = Buffer.from(bytes);
    const at = flipped.length >> 1;
    if (flipped.length > 0) flipped[at] = (flipped[at] ?? 0) ^ 1;
    return flipped;
  }),
  'made a directory': (fs, path) => {
    fs.unlink(path);
    fs.mkdir(path, 0o755);
  },
  'made a link': (fs, path) => {
    fs.rename(path, `${path}-elsewhere`);
    fs.symlink(`${path}-elsewhere`, path);
  },
};

/** To directories. */
export const TO_DIRECTORIES: Readonly<Record<string, FileChange>> = {
  removed: (fs, path) => fs.removeTree(path),
  'made a file': (fs, path) => {
    fs.removeTree(path);
    put(fs, path, Buffer.from('x'));
  },
  'made a link': TO_FILES['made a link'] as FileChange,
};

/** To links. */
export const TO_LINKS: Readonly<Record<string, FileChange>> = {
  removed: (fs, path) => fs.unlink(path),
  'led elsewhere': (fs, path) => {
    fs.unlink(path);
    fs.symlink('elsewhere', path);
  },
  'made a file': (fs, path) => {
    fs.unlink(path);
    put(fs, path, Buffer.from('x'));
  },
};

/** What may be done to what lies at a path. */
export function changesTo(fs: MemoryFs, path: string): [name: string, tamper: FileChange][] {
  const kind = kindAt(fs, path);
  const all = { file: TO_FILES, directory: TO_DIRECTORIES, link: TO_LINKS, other: {} };
  return kind === null ? [] : Object.entries(all[kind]);
}
