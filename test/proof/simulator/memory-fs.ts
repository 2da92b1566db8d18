/**
 * A file system in memory that behaves as the kernel's does, keeps a log of its changes, and is cheap to clone.
 * Names and inodes are apart: descriptors survive a rename or an unlink of the name that opened them.
 *
 * Every user is root: modes are kept, and forbid nothing (permission errors come from faulty-fs.ts). Symbolic
 * links can be made (`symlink`), which DurableFs cannot. Times come from a clock that moves by a microsecond a
 * change. Errors carry the same `code` as those of node:fs; memory-fs.test.ts compares the two.
 */
import type { DurableFs, FileStat, OpenFlags } from '../../../lib/store/durable-fs.ts';
import type { Inode } from './inodes.ts';
import { MemoryAttributes } from './memory-attributes.ts';
import type { Op } from './op-log.ts';
import { directoriesAbove, type Fail, failing, find, findIfThere, pathOfDirectory } from './path-walk.ts';
import { mayRemoveDirectory, mayRename } from './rename-rules.ts';

export type { MemoryOptions } from './memory-core.ts';

/** Everything that happened since `start`. */
export interface OpLog {
  readonly start: MemoryFs;
  readonly ops: readonly Op[];
}

const DIRECTORY_BYTES = 4096;

/** A file system in memory, which may keep a log of what is done to it. */
export class MemoryFs extends MemoryAttributes implements DurableFs {
  /** The same tree; no descriptor is open in the clone, and no log is kept. */
  clone(): MemoryFs {
    const copy = new MemoryFs(this.options, this.store.clone());
    copy.ticks = this.ticks;
    copy.layerEnd = this.layerEnd;
    return copy;
  }

  /** Begins a new log. What there is by now counts as durable. */
  record(): OpLog {
    const log = { start: this.clone(), ops: [] };
    this.log = log.ops;
    return log;
  }

  open(path: string, flags: OpenFlags, mode = 0o600): number {
    const fail: Fail = failing('open', path);
    const found = find(this.store, path, false, fail);
    if (flags === 'wx') {
      if (found.id !== undefined) return fail('EEXIST');
      return this.descriptor(this.create(found, path, { kind: 'file' }, mode), path, true);
    }
    const { id, inode } = this.existing(found, fail);
    if (inode.kind === 'link') return fail('ELOOP');
    if (inode.kind === 'other') return fail('ENXIO');
    if (inode.kind === 'directory' && flags !== 'r') return fail('EISDIR');
    return this.descriptor(id, path, flags !== 'r');
  }

  readAt(fd: number, buffer: Uint8Array, position: number): number {
    if (buffer.length === 0) return 0;
    const inode = this.store.get(this.opened(fd, 'read').id);
    if (inode.kind !== 'file') return failing('read', '')('EISDIR');
    const part = inode.bytes.subarray(position, position + buffer.length);
    buffer.set(part);
    return part.length;
  }

  writeAt(fd: number, buffer: Uint8Array, position: number): void {
    if (buffer.length === 0) return;
    const { id, path, mayWrite } = this.opened(fd, 'write');
    if (!mayWrite) failing('write', path)('EBADF');
    const bytes = Uint8Array.from(buffer);
    this.change({ op: 'write', path, id, at: position, bytes, mtimeNs: this.now() });
  }

  truncate(fd: number, size: number): void {
    const { id, path, mayWrite } = this.opened(fd, 'ftruncate');
    if (!mayWrite) failing('ftruncate', path)('EINVAL');
    this.change({ op: 'truncate', path, id, size: Math.max(0, size), mtimeNs: this.now() });
  }

  fsync(fd: number): void {
    const { id, path } = this.opened(fd, 'fsync');
    this.change({ op: 'sync', path, id });
  }

  /** Notes in the log that a sync belongs here which is not made; nothing becomes durable by it. */
  missSync(target: string | number): void {
    const { id, path } = this.target(target, 'fsync', true);
    this.log?.push({ op: 'sync', path, id, missed: true });
  }

  close(fd: number): void {
    this.closeDescriptor(fd);
  }

  rename(from: string, to: string): void {
    const fail: Fail = failing('rename', from, to);
    const old = find(this.store, from, false, fail);
    const place = find(this.store, to, false, fail);
    const isLower = this.options.layered === true && (old.id ?? this.layerEnd) < this.layerEnd;
    if (isLower && this.store.get(old.id as number).kind === 'directory') fail('EXDEV');
    if (!mayRename(this.store, old, place, fail)) return;
    const isDirectory = this.store.get(old.id).kind === 'directory';
    this.change({
      op: 'rename',
      path: from,
      newPath: to,
      from: { directory: old.directory, name: old.name },
      to: { directory: place.directory, name: place.name },
      id: old.id,
      isDirectory,
      above: isDirectory ? directoriesAbove(this.store, place.directory) : [],
      replacedDirectory: isDirectory ? (place.id ?? null) : null,
    });
  }

  unlink(path: string): void {
    const fail: Fail = failing('unlink', path);
    const { directory, name, id, inode } = this.existing(find(this.store, path, false, fail), fail);
    if (inode.kind === 'directory') fail('EISDIR');
    this.change({ op: 'unlink', path, directory, name, id, isDirectory: false });
  }

