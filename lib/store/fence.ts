/**
 * What keeps the engine out while a transaction is open: locks whose text the engine cannot parse, so that it
 * refuses and prints it, and bolts, files whose name makes it refuse even when somebody has removed the locks.
 */
import { join } from 'node:path';
import { hasErrno } from '../errors.ts';
import { isTableName } from '../format/file-names.ts';
import { createFileDurably, writeFileDurably } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';
import { LOCK_FILE } from './lock.ts';
import { listDirectory, lstatOrNull, SEGMENTS_DIR } from './roots.ts';

/**
 * The bolt: the engine reads a segment number from each `.keys` file before it does anything else, cannot read
 * one here, refuses, and prints this name.
 */
export const BOLT_FILE = 'UNFINISHED-ROLLBACK--run-litt-rollback-resume.keys';

const LOCK_TITLE = 'litt-rollback: ';
const MAX_LOCK_BYTES = 64 * 1024;
/** The node's user must be able to read the text, whoever wrote it. */
const LOCK_MODE = 0o644;
const BOLT_MODE = 0o600;

/** The text of a lock that fails closed. No line of it begins with `PID: `, not even indented. */
export function fenceText(id: string, at: Date): string {
  return [
    `${LOCK_TITLE}a rollback of this database is under way or was interrupted. Do not start the node.`,
    `Transaction ${id}, begun ${at.toISOString()}.`,
    'Finish it:    litt-rollback resume --src EVERY-ROOT [--snapshot-dir DIR]',
    'Take it back: litt-rollback undo --src EVERY-ROOT [--snapshot-dir DIR]',
    '',
  ].join('\n');
}

/** Replaces the lock in a directory by one that fails closed; no instant is without a lock. */
export function raiseFence(fs: DurableFs, dir: string, id: string, at: Date): void {
  const { uid, gid } = fs.lstat(dir);
  writeFileDurably(fs, join(dir, LOCK_FILE), Buffer.from(fenceText(id, at)), {
    mode: LOCK_MODE,
    uid,
    gid,
  });
}

/** Whether the directory's lock is one of ours that fails closed. */
export function isFenced(fs: DurableFs, dir: string): boolean {
  const text = lockText(fs, dir);
  return text?.startsWith(LOCK_TITLE) ?? false;
}

/** Whether the directory's lock is the closed one of this transaction. */
export function isFencedBy(fs: DurableFs, dir: string, id: string): boolean {
  const text = lockText(fs, dir);
  return text?.startsWith(LOCK_TITLE) === true && text.includes(`Transaction ${id},`);
}

function lockText(fs: DurableFs, dir: string): string | null {
  const path = join(dir, LOCK_FILE);
  const stat = lstatOrNull(fs, path);
  if (stat === null || stat.kind !== 'file' || stat.size > MAX_LOCK_BYTES) return null;
  let fd: number;
  try {
    fd = fs.open(path, 'r');
  } catch (error) {
    if (hasErrno(error, 'EACCES', 'EPERM', 'ENOENT')) return null;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(stat.size);
    return buffer.subarray(0, fs.readAt(fd, buffer, 0)).toString('utf8');
  } finally {
    fs.close(fd);
  }
}

/**
 * Removes the directory's lock, durably, if it is one of ours that fails closed. Where there is none, a killed process
 * may have removed it just now: that, too, is made durable.
 */
export function lowerFence(fs: DurableFs, dir: string): void {
  if (isFenced(fs, dir)) fs.unlink(join(dir, LOCK_FILE));
  fs.fsyncDir(dir);
}

/** Puts the bolt into a segments directory; its directory is synced. */
export function placeBolt(fs: DurableFs, segmentsDir: string): void {
  const { uid, gid } = fs.lstat(segmentsDir);
  const path = join(segmentsDir, BOLT_FILE);
  if (lstatOrNull(fs, path) === null) {
    createFileDurably(fs, path, Buffer.alloc(0), { mode: BOLT_MODE, uid, gid });
  }
  fs.fsyncDir(segmentsDir);
}

/** Removes the bolt from a segments directory, durably, also where a killed process has removed it just now. */
export function removeBolt(fs: DurableFs, segmentsDir: string): void {
  const path = join(segmentsDir, BOLT_FILE);
  if (lstatOrNull(fs, path) !== null) fs.unlink(path);
  fs.fsyncDir(segmentsDir);
}

/** The first bolt in a root; null without one. */
export function boltIn(fs: DurableFs, root: string): string | null {
  const paths = possibleTables(fs, root).map((name) => join(root, name, SEGMENTS_DIR, BOLT_FILE));
  return paths.find((path) => lstatOrNull(fs, path) !== null) ?? null;
}

/** What may be a table of a directory, by its name: `lost+found`, say, is none, and closed to everybody but root. */
export function possibleTables(fs: DurableFs, dir: string): string[] {
  return listDirectory(fs, dir).filter(isTableName);
}

/** The segments directories of a table, one for each root that has the table. */
export function segmentsDirs(fs: DurableFs, roots: readonly string[], table: string): string[] {
  const dirs = roots.map((root) => join(root, table, SEGMENTS_DIR));
  return dirs.filter((dir) => lstatOrNull(fs, dir)?.kind === 'directory');
}
