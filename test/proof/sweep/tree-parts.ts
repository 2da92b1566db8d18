/** The parts of a directory tree: the node's and the program's; and how two trees of a sweep differ. */
import { type Tree, type TreeEntry, treeDifferences } from '../../helpers/tree.ts';
import { BOLT } from '../own-files.ts';

/** Our own directory in a root. */
const OWN = /(^|\/)\.litt-rollback(\/|$)/;
const LOCK = /(^|\/)litt\.lock$/;
const TEMPORARY = /litt-rollback-tmp$/;

const isLeftover = (path: string): boolean =>
  LOCK.test(path) || path.endsWith(`/${BOLT}`) || TEMPORARY.test(path);

/** The part of a tree that belongs to the node: no own directory, lock, bolt or temporary file. */
export function dataOf(tree: Tree): Map<string, TreeEntry> {
  return new Map([...tree].filter(([path]) => !OWN.test(path) && !isLeftover(path)));
}

/** Everything that is ours and must not outlive a recovery: locks, bolts, temporary files. */
export function leftoversIn(tree: Tree): string[] {
  return [...tree.keys()].filter(isLeftover);
}

/** Our own directory's entries, with ids made equal; which runs claimed it, and the audit, do not matter. */
export function ownOf(tree: Tree): Map<string, TreeEntry> {
  const own = [...tree].filter(
    ([path]) => OWN.test(path) && !/\/(runner\.\d+|\.?audit\.jsonl.*)$/.test(path),
  );
  return new Map(
    own.map(([path, entry]) => [
      path.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, 'ID'),
      path.includes('/kept/') ? entry : withoutContent(entry),
    ]),
  );
}

/** Documents and marks hold ids and times; what undo needs must agree byte for byte. */
function withoutContent({ size: _, sha256: __, target: ___, ...entry }: TreeEntry): TreeEntry {
  return entry;
}

/** What may differ. */
export interface Leniency {
  /** Rewritten metadata carries the time of sealing: those files are compared without it. */
  readonly timeless?: (path: string) => boolean;
  readonly ignoreLinks?: boolean;
}

/** Differences as sentences. A copy of a tree has other inode numbers and times. */
export function differences(expected: Tree, actual: Tree, leniency: Leniency = {}): string[] {
  return treeDifferences(expected, actual, (path, field) => {
    if (field === 'ino' || field === 'mtime') return true;
    if (field === 'nlink') return leniency.ignoreLinks === true;
    return field === (leniency.timeless?.(path) === true ? 'sha256' : 'timeless');
  });
}
