/**
 * The one module that may change files. Everything else reaches the disk through `DurableFs`, so that tests
 * can put a recording or a failing file system in its place and count every mutation.
 *
 * Synchronous on purpose: one call is one point at which a crash may strike, and they come in program order.
 * Errors of the operating system pass through; each names its path, even where the call had only a descriptor.
 * Callers wrap them (ioError). No call retries, and none follows a symbolic link in the last part of a path it opens.
 */
import * as nodeFs from 'node:fs';
import fsExtra from 'fs-extra';
import { hasErrno } from '../errors.ts';
import { bytesOfName, hasForeignBytes, textOfName } from '../format/foreign-bytes.ts';
import { copyAttributes } from './copy-attributes.ts';
import type { DurableFs, FileStat, OpenFlags } from './fs-calls.ts';
import { mountPoints } from './mounts.ts';

export type { DurableFs, FileStat, OpenFlags } from './fs-calls.ts';

const { constants } = nodeFs;

// O_NONBLOCK: a FIFO put in a file's place must not hang the program. Regular files ignore it.
const OPEN_FLAGS: Record<OpenFlags, number> = {
  r: constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  'r+': constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  wx: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
};

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o750;
const PERMISSION_BITS = 0o7777n;

/** One system call moves less than 2 GiB, so larger buffers go in pieces of this size (bytes). */
const MAX_TRANSFER = 1 << 30;

const FICLONE = constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL;

/** What a file system without reflinks answers; anything else is a real error. */
const NO_REFLINK = ['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY'];

/** Paths of the open descriptors: the system's errors about a descriptor do not name the file. */
const pathsByFd = new Map<number, string>();

function naming<T>(path: string | undefined, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) (error as NodeJS.ErrnoException).path ??= path;
    throw error;
  }
}

