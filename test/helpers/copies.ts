/**
 * Copies of directories, made within this process: starting `cp` or `tar` costs more than writing a small
 * database, and tests of crashes need a fresh one for each call.
 */
import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

/** One entry, by its path below the top; `''` is the top itself. */
interface Entry {
  readonly path: string;
  readonly stat: Stats;
  /** What the file or the symbolic link holds; the earlier path of the same file; null of a directory. */
  readonly content: Buffer | { readonly target: string } | { readonly sameAs: string } | null;
}

/** A directory with all that is in it, held in memory: what is written later is what it held when it was read. */
export class HeldTree {
  /** Parents before what is in them. */
  private readonly entries: Entry[] = [];
  /** Paths of files with several names, by device and inode. */
  private readonly linked = new Map<string, string>();

  /** Reads a directory; throws when it holds anything but files, directories and symbolic links. */
  constructor(top: string) {
    this.read(top, '');
  }

  /**
   * Writes what is held to a directory, which is made unless it is there, as `cp -a` does: with owners, modes,
   * times, hard links and symbolic links. A file that is in the way is written over.
   */
  writeTo(top: string): void {
    for (const entry of this.entries) writeEntry(top, entry);
    for (const { path, stat, content } of [...this.entries].reverse())
      if (content === null) utimesSync(join(top, path), stat.atimeMs / 1000, stat.mtimeMs / 1000);
  }

  private read(top: string, path: string): void {
    const at = join(top, path);
    const stat = lstatSync(at);
    this.entries.push({ path, stat, content: this.contentOf(at, path, stat) });
    if (stat.isDirectory()) for (const name of readdirSync(at)) this.read(top, join(path, name));
  }

  private contentOf(at: string, path: string, stat: Stats): Entry['content'] {
    if (stat.isDirectory()) return null;
    if (stat.isSymbolicLink()) return { target: readlinkSync(at) };
    if (!stat.isFile()) throw new Error(`no file, directory or symbolic link: ${at}`);
    if (stat.nlink > 1) {
      const id = `${stat.dev}:${stat.ino}`;
      const sameAs = this.linked.get(id);
      if (sameAs !== undefined) return { sameAs };
      this.linked.set(id, path);
    }
    return readFileSync(at);
  }
}

function writeEntry(top: string, { path, stat, content }: Entry): void {
  const at = join(top, path);
  const mode = stat.mode & 0o7777;
  if (content === null) {
    mkdirSync(at, { recursive: true });
    own(at, stat);
    chmodSync(at, mode);
  } else if (Buffer.isBuffer(content)) {
    const fd = openSync(at, 'w', 0o600);
    for (let done = 0; done < content.length; ) done += writeSync(fd, content, done);
    own(at, stat);
    fchmodSync(fd, mode);
    futimesSync(fd, stat.atimeMs / 1000, stat.mtimeMs / 1000);
    closeSync(fd);
  } else if ('target' in content) {
    symlinkSync(content.target, at);
    own(at, stat);
    lutimesSync(at, stat.atimeMs / 1000, stat.mtimeMs / 1000);
  } else linkSync(join(top, content.sameAs), at);
}

/** Only root may give files away: anything else keeps those that it makes. */
function own(at: string, { uid, gid }: Stats): void {
  if (process.getuid?.() === 0 && (uid !== 0 || gid !== 0)) lchownSync(at, uid, gid);
}

/** Copies a directory as `cp -a` does. */
export function copyTree(from: string, to: string): void {
  new HeldTree(from).writeTo(to);
}
