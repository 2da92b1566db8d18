/** What this project asks of a file system: the calls, and what they tell. */

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
  /**
   * Gives one file the attributes of another, which it must be allowed to read; false where this system cannot, and then
   * nothing is changed.
   */
  copyAttributes(from: string, to: string, what: 'access' | 'times'): boolean;
  /** Removes a file or a directory with everything in it; links inside are removed, not followed. */
  removeTree(path: string): void;
  /** Bytes that this user may still write to the path's file system; null when that cannot be told. */
  freeBytes(path: string): number | null;
  /** How many files may still be made on the path's file system; null when there is no such limit, or it is not told. */
  freeInodes(path: string): number | null;
  /** Whether this user may make and remove names in a directory. */
  mayWrite(path: string): boolean;
  /** Paths of all mount points of the machine, as far as they are told. */
  mountPoints(): ReadonlySet<string>;
}
