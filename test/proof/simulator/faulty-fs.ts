/**
 * Any file system, with something wrong: a call that fails, a process that dies, a sync that does nothing, two
 * calls in the wrong order. It counts the calls that change something and remembers their paths, so that every
 * one of them can be made to go wrong, one run after the other.
 *
 * removeTree is carried out in its single steps, and each of them counts. A failing write of several bytes leaves the
 * first half behind, as a disk that is full does. After a failed fsync a second one on the same descriptor says
 * that all is well and makes nothing durable, as Linux does it.
 */
import { join } from 'node:path';
import type { DurableFs, FileStat, OpenFlags } from '../../../lib/store/durable-fs.ts';
import { FaultCore } from './fault-core.ts';

export { CrashNow, type Fault, type FaultyOp, isSync, type Mutation } from './fault-core.ts';

/** A file system whose calls go wrong where it is told. */
export class FaultyFs extends FaultCore implements DurableFs {
  open(path: string, flags: OpenFlags, mode?: number): number {
    const open = (): number => this.inner.open(path, flags, mode);
    const name = flags === 'r+' ? 'open to write' : 'open';
    const fd = flags === 'wx' ? this.value('open', [path], open) : this.read(name, path, open);
    this.paths.set(fd, path);
    return fd;
  }

  readAt(fd: number, buffer: Uint8Array, position: number): number {
    return this.read('read', this.pathOf(fd)[0] as string, () => this.inner.readAt(fd, buffer, position));
  }

  writeAt(fd: number, buffer: Uint8Array, position: number): void {
    const bytes = Uint8Array.from(buffer);
    const half = bytes.subarray(0, bytes.length >> 1);
    this.change('writeAt', this.pathOf(fd), () => this.inner.writeAt(fd, bytes, position), {
      before: () => this.inner.writeAt(fd, half, position),
    });
  }

  truncate(fd: number, size: number): void {
    this.change('truncate', this.pathOf(fd), () => this.inner.truncate(fd, size));
  }

  fsync(fd: number): void {
    const sync = (): void => {
      if (!this.spoilt.has(fd)) this.inner.fsync(fd);
    };
    this.change('fsync', this.pathOf(fd), sync, { before: () => this.spoilt.add(fd), target: fd });
  }

  close(fd: number): void {
    const close = (): void => {
      this.paths.delete(fd);
      this.spoilt.delete(fd);
      this.inner.close(fd);
    };
    // A call that comes late may need the descriptor.
    const last = Math.max(...this.late.map(({ until }) => until));
    if (this.late.length > 0) this.late.push({ until: last, isSync: true, call: close });
    else this.read('close', this.pathOf(fd)[0] as string, close);
  }

  rename(from: string, to: string): void {
    this.change('rename', [from, to], () => this.inner.rename(from, to));
  }

  unlink(path: string): void {
    this.change('unlink', [path], () => this.inner.unlink(path));
  }

  rmdir(path: string): void {
    this.change('rmdir', [path], () => this.inner.rmdir(path));
  }

  mkdir(path: string, mode?: number): void {
    this.change('mkdir', [path], () => this.inner.mkdir(path, mode));
  }

  fsyncDir(path: string): void {
    this.change('fsyncDir', [path], () => this.inner.fsyncDir(path), { target: path });
  }

  link(from: string, to: string): void {
    this.change('link', [from, to], () => this.inner.link(from, to));
  }

  reflink(from: string, to: string): boolean {
    return this.value('reflink', [from, to], () => this.inner.reflink(from, to));
  }

  lstat(path: string): FileStat {
    return this.read('lstat', path, () => this.inner.lstat(path));
  }

  readdir(path: string): string[] {
    return this.read('readdir', path, () => this.inner.readdir(path));
  }

  realpath(path: string): string {
    return this.read('realpath', path, () => this.inner.realpath(path));
  }

  readlink(path: string): string {
    return this.read('readlink', path, () => this.inner.readlink(path));
  }

  chmod(target: string | number, mode: number): void {
    this.change('chmod', this.pathOf(target), () => this.inner.chmod(target, mode));
  }

  chown(target: string | number, uid: number, gid: number): void {
    this.change('chown', this.pathOf(target), () => this.inner.chown(target, uid, gid));
  }

  utimes(path: string, mtimeNs: string): void {
    this.change('utimes', [path], () => this.inner.utimes(path, mtimeNs));
  }

  copyAttributes(from: string, to: string, what: 'access' | 'times'): boolean {
    return this.value('copyAttributes', [from, to], () => this.inner.copyAttributes(from, to, what));
  }

  removeTree(path: string): void {
    const kind = this.kindOf(path);
    if (kind === 'directory') {
      for (const name of this.readdir(path)) this.removeTree(join(path, name));
      this.rmdir(path);
    } else if (kind !== null) this.unlink(path);
  }

  freeInodes(path: string): number | null {
    return this.read('freeInodes', path, () => this.inner.freeInodes(path));
  }

  freeBytes(path: string): number | null {
    return this.read('freeBytes', path, () => this.inner.freeBytes(path));
  }

  mayWrite(path: string): boolean {
    return this.read('mayWrite', path, () => this.inner.mayWrite(path));
  }

  mountPoints(): ReadonlySet<string> {
    return this.inner.mountPoints();
  }

  private kindOf(path: string): FileStat['kind'] | null {
    try {
      return this.lstat(path).kind;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}
