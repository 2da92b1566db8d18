/** What the calls of the simulated file system are made of: inodes, descriptors, the log, the clock. */
import { type DirectoryNode, type Inode, InodeStore, ROOT_ID } from './inodes.ts';
import { type AttributesOp, applyOp, type Op } from './op-log.ts';
import { type Fail, type Found, failing, find } from './path-walk.ts';

/** What kind of machine it is. */
export interface MemoryOptions {
  /** Default 0o022. */
  readonly umask?: number;
  /** Owner of what is made; default root. */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether files can share blocks; default false, as on ext4. */
  readonly reflinks?: boolean;
  /** Directories that are file systems of their own. */
  readonly mounts?: readonly string[];
  /** Whether files that were loaded can get a second name, which kernels forbid for those of others; default true. */
  readonly hardLinks?: boolean;
  /** Whether what was loaded is the lower layer of an overlay, whose directories cannot be renamed; default false. */
  readonly layered?: boolean;
  /** Whether there is a command that copies attributes; default true. */
  readonly copiesAttributes?: boolean;
  /** What `freeInodes` answers; default null: no limit. */
  readonly freeInodes?: number;
  /** What `freeBytes` answers; default a terabyte. */
  readonly freeBytes?: number | null;
}

/** A name and the inode that it leads to. */
export interface Existing extends Found {
  readonly id: number;
  readonly inode: Inode;
}

interface Descriptor {
  readonly id: number;
  readonly path: string;
  readonly mayWrite: boolean;
}

type Born = { readonly kind: 'file' | 'directory' } | { readonly kind: 'link'; readonly target: string };

const EPOCH_NS = 1_700_000_000_000_000_000n;
/** Device of the root directory; the configured mounts have the numbers behind it. */
const ROOT_DEV = 900_000;
const FIRST_FD = 1000;
const FILE_BITS = 0o7777;
/** mkdir ignores the set-id bits. */
const DIRECTORY_BITS = 0o1777;
const SET_GID = 0o2000;
const SET_UID = 0o4000;
const GROUP_EXECUTE = 0o010;

/** The tree, the open descriptors and the log of a file system in memory. */
export class MemoryCore {
  readonly options: MemoryOptions;
  readonly store: InodeStore;
  /** Inodes below this number were loaded. */
  layerEnd = 0;
  /** Changes so far: the clock. */
  ticks = 0;
  /** Where changes are noted; null to note none. */
  protected log: Op[] | null = null;
  private readonly descriptors = new Map<number, Descriptor>();
  private nextFd = FIRST_FD;

  constructor(options: MemoryOptions = {}, store?: InodeStore) {
    this.options = options;
    this.store = store ?? new InodeStore();
    if (store === undefined) this.store.add(rootDirectory());
  }

  /** How many descriptors are open. */
  get openDescriptors(): number {
    return this.descriptors.size;
  }

  /** Device of a directory that is mounted here, or else of the one above it. */
  deviceAt(path: string, above: string): string {
    const mount = (this.options.mounts ?? []).indexOf(path);
    return mount < 0 ? above : String(ROOT_DEV + 1 + mount);
  }

  /** What a path leads to; null when that is nothing. */
  protected present(path: string): Inode | null {
    try {
      const fail = failing('stat', path);
      return this.existing(find(this.store, path, true, fail), fail).inode;
    } catch {
      return null; // whatever is wrong with the path
    }
  }

  /** The inode that a path or a descriptor means. */
  protected target(target: string | number, syscall: string, follow: boolean): { id: number; path: string } {
    if (typeof target === 'number') return this.opened(target, syscall);
    const fail = failing(syscall, target);
    return { id: this.existing(find(this.store, target, follow, fail), fail).id, path: target };
  }

  /** What lies where a path leads; fails when nothing does. */
  protected existing({ directory, name, id }: Found, fail: Fail): Existing {
    if (id === undefined) return fail('ENOENT');
    return { directory, name, id, inode: this.store.get(id) };
  }

  /** What an open descriptor is of. */
  protected opened(fd: number, syscall: string): Descriptor {
    return this.descriptors.get(fd) ?? failing(syscall, String(fd))('EBADF');
  }

  /** A new descriptor. */
  protected descriptor(id: number, path: string, mayWrite: boolean): number {
    const fd = this.nextFd++;
    this.descriptors.set(fd, { id, path, mayWrite });
    return fd;
  }

  /** Forgets a descriptor. */
  protected closeDescriptor(fd: number): void {
    this.opened(fd, 'close');
    this.descriptors.delete(fd);
  }

  /** Makes an inode under a new name, with the mode and owner that the kernel would give it. */
  protected create({ directory, name }: Found, path: string, born: Born, mode: number): number {
    const { umask = 0o022, uid = 0, gid = 0 } = this.options;
    const parent = this.store.directory(directory);
    const inherits = (parent.mode & SET_GID) !== 0;
    const id = this.store.nextId;
    const birth = {
      ...born,
      id,
      ino: String(this.store.inoBase + id),
      dev: this.deviceAt(path, parent.dev),
      mode: modeOf(born.kind, mode & ~umask, inherits),
      uid,
      gid: inherits ? parent.gid : gid,
      links: 0,
      mtimeNs: this.now(),
      owner: {},
      ...(born.kind === 'file' ? { bytes: new Uint8Array() } : {}),
      ...(born.kind === 'directory' ? { entries: new Map(), parent: directory } : {}),
    } as Inode;
    this.change({ op: 'create', path, directory, name, birth });
    return id;
  }

  /** The time (nanoseconds): each change takes a microsecond. */
  protected now(): string {
    return String(EPOCH_NS + BigInt(this.ticks) * 1000n);
  }

  /** Lets something happen, and notes it. */
  protected change(op: Op): void {
    this.ticks += 1;
    applyOp(this.store, op);
    this.log?.push(op);
  }
}

/** What a change of owner changes: of a file the set-id bits too. -1 leaves an owner as it is. */
export function ownerChange(inode: Inode, uid: number, gid: number): AttributesOp['set'] {
  const owner = { uid: uid < 0 ? inode.uid : uid, gid: gid < 0 ? inode.gid : gid };
  if (inode.kind === 'directory') return owner;
  const cleared = (inode.mode & GROUP_EXECUTE) === 0 ? SET_UID : SET_UID | SET_GID;
  return (inode.mode & cleared) === 0 ? owner : { ...owner, mode: inode.mode & ~cleared };
}

function modeOf(kind: Inode['kind'], mode: number, inheritsGroup: boolean): number {
  if (kind === 'link') return 0o777;
  if (kind === 'file') return mode & FILE_BITS;
  return (mode & DIRECTORY_BITS) | (inheritsGroup ? SET_GID : 0);
}

function rootDirectory(): DirectoryNode {
  return {
    id: ROOT_ID,
    kind: 'directory',
    ino: '1',
    dev: String(ROOT_DEV),
    mode: 0o755,
    uid: 0,
    gid: 0,
    links: 1,
    mtimeNs: String(EPOCH_NS),
    owner: {},
    entries: new Map(),
    parent: ROOT_ID,
  };
}
