/** What the kernel allows of a rename and of a removal, in the order in which it looks. */

import type { Inode, InodeStore } from './inodes.ts';
import { directoriesAbove, type Fail, type Found } from './path-walk.ts';

/** A name that exists. */
export interface Present extends Found {
  readonly id: number;
}

/** Refuses a rename that is not possible; false when both names are one file, and nothing is to be done. */
export function mayRename(store: InodeStore, from: Found, to: Found, fail: Fail): from is Present {
  if (isDot(from.name) || isDot(to.name)) return fail('EBUSY');
  if (store.get(from.directory).dev !== store.get(to.directory).dev) return fail('EXDEV');
  if (from.id === undefined) return fail('ENOENT');
  if (from.directory !== to.directory) {
    if (directoriesAbove(store, to.directory).includes(from.id)) return fail('EINVAL');
    if (to.id !== undefined && directoriesAbove(store, from.directory).includes(to.id))
      return fail('ENOTEMPTY');
  }
  if (from.id === to.id) return false;
  const moved = store.get(from.id);
  const target = to.id === undefined ? undefined : store.get(to.id);
  if (target !== undefined) mayReplace(moved, target, fail);
  if (isMountPoint(store, moved) || (target !== undefined && isMountPoint(store, target)))
    return fail('EBUSY');
  if (target?.kind === 'directory' && target.entries.size > 0) return fail('ENOTEMPTY');
  return true;
}

function mayReplace(moved: Inode, target: Inode, fail: Fail): void {
  if (moved.kind === 'directory' && target.kind !== 'directory') fail('ENOTDIR');
  if (moved.kind !== 'directory' && target.kind === 'directory') fail('EISDIR');
}

/** Refuses to remove anything but an empty directory. */
export function mayRemoveDirectory(store: InodeStore, found: Found, fail: Fail): void {
  if (found.id === undefined) fail('ENOENT');
  if (found.name === '.') fail('EINVAL');
  if (found.name === '..') fail('ENOTEMPTY');
  const inode = store.get(found.id);
  if (inode.kind !== 'directory') fail('ENOTDIR');
  if (isMountPoint(store, inode)) fail('EBUSY');
  if (inode.entries.size > 0) fail('ENOTEMPTY');
}

function isDot(name: string): boolean {
  return name === '.' || name === '..';
}

/** A directory on another device than the one above it. */
function isMountPoint(store: InodeStore, inode: Inode): boolean {
  return inode.kind === 'directory' && store.directory(inode.parent).dev !== inode.dev;
}
