/**
 * Inodes and directory entries in memory. A clone shares every inode with its original until one of the two
 * changes it, so that a hundred thousand states of one tree cost little more than what differs in them.
 *
 * Nothing is checked here: callers know what is possible (memory-fs.ts), or what a crash leaves (crash-states.ts).
 */

interface Common {
  readonly id: number;
  /** Inode number as lstat gives it: the real one of a file that was loaded. */
  readonly ino: string;
  readonly dev: string;
  mode: number;
  uid: number;
  gid: number;
  /** Directory entries that lead here. */
  links: number;
  mtimeNs: string;
  /** Extended attributes and access lists by name; none where there are none. */
  extended?: Readonly<Record<string, string>>;
  /** The store that may change this record in place. */
  owner: object;
}

/** A file. */
export interface FileNode extends Common {
  readonly kind: 'file';
  /** Never changed in place. */
  bytes: Uint8Array;
}

/** A directory; its entries lead to inodes by their numbers. */
export interface DirectoryNode extends Common {
  readonly kind: 'directory';
  readonly entries: Map<string, number>;
  parent: number;
}

/** A symbolic link. */
export interface LinkNode extends Common {
  readonly kind: 'link';
  readonly target: string;
}

/** A device, FIFO or socket. */
export interface OtherNode extends Common {
  readonly kind: 'other';
}

/** Whatever has a name in a directory. */
export type Inode = FileNode | DirectoryNode | LinkNode | OtherNode;

/** What of a write reached the disk: `count` bytes of its head or tail; the rest is zeros or as it was. */
export interface Torn {
  readonly part: 'head' | 'tail';
  readonly count: number;
  readonly rest: 'zeros' | 'missing';
}

/** Number of the root directory's inode. */
export const ROOT_ID = 1;

/** A clone copies its own changes; when they have grown past this number, they become a new common base. */
const MOST_OWN_INODES = 48;

/** The inodes of one file system. */
export class InodeStore {
  /** Directories by path, as resolved so far; a new map whenever a name of a directory or link changes. */
  resolved = new Map<string, number>();
  nextId = ROOT_ID + 1;
  /** Added to ids to make inode numbers of new files. */
  inoBase = 0;
  private owner = {};
  private base: ReadonlyMap<number, Inode> = new Map();
  private own = new Map<number, Inode>();

  /** A copy that shares what both have; neither sees later changes of the other. */
  clone(): InodeStore {
    if (this.own.size > MOST_OWN_INODES) {
      this.base = new Map([...this.base, ...this.own]);
      this.own = new Map();
    }
    const copy = new InodeStore();
    copy.resolved = this.resolved;
    copy.nextId = this.nextId;
    copy.inoBase = this.inoBase;
    copy.base = this.base;
    copy.own = new Map(this.own);
    this.owner = {};
    return copy;
  }

  /** The inode of a number. */
  get(id: number): Inode {
    const inode = this.own.get(id) ?? this.base.get(id);
    if (inode === undefined) throw new Error(`no inode ${id}`);
    return inode;
  }

  /** The directory of a number. */
  directory(id: number): DirectoryNode {
    const inode = this.get(id);
    if (inode.kind !== 'directory') throw new Error(`inode ${id} is not a directory`);
    return inode;
  }

  /** The inode, ready to be changed in place. */
  change(id: number): Inode {
    const inode = this.get(id);
    if (inode.owner === this.owner) return inode;
    const copy: Inode = { ...inode, owner: this.owner };
    if (copy.kind === 'directory') Object.assign(copy, { entries: new Map(copy.entries) });
    this.own.set(id, copy);
    return copy;
  }

  /** Adds an inode that no entry leads to yet. */
  add(birth: Inode): void {
    const inode: Inode = { ...birth, links: 0, owner: this.owner };
    if (inode.kind === 'directory') Object.assign(inode, { entries: new Map() });
    this.own.set(inode.id, inode);
    this.nextId = Math.max(this.nextId, inode.id + 1);
  }

  /** Lets a name lead to an inode, whatever it led to before. */
  setEntry(directory: number, name: string, id: number): void {
    const parent = this.change(directory) as DirectoryNode;
    const before = parent.entries.get(name);
    if (before !== undefined) this.unref(before);
    parent.entries.set(name, id);
    const inode = this.change(id);
    inode.links += 1;
    if (inode.kind === 'directory') inode.parent = directory;
    if (inode.kind !== 'file') this.resolved = new Map();
  }

  /** Removes a name if it leads to this inode. */
  removeEntry(directory: number, name: string, id: number): void {
    if (this.directory(directory).entries.get(name) !== id) return;
    (this.change(directory) as DirectoryNode).entries.delete(name);
    this.unref(id);
  }

  private unref(id: number): void {
    const inode = this.change(id);
    inode.links -= 1;
    if (inode.kind !== 'file') this.resolved = new Map();
  }

  /** Forgets the entries of directories that nothing leads to, so that link counts are those of the tree. */
  sweep(): void {
    const release = (directory: DirectoryNode): void => {
      const children = [...directory.entries.values()];
      (this.change(directory.id) as DirectoryNode).entries.clear();
      for (const id of children) {
        const child = this.change(id);
        child.links -= 1;
        if (child.kind === 'directory' && child.links === 0) release(child);
      }
    };
    for (const inode of [...this.own.values()]) {
      if (inode.kind === 'directory' && inode.links === 0 && inode.id !== ROOT_ID) release(inode);
    }
  }

  /** Writes bytes into a file, or what is left of them when they are torn. */
  write(id: number, at: number, bytes: Uint8Array, mtimeNs: string, torn?: Torn): void {
    const file = this.change(id) as FileNode;
    const [start, data] = torn === undefined ? [0, bytes] : tear(bytes, torn);
    const end = at + start + data.length;
    const content = Buffer.alloc(Math.max(file.bytes.length, end));
    content.set(file.bytes);
    content.set(data, at + start);
    file.bytes = content;
    file.mtimeNs = mtimeNs;
  }

  /** Cuts a file, or makes it longer. */
  truncate(id: number, size: number, mtimeNs: string): void {
    const file = this.change(id) as FileNode;
    file.mtimeNs = mtimeNs;
    if (size <= file.bytes.length) {
      file.bytes = file.bytes.subarray(0, size);
      return;
    }
    const content = Buffer.alloc(size);
    content.set(file.bytes);
    file.bytes = content;
  }
}

/** What remains of a torn write, and where in the write it begins. */
function tear(bytes: Uint8Array, { part, count, rest }: Torn): [number, Uint8Array] {
  const [from, to] = part === 'head' ? [0, count] : [bytes.length - count, bytes.length];
  if (rest === 'missing') return [from, bytes.subarray(from, to)];
  const data = Buffer.alloc(bytes.length);
  data.set(bytes.subarray(from, to), from);
  return [0, data];
}
