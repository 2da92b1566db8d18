/** The effect of each call of the file system seam: a new call of the interface must be listed here. */
import type { DurableFs } from '../../lib/store/durable-fs.ts';

/** `open` changes something when it makes a file. */
const EFFECTS = {
  open: 'opens',
  readAt: 'reads',
  writeAt: 'changes',
  truncate: 'changes',
  fsync: 'syncs',
  close: 'reads',
  rename: 'changes',
  unlink: 'changes',
  rmdir: 'changes',
  mkdir: 'changes',
  fsyncDir: 'syncs',
  link: 'changes',
  reflink: 'changes',
  lstat: 'reads',
  readdir: 'reads',
  realpath: 'reads',
  readlink: 'reads',
  chmod: 'changes',
  chown: 'changes',
  utimes: 'changes',
  copyAttributes: 'changes',
  removeTree: 'changes',
  freeBytes: 'reads',
  freeInodes: 'reads',
  mayWrite: 'reads',
  mountPoints: 'reads',
} as const satisfies Readonly<Record<keyof DurableFs, 'opens' | 'reads' | 'changes' | 'syncs'>>;

type Effects = typeof EFFECTS;
type CallsThat<Effect> = {
  [Name in keyof Effects]: Effects[Name] extends Effect ? Name : never;
}[keyof Effects];

/** A call that always changes something. */
export type ChangingCall = CallsThat<'changes'>;
/** A call that makes changes durable. */
export type SyncCall = CallsThat<'syncs'>;

const callsThat = <Effect>(effect: Effect): CallsThat<Effect>[] =>
  Object.entries(EFFECTS).flatMap(([name, is]) => (is === effect ? [name as CallsThat<Effect>] : []));

/** Every call that always changes something. */
export const CHANGING_CALLS: readonly ChangingCall[] = callsThat('changes' as const);
/** Every call that makes changes durable. */
export const SYNC_CALLS: readonly SyncCall[] = callsThat('syncs' as const);
