/**
 * The owner of new files. Root works for the node and gives its files to the node. A user without that right keeps
 * the files, as the engine does, if they serve every user that the old ones served.
 */
import { join } from 'node:path';
import { hasErrno } from '../errors.ts';
import { isTableName } from '../format/file-names.ts';
import type { DurableFs, FileStat } from './durable-fs.ts';
import { listDirectory, lstatOrNull, SEGMENTS_DIR } from './roots.ts';

/** Owner and group. */
export type Owner = Pick<FileStat, 'uid' | 'gid'>;

/** Answers of a system that lets this user give nothing away, or where there is no such owner. */
const NOT_GIVEN = ['EPERM', 'EINVAL', 'EOVERFLOW', 'ENOSYS', 'ENOTSUP'];
const READ_WRITE = 6;
const SET_GID = 0o2000;

/**
 * Whom things in a root, or in the snapshot directory, belong to: the owner of the directory; where that is root, as of
 * a mounted volume, the one owner of the tables in it.
 */
export function nodeOwner(fs: DurableFs, dir: string): Owner {
  const { uid, gid, mode } = fs.lstat(dir);
  if (uid !== 0) return { uid, gid };
  const tables = listDirectory(fs, dir)
    .filter(isTableName)
    .map((name) => join(dir, name));
  const owners = tables.flatMap((table) => lstatOrNull(fs, join(table, SEGMENTS_DIR)) ?? []);
  const [first] = owners;
  if (first === undefined || owners.some((o) => o.uid !== first.uid)) return { uid, gid };
  return { uid: first.uid, gid: (mode & SET_GID) === 0 ? first.gid : gid };
}

/**
 * Gives a new file to the node. A user other than root keeps it: this is the node's user, or one with the node's
 * rights. Raw errors: also root's, who may not give (a container without that right).
 */
export function give(fs: DurableFs, target: string | number, made: Owner, to: Owner): void {
  const refusal = giveAway(fs, target, made, to);
  // Other errors say that the owner has no number here: then giving is impossible.
  if (refusal !== null && process.geteuid?.() === 0 && hasErrno(refusal.error, 'EPERM')) throw refusal.error;
}

/**
 * Gives a replacement file to the owner of the replaced one. Raw errors, also if this user has no right to and the
 * change would shut a user out.
 */
export function giveLike(fs: DurableFs, target: string | number, made: Owner, like: FileStat): void {
  const refusal = giveAway(fs, target, made, like);
  if (refusal !== null && shutsOut(like, refusal.left)) throw refusal.error;
}

/** Whether any user could do less with a file of these permission bits if it had this owner and group. */
export function shutsOut(like: FileStat, left: Owner): boolean {
  const [owner, group, other] = [6, 3, 0].map((shift) => (like.mode >> shift) & READ_WRITE) as Triple;
  const keepsGroup = left.gid === like.gid;
  // Root may use everything, and its group is root.
  const ownerLoses = left.uid !== like.uid && like.uid !== 0 && owner & ~(keepsGroup ? group | other : other);
  const groupLoses = !keepsGroup && like.gid !== 0 && group & ~other;
  return Boolean(ownerLoses || groupLoses);
}

type Triple = [number, number, number];

/** Gives owner and group, or else the group alone; null when nothing is left to give. */
function giveAway(
  fs: DurableFs,
  target: string | number,
  made: Owner,
  to: Owner,
): { readonly left: Owner; readonly error: unknown } | null {
  if (made.uid === to.uid && made.gid === to.gid) return null;
  const error = refusalOf(fs, target, to.uid, to.gid);
  if (error === null) return null;
  const hasGroup = made.gid === to.gid || refusalOf(fs, target, KEEP, to.gid) === null;
  return { left: { uid: made.uid, gid: hasGroup ? to.gid : made.gid }, error };
}

/** Leaves an owner as it is. */
const KEEP = -1;

function refusalOf(fs: DurableFs, target: string | number, uid: number, gid: number): unknown {
  try {
    fs.chown(target, uid, gid);
    return null;
  } catch (error) {
    if (hasErrno(error, ...NOT_GIVEN)) return error;
    throw error;
  }
}
