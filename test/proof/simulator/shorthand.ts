/** Small files on any file system, for tests that make their trees by hand. */
import type { DurableFs } from '../../../lib/store/durable-fs.ts';

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
export function textOf(fs: DurableFs, path: string): string {
  const buffer = Buffer.alloc(fs.lstat(path).size);
  const fd = fs.open(path, 'r');
  fs.readAt(fd, buffer, 0);
  fs.close(fd);
  return buffer.toString('latin1');
}

/** Paths of everything below a directory that is no directory itself, sorted. */
export function filesIn(fs: DurableFs, directory: string): string[] {
  return fs
    .readdir(directory)
    .flatMap((name) => {
      const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
      return fs.lstat(path).kind === 'directory' ? filesIn(fs, path) : [path];
    })
    .sort();
}