  rmdir(path: string): void {
    const fail: Fail = failing('rmdir', path);
    const found = find(this.store, path, false, fail);
    mayRemoveDirectory(this.store, found, fail);
    const { directory, name, id } = this.existing(found, fail);
    this.change({ op: 'unlink', path, directory, name, id, isDirectory: true });
  }

  mkdir(path: string, mode = 0o750): void {
    const fail: Fail = failing('mkdir', path);
    const found = find(this.store, path, false, fail);
    if (found.id !== undefined) fail('EEXIST');
    this.create(found, path, { kind: 'directory' }, mode);
  }

  /** Makes a symbolic link, for trees that are built by hand. */
  symlink(target: string, path: string): void {
    const fail: Fail = failing('symlink', target, path);
    const found = find(this.store, path, false, fail);
    if (found.id !== undefined) fail('EEXIST');
    this.create(found, path, { kind: 'link', target }, 0o777);
  }

  fsyncDir(path: string): void {
    const fail: Fail = failing('open', path);
    const { id, inode } = this.existing(find(this.store, path, true, fail), fail);
    if (inode.kind !== 'directory') fail('ENOTDIR');
    this.change({ op: 'sync', path, id });
  }

  link(from: string, to: string): void {
    const fail: Fail = failing('link', from, to);
    const { id, inode } = this.existing(find(this.store, from, false, fail), fail);
    const { directory, name, id: present } = find(this.store, to, false, fail);
    if (present !== undefined) fail('EEXIST');
    if (inode.dev !== this.store.get(directory).dev) fail('EXDEV');
    const isProtected = this.options.hardLinks === false && id < this.layerEnd;
    if (inode.kind === 'directory' || isProtected) fail('EPERM');
    this.change({ op: 'link', path: to, directory, name, id });
  }

  /** The empty file of a failed attempt is in the log, as it is for a moment on a real disk. */
  reflink(from: string, to: string): boolean {
    const fail: Fail = failing('copyfile', from, to);
    const source = this.existing(find(this.store, from, true, fail), fail).inode;
    const place = find(this.store, to, false, fail);
    if (place.id !== undefined) return fail('EEXIST');
    const id = this.create(place, to, { kind: 'file' }, source.mode);
    this.change({ op: 'attributes', path: to, id, set: { mode: source.mode } });
    const isShared = this.options.reflinks === true && source.dev === this.store.get(id).dev;
    if (isShared && source.kind === 'file') {
      const { bytes } = source;
      if (bytes.length > 0) this.change({ op: 'write', path: to, id, at: 0, bytes, mtimeNs: this.now() });
      return true;
    }
    this.unlink(to);
    return source.kind === 'directory' ? fail('EISDIR') : false;
  }

  lstat(path: string): FileStat {
    const fail: Fail = failing('lstat', path);
    const { inode } = this.existing(find(this.store, path, false, fail), fail);
    const { kind, mode, uid, gid, ino, dev, mtimeNs } = inode;
    const nlink = kind === 'directory' ? 2 : inode.links;
    return { kind, size: sizeOf(inode), mode, uid, gid, nlink, ino, dev, mtimeNs };
  }

  readdir(path: string): string[] {
    const fail: Fail = failing('scandir', path);
    const { inode } = this.existing(find(this.store, path, true, fail), fail);
    return inode.kind === 'directory' ? [...inode.entries.keys()] : fail('ENOTDIR');
  }

  realpath(path: string): string {
    const fail: Fail = failing('realpath', path);
    const { directory, name, id, inode } = this.existing(find(this.store, path, true, fail), fail);
    if (inode.kind === 'directory') return pathOfDirectory(this.store, id);
    return `${pathOfDirectory(this.store, directory)}/${name}`.replace('//', '/');
  }

  readlink(path: string): string {
    const fail: Fail = failing('readlink', path);
    const { inode } = this.existing(find(this.store, path, false, fail), fail);
    return inode.kind === 'link' ? inode.target : fail('EINVAL');
  }

  removeTree(path: string): void {
    const id = findIfThere(this.store, path, failing('rm', path));
    if (id === undefined) return;
    const inode = this.store.get(id);
    if (inode.kind === 'directory') {
      for (const name of [...inode.entries.keys()]) this.removeTree(`${path}/${name}`);
      this.rmdir(path);
    } else this.unlink(path);
  }

  freeInodes(path: string): number | null {
    return this.present(path) === null ? null : (this.options.freeInodes ?? null);
  }

  freeBytes(path: string): number | null {
    const { freeBytes = 2 ** 40 } = this.options;
    return this.present(path) === null ? null : freeBytes;
  }

  mayWrite(path: string): boolean {
    const inode = this.present(path);
    return inode !== null && (inode.kind === 'directory' || (inode.mode & 0o111) !== 0);
  }

  mountPoints(): ReadonlySet<string> {
    return new Set(this.options.mounts);
  }
}

function sizeOf(inode: Inode): number {
  if (inode.kind === 'file') return inode.bytes.length;
  if (inode.kind === 'link') return Buffer.byteLength(inode.target);
  return inode.kind === 'directory' ? DIRECTORY_BYTES : 0;
}
