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

const { constants } = nodeFs;

/** `r` read; `r+` read and write what exists; `wx` create for reading and writing, EEXIST if it exists. */
export type OpenFlags = 'r' | 'r+' | 'wx';

/** What lstat knows. Sizes are bytes; numbers that may pass 2^53 are decimal strings. */
export interface FileStat {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly ino: string;
  readonly dev: string;
  /** Last change of the content, nanoseconds since 1970. */
  readonly mtimeNs: string;
}

/** Every call this project makes to a file system that holds a database. */
export interface DurableFs {
  /** Opens a file (a directory only with `r`); ELOOP when it is a symbolic link. Default mode 0600 less umask. */
  open(path: string, flags: OpenFlags, mode?: number): number;
  /** Fills the buffer from `position` on; returns how many bytes there were before the file's end. */
  readAt(fd: number, buffer: Uint8Array, position: number): number;
  /** Writes the whole buffer at `position`, however many calls that takes. */
  writeAt(fd: number, buffer: Uint8Array, position: number): void;
  truncate(fd: number, size: number): void;
  fsync(fd: number): void;
  close(fd: number): void;
  /** Replaces `to` when it exists. */
  rename(from: string, to: string): void;
  unlink(path: string): void;
  rmdir(path: string): void;
  /** One level; EEXIST when it exists. Default mode 0750 less umask. */
  mkdir(path: string, mode?: number): void;
  /** Makes the entries of a directory durable. */
  fsyncDir(path: string): void;
  /** Hard link; EEXIST when `to` exists. */
  link(from: string, to: string): void;
  /** Copies by sharing blocks; EEXIST when `to` exists, false (and no `to`) when the file system cannot. */
  reflink(from: string, to: string): boolean;
  lstat(path: string): FileStat;
  /** Names in a directory, in no particular order. */
  readdir(path: string): string[];
  realpath(path: string): string;
  readlink(path: string): string;
  /** A path is followed when it is a symbolic link: prefer a descriptor. */
  chmod(target: string | number, mode: number): void;
  /** A path is not followed when it is a symbolic link. */
  chown(target: string | number, uid: number, gid: number): void;
  /** Sets access and modification time, nanoseconds since 1970; Node keeps whole microseconds of it. */
  utimes(path: string, mtimeNs: string): void;
  /** Removes a file or a directory with everything in it; links inside are removed, not followed. */
  removeTree(path: string): void;
  /** Bytes that this user may still write to the path's file system; null when that cannot be told. */
  freeBytes(path: string): number | null;
  /** Whether this user may make and remove names in a directory. */
  mayWrite(path: string): boolean;
}

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

/** What a file system without reflinks answers; anything else is a real error. */
const NO_REFLINK = ['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'ENOTTY'];

/** Paths of the open descriptors: the system's errors about a descriptor do not say which file it is. */
const pathsByFd = new Map<number, string>();

function naming<T>(path: string | undefined, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) (error as NodeJS.ErrnoException).path ??= path;
    throw error;
  }
}

function open(path: string, flags: OpenFlags, mode = FILE_MODE): number {
  const fd = nodeFs.openSync(path, OPEN_FLAGS[flags], mode);
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
  const fd = nodeFs.openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    naming(path, () => nodeFs.fsyncSync(fd));
  } finally {
    nodeFs.closeSync(fd);
  }
}

function reflink(from: string, to: string): boolean {
  try {
    nodeFs.copyFileSync(from, to, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    // It names both files; the one that could not be made is what matters.
    if (!hasErrno(error, ...NO_REFLINK)) throw Object.assign(error as Error, { path: to });
    // EEXIST is not among these codes, so whatever lies at `to` now is the empty file of the failed attempt.
    fsExtra.removeSync(to);
    return false;
  }
}

function kindOf(stat: nodeFs.BigIntStats): FileStat['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'link' : 'other';
}

function lstat(path: string): FileStat {
  const stat = nodeFs.lstatSync(path, { bigint: true });
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
  else nodeFs.chmodSync(target, mode);
}

function chown(target: string | number, uid: number, gid: number): void {
  if (typeof target === 'number') onFile(target, () => nodeFs.fchownSync(target, uid, gid));
  else nodeFs.lchownSync(target, uid, gid);
}

function utimes(path: string, mtimeNs: string): void {
  // Half a microsecond more: Node passes seconds as a double and cuts off below microseconds.
  const seconds = (Number(BigInt(mtimeNs) / 1000n) + 0.5) / 1e6;
  nodeFs.lutimesSync(path, seconds, seconds);
}

function freeBytes(path: string): number | null {
  try {
    const stat = nodeFs.statfsSync(path);
    return stat.bavail * stat.bsize;
  } catch {
    return null; // an unusual file system; a write will tell
  }
}

function mayWrite(path: string): boolean {
  try {
    nodeFs.accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Opens a log; what it returns appends to it. Made with mode 0600 when missing; ELOOP when it is a symbolic link. */
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
  rename: (from, to) => nodeFs.renameSync(from, to),
  unlink: (path) => nodeFs.unlinkSync(path),
  rmdir: (path) => nodeFs.rmdirSync(path),
  mkdir: (path, mode = DIRECTORY_MODE) => nodeFs.mkdirSync(path, { mode }),
  fsyncDir,
  link: (from, to) => nodeFs.linkSync(from, to),
  reflink,
  lstat,
  readdir: (path) => nodeFs.readdirSync(path),
  realpath: (path) => nodeFs.realpathSync.native(path),
  readlink: (path) => nodeFs.readlinkSync(path),
  chmod,
  chown,
  utimes,
  removeTree: (path) => fsExtra.removeSync(path),
  freeBytes,
  mayWrite,
};
