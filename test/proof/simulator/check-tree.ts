/** What must hold of every simulated tree, whatever happened to it. */
import { type Inode, ROOT_ID } from './inodes.ts';
import type { MemoryFs } from './memory-fs.ts';

/** Everything that a check of the file system would complain about, as sentences. */
export function inconsistencies(fs: MemoryFs): string[] {
  const problems: string[] = [];
  const links = new Map<number, number>();
  const visit = (id: number, path: string): void => {
    const inode = fs.store.get(id);
    links.set(id, (links.get(id) ?? 0) + 1);
    if (inode.kind !== 'directory') return;
    if (links.get(id) !== 1) {
      problems.push(`${path}: a directory with two names`);
      return;
    }
    for (const [name, child] of inode.entries) {
      const { kind } = fs.store.get(child);
      if (kind === 'directory' && fs.store.directory(child).parent !== id)
        problems.push(`${path}/${name}: its parent is another directory`);
      visit(child, `${path}/${name}`);
    }
  };
  visit(ROOT_ID, '');
  links.delete(ROOT_ID);
  for (const [id, count] of links) {
    const inode = fs.store.get(id);
    if (inode.links !== count) problems.push(`inode ${id} has ${count} names, and says ${inode.links}`);
  }
  return problems;
}

/** Numbers of all inodes that some name leads to. */
export function reachable(fs: MemoryFs): Set<number> {
  const found = new Set<number>();
  const visit = (inode: Inode): void => {
    found.add(inode.id);
    if (inode.kind === 'directory') for (const child of inode.entries.values()) visit(fs.store.get(child));
  };
  visit(fs.store.get(ROOT_ID));
  return found;
}