/** A call with a path, which is bytes to the system; Node's errors misspell a path that is not text. */
function at<T>(path: string, call: (system: string | Buffer) => T): T {
  if (!hasForeignBytes(path)) return call(path);
  try {
    return call(bytesOfName(path));
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

/** The same with two paths. */
function between(from: string, to: string, call: (a: string | Buffer, b: string | Buffer) => void): void {
  at(from, (a) => at(to, (b) => call(a, b)));
}

function open(path: string, flags: OpenFlags, mode = FILE_MODE): number {
  const fd = at(path, (p) => nodeFs.openSync(p, OPEN_FLAGS[flags], mode));
  pathsByFd.set(fd, path);
  return fd;
}

function close(fd: number): void {
  const path = pathsByFd.get(fd);
  pathsByFd.delete(fd);
  naming(path, () => nodeFs.closeSync(fd));
}

/** A call on a descriptor whose error names the file. */
function onFile<T>(fd: number, call: () => T): T {
  return naming(pathsByFd.get(fd), call);
}

function readAt(fd: number, buffer: Uint8Array, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const wanted = Math.min(buffer.length - done, MAX_TRANSFER);
    const count = nodeFs.readSync(fd, buffer, done, wanted, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function writeAt(fd: number, buffer: Uint8Array, position: number): void {
  let done = 0;
  while (done < buffer.length) {
    const wanted = Math.min(buffer.length - done, MAX_TRANSFER);
    done += nodeFs.writeSync(fd, buffer, done, wanted, position + done);
  }
}

function fsyncDir(path: string): void {
  const fd = at(path, (p) => nodeFs.openSync(p, constants.O_RDONLY | constants.O_DIRECTORY));
  try {
    naming(path, () => nodeFs.fsyncSync(fd));
  } finally {
    nodeFs.closeSync(fd);
  }
}

function reflink(from: string, to: string): boolean {
  try {
    between(from, to, (a, b) => nodeFs.copyFileSync(a, b, FICLONE));
    return true;
  } catch (error) {
    // The error names both files; the one that could not be made matters.
    if (!hasErrno(error, ...NO_REFLINK)) throw Object.assign(error as Error, { path: to });
    // EEXIST is not among these codes, so whatever lies at `to` now is the empty file of the failed attempt.
    removeTree(to);
    return false;
  }
}

function kindOf(stat: nodeFs.BigIntStats): FileStat['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

function lstat(path: string): FileStat {
  const stat = at(path, (p) => nodeFs.lstatSync(p, { bigint: true }));
  return {
    kind: kindOf(stat),
    size: Number(stat.size),
    mode: Number(stat.mode & PERMISSION_BITS),
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    nlink: Number(stat.nlink),
    ino: String(stat.ino),
    dev: String(stat.dev),
    mtimeNs: String(stat.mtimeNs),
  };
}

function chmod(target: string | number, mode: number): void {
  if (typeof target === 'number') onFile(target, () => nodeFs.fchmodSync(target, mode));
  else at(target, (p) => nodeFs.chmodSync(p, mode));
}

function chown(target: string | number, uid: number, gid: number): void {
  if (typeof target === 'number') onFile(target, () => nodeFs.fchownSync(target, uid, gid));
  else at(target, (p) => nodeFs.lchownSync(p, uid, gid));
}

function utimes(path: string, mtimeNs: string): void {
  // Half a microsecond more: Node passes seconds as a double and cuts off below microseconds.
  const seconds = (Number(BigInt(mtimeNs) / 1000n) + 0.5) / 1e6;
  at(path, (p) => nodeFs.lutimesSync(p, seconds, seconds));
}

/** fs-extra's types know texts only; Node, which does the work, takes bytes. */
function removeTree(path: string): void {
  at(path, (p) => fsExtra.removeSync(p as string));
}

function freeBytes(path: string): number | null {
  try {
    const stat = at(path, (p) => nodeFs.statfsSync(p));
    return stat.blocks === 0 ? null : stat.bavail * stat.bsize; // some that lie in user space say 0 of 0
  } catch {
    return null; // an unusual file system; a write will show it
  }
}

function freeInodes(path: string): number | null {
  try {
    const stat = at(path, (p) => nodeFs.statfsSync(p));
    return stat.files === 0 ? null : stat.ffree; // btrfs has no limit, and says 0 of 0
  } catch {
    return null;
  }
}

function mayWrite(path: string): boolean {
  try {
    at(path, (p) => nodeFs.accessSync(p, constants.W_OK | constants.X_OK));
    return true;
  } catch {
    return false;
  }
}

/** Opens a log and returns its append function. Mode 0600 when new; ELOOP when it is a symbolic link. */
export function openAppend(path: string): (text: string) => void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = nodeFs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
  return (text) => nodeFs.appendFileSync(fd, text);
}

/** The file system of this machine. */
export const realFs: DurableFs = {
  open,
  readAt: (fd, buffer, position) => onFile(fd, () => readAt(fd, buffer, position)),
  writeAt: (fd, buffer, position) => onFile(fd, () => writeAt(fd, buffer, position)),
  truncate: (fd, size) => onFile(fd, () => nodeFs.ftruncateSync(fd, size)),
  fsync: (fd) => onFile(fd, () => nodeFs.fsyncSync(fd)),
  close,
  rename: (from, to) => between(from, to, nodeFs.renameSync),
  unlink: (path) => at(path, nodeFs.unlinkSync),
  rmdir: (path) => at(path, (p) => nodeFs.rmdirSync(p)),
  mkdir: (path, mode = DIRECTORY_MODE) => at(path, (p) => nodeFs.mkdirSync(p, { mode })),
  fsyncDir,
  link: (from, to) => between(from, to, nodeFs.linkSync),
  reflink,
  lstat,
  readdir: (path) => at(path, (p) => nodeFs.readdirSync(p, 'buffer').map(textOfName)),
  realpath: (path) => at(path, (p) => textOfName(nodeFs.realpathSync.native(p, 'buffer'))),
  readlink: (path) => at(path, (p) => textOfName(nodeFs.readlinkSync(p, 'buffer'))),
  chmod,
  chown,
  utimes,
  copyAttributes: (from, to, what) => copyAttributes(from, to, what, { open, close }),
  removeTree,
  freeBytes,
  freeInodes,
  mayWrite,
  mountPoints,
};
