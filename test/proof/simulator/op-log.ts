/**
 * The changes of a simulated file system, in order: the smallest changes that a power cut may lose or keep
 * independently. One call may consist of several (removeTree, reflink).
 */
import type { Inode, InodeStore, Torn } from './inodes.ts';

interface Base {
  /** What the program called it, for messages. */
  readonly path: string;
}

/** A new inode under a new name: a file, a directory or a symbolic link. */
export interface CreateOp extends Base {
  readonly op: 'create';
  readonly directory: number;
  readonly name: string;
  readonly birth: Inode;
}

/** A further name of an inode. */
export interface LinkOp extends Base {
  readonly op: 'link';
  readonly directory: number;
  readonly name: string;
  readonly id: number;
}

/** Also of directories (rmdir). */
export interface UnlinkOp extends Base {
  readonly op: 'unlink';
  readonly directory: number;
  readonly name: string;
  readonly id: number;
  readonly isDirectory: boolean;
}

/** A name that moves, over an old one or not. */
export interface RenameOp extends Base {
  readonly op: 'rename';
  readonly from: { readonly directory: number; readonly name: string };
  readonly to: { readonly directory: number; readonly name: string };
  readonly id: number;
  readonly isDirectory: boolean;
  /** For a directory, every directory above its new place; empty for anything else. */
  readonly above: readonly number[];
  /** The directory (an empty one) whose place it takes. */
  readonly replacedDirectory: number | null;
  readonly newPath: string;
}

/** Bytes written into a file. */
export interface WriteOp extends Base {
  readonly op: 'write';
  readonly id: number;
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly mtimeNs: string;
}

/** A file cut or made longer. */
export interface TruncateOp extends Base {
  readonly op: 'truncate';
  readonly id: number;
  readonly size: number;
  readonly mtimeNs: string;
}

/** Mode, owner and time, each on its own. */
export interface AttributesOp extends Base {
  readonly op: 'attributes';
  readonly id: number;
  readonly set: {
    readonly mode?: number;
    readonly uid?: number;
    readonly gid?: number;
    readonly mtimeNs?: string;
    readonly extended?: Inode['extended'];
  };
}

/** Everything that was done so far to this file, or to this directory and its entries, is durable. */
export interface SyncOp extends Base {
  readonly op: 'sync';
  readonly id: number;
  /** Noted and not made: a mutant has left it out here. */
  readonly missed?: boolean;
}

/** One of these changes, or a sync. */
export type Op = CreateOp | LinkOp | UnlinkOp | RenameOp | WriteOp | TruncateOp | AttributesOp | SyncOp;

/** Lets an operation happen; a write may be torn. */
export function applyOp(store: InodeStore, op: Op, torn?: Torn): void {
  switch (op.op) {
    case 'create':
      store.add(op.birth);
      store.setEntry(op.directory, op.name, op.birth.id);
      break;
    case 'link':
      store.setEntry(op.directory, op.name, op.id);
      break;
    case 'unlink':
      store.removeEntry(op.directory, op.name, op.id);
      break;
    case 'rename':
      store.removeEntry(op.from.directory, op.from.name, op.id);
      store.setEntry(op.to.directory, op.to.name, op.id);
      break;
    case 'write':
      store.write(op.id, op.at, op.bytes, op.mtimeNs, torn);
      break;
    case 'truncate':
      store.truncate(op.id, op.size, op.mtimeNs);
      break;
    case 'attributes':
      Object.assign(store.change(op.id), op.set);
      break;
    case 'sync':
      break;
  }
}

/** Leaves an operation out; an inode that was made exists all the same, in case another name leads to it. */
export function skipOp(store: InodeStore, op: Op): void {
  if (op.op === 'create') store.add(op.birth);
}

/** The inodes (of files or directories) whose sync makes the operation durable. */
export function touched(op: Op): readonly number[] {
  switch (op.op) {
    case 'create':
    case 'link':
    case 'unlink':
      return [op.directory];
    case 'rename':
      return op.from.directory === op.to.directory
        ? [op.from.directory]
        : [op.from.directory, op.to.directory];
    default:
      return [op.id];
  }
}

/** An operation as a line of text. */
export function describeOp(op: Op): string {
  switch (op.op) {
    case 'create':
      return `create ${op.birth.kind} ${op.path}`;
    case 'rename':
      return `rename ${op.path} -> ${op.newPath}`;
    case 'write':
      return `write ${op.bytes.length} bytes at ${op.at} of ${op.path}`;
    case 'truncate':
      return `truncate ${op.path} to ${op.size}`;
    case 'attributes':
      return `set ${Object.keys(op.set).join('+')} of ${op.path}`;
    default:
      return `${op.op} ${op.path}`;
  }
}
