/** Small files on any file system, made and read whole. */
import { dirname } from 'node:path';
import type { DurableFs, FileStat } from '../../../lib/store/durable-fs.ts';

/** Makes a file; returns its descriptor, closed unless asked otherwise. */
export function create(fs: DurableFs, path: string, text: string, close = true): number {
  const fd = fs.open(path, 'wx');
  fs.writeAt(fd, Buffer.from(text), 0);
  if (close) fs.close(fd);
  return fd;
}

/** Writes over the beginning of a file. */
export function overwrite(fs: DurableFs, path: string, text: string): void {
  const fd = fs.open(path, 'r+');
  fs.writeAt(fd, Buffer.from(text), 0);
  fs.close(fd);
}

/** The content of a file. */
export function bytesOf(fs: DurableFs, path: string): Buffer {
  const bytes = Buffer.alloc(fs.lstat(path).size);
  const fd = fs.open(path, 'r');
  fs.readAt(fd, bytes, 0);
  fs.close(fd);
  return bytes;
}

/** The content of a file as text, a character for each byte. */
export const textOf = (fs: DurableFs, path: string): string => bytesOf(fs, path).toString('latin1');

/** Writes a file, over an old one in place, else with the owner of its directory. */
export function put(fs: DurableFs, path: string, bytes: Uint8Array): void {
  const isNew = kindAt(fs, path) === null;
  const fd = fs.open(path, isNew ? 'wx' : 'r+', 0o644);
  if (!isNew) fs.truncate(fd, 0);
  fs.writeAt(fd, bytes, 0);
  fs.close(fd);
  const { uid, gid } = fs.lstat(dirname(path));
  if (isNew) fs.chown(path, uid, gid);
}

/** What lies at a path; null for nothing. */
export function kindAt(fs: DurableFs, path: string): FileStat['kind'] | null {
  try {
    return fs.lstat(path).kind;
  } catch {
    return null; // nothing
  }
}

/** Paths of everything below a directory except directories, sorted. */
export function filesIn(fs: DurableFs, directory: string): string[] {
  return fs
    .readdir(directory)
    .flatMap((name) => {
      const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
      return fs.lstat(path).kind === 'directory' ? filesIn(fs, path) : [path];
    })
    .sort();
}
