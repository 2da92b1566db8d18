/** Finds what a path leads to, as the kernel does: component by component, through symbolic links. */
import { type Errno, errnoError } from './errno.ts';
import { type InodeStore, ROOT_ID } from './inodes.ts';

/** Where the last part of a path is, and what is there. */
export interface Found {
  readonly directory: number;
  readonly name: string;
  /** Undefined when there is nothing of that name. */
  readonly id: number | undefined;
}

const MOST_LINKS = 40;
const LONGEST_NAME = 255;

/** Called with what is wrong; never returns. */
export type Fail = (code: Errno) => never;

/** Fails in the name of one system call. */
export function failing(syscall: string, path: string, dest?: string): Fail {
  return (code) => {
    throw errnoError(code, syscall, path, dest);
  };
}

/** Looks a path up; `follow` says whether a symbolic link in the last part is followed. */
export function find(store: InodeStore, path: string, follow: boolean, fail: Fail): Found {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  const walk = new Walk(store, fail);
  if (slash <= 0 || name === '' || name === '.' || name === '..') return walk.run(path, follow);
  const above = path.slice(0, slash);
  let directory = store.resolved.get(above);
  if (directory === undefined) {
    directory = walk.directory(above);
    store.resolved.set(above, directory);
  }
  return walk.last(directory, name, follow);
}

/** Like find() without following; undefined when there is nothing, whichever part of the path is missing. */
export function findIfThere(store: InodeStore, path: string, fail: Fail): number | undefined {
  try {
    return find(store, path, false, fail).id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

class Walk {
  private links = 0;

  constructor(
    private readonly store: InodeStore,
    private readonly fail: Fail,
  ) {}

  run(path: string, follow: boolean): Found {
    if (path === '') return this.fail('ENOENT');
    if (!path.startsWith('/')) throw new TypeError(`only absolute paths are simulated: ${path}`);
    return this.from(ROOT_ID, path, follow);
  }

  directory(path: string): number {
    const { id } = this.run(path, true);
    if (id === undefined) return this.fail('ENOENT');
    if (this.store.get(id).kind !== 'directory') return this.fail('ENOTDIR');
    return id;
  }

  private from(start: number, path: string, follow: boolean): Found {
    const parts = path.split('/').filter((part) => part !== '');
    if (path.endsWith('/') && parts.length > 0) parts.push('.');
    let at = path.startsWith('/') ? ROOT_ID : start;
    if (parts.length === 0) return { directory: at, name: '.', id: at };
    for (const part of parts.slice(0, -1)) at = this.enter(at, part);
    return this.last(at, parts.at(-1) as string, follow);
  }

  private enter(directory: number, part: string): number {
    const { id } = this.last(directory, part, true);
    if (id === undefined) return this.fail('ENOENT');
    if (this.store.get(id).kind !== 'directory') return this.fail('ENOTDIR');
    return id;
  }

  last(directory: number, part: string, follow: boolean): Found {
    if (part === '.') return { directory, name: part, id: directory };
    const here = this.store.directory(directory);
    if (part === '..') return { directory, name: part, id: here.parent };
    if (Buffer.byteLength(part) > LONGEST_NAME) return this.fail('ENAMETOOLONG');
    const id = here.entries.get(part);
    const inode = id === undefined ? undefined : this.store.get(id);
    if (inode?.kind !== 'link' || !follow) return { directory, name: part, id };
    this.links += 1;
    if (this.links > MOST_LINKS) return this.fail('ELOOP');
    return this.from(directory, inode.target, true);
  }
}

/** The path of a directory from the root, by names. */
export function pathOfDirectory(store: InodeStore, id: number): string {
  const names: string[] = [];
  for (let at = id; at !== ROOT_ID; ) {
    const { parent } = store.directory(at);
    const entry = [...store.directory(parent).entries].find(([, child]) => child === at);
    if (entry === undefined) throw new Error('the directory was removed');
    names.unshift(entry[0]);
    at = parent;
  }
  return `/${names.join('/')}`;
}

/** The directory itself and every directory above it, nearest first. */
export function directoriesAbove(store: InodeStore, id: number): number[] {
  const chain = [id];
  for (let at = id; at !== ROOT_ID; ) {
    at = store.directory(at).parent;
    chain.push(at);
  }
  return chain;
}
