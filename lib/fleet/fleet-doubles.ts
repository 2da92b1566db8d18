/**
 * Nodes that are one database under two names, or lie in each other: two workers would change the same files. Told by
 * device and inode, so that links and mounts do not hide it, and by what the roots remember of an earlier rollback.
 */
import { dirname } from 'node:path';
import { RollbackError } from '../errors.ts';
import { realFs } from '../store/durable-fs.ts';
import { findHome, rootsOfHome } from '../store/home.ts';
import { OWN_DIR, rootSetIdOf } from '../store/root-set.ts';
import { DIRECTORY_OPTIONS, type DirectoryOption, directoryOf } from './fleet-options.ts';
import type { FleetNode } from './fleet-types.ts';

/** Two nodes that cannot both be right. */
export interface FleetDouble {
  /** Index of the later one of the two. */
  readonly later: number;
  readonly text: string;
}

/** A directory of a node. */
interface Area {
  readonly node: number;
  readonly path: string;
  /** "home", "root" or "snapshot directory". */
  readonly role: string;
}

/** Every pair of nodes that may not stand in one fleet; one reason for each pair. */
export function doublesOf(nodes: readonly FleetNode[]): FleetDouble[] {
  const search = new DoubleSearch(nodes);
  return search.find();
}

/**
 * Refuses nodes that share a name, a directory, a snapshot directory or a database, or lie in each other.
 * @throws RollbackError ERR_FLEET
 */
export function refuseDoubles(nodes: readonly FleetNode[]): void {
  const names = new Set<string>();
  const twice = nodes.flatMap(({ name }) =>
    names.has(name) ? [`the name ${name} stands twice`] : !names.add(name) || [],
  );
  const details = [...new Set([...twice, ...doublesOf(nodes).map((double) => double.text)])];
  if (details.length === 0) return;
  const what = 'Nodes of the fleet are one and the same, or lie in each other';
  const next = 'Leave one of each pair out of the fleet file, and run the same command again';
  throw new RollbackError('ERR_FLEET', { what, details, next });
}

class DoubleSearch {
  readonly #nodes: readonly FleetNode[];
  readonly #areas: readonly Area[];
  readonly #keys = new Map<string, string>();
  readonly #doubles = new Map<string, FleetDouble>();

  constructor(nodes: readonly FleetNode[]) {
    this.#nodes = nodes;
    this.#areas = nodes.flatMap((node, i) => areasOf(node, i));
  }

  find(): FleetDouble[] {
    const owners = new Map<string, Area>();
    for (const area of this.#areas) {
      const key = this.#keyOf(area.path);
      const first = owners.get(key);
      if (first === undefined) owners.set(key, area);
      else if (first.node !== area.node || isTwiceInNode(first, area)) this.#twice(first, area);
    }
    for (const area of this.#areas) {
      for (let at = dirname(area.path); ; at = dirname(at)) {
        const outer = owners.get(this.#keyOf(at));
        if (outer !== undefined && outer.node !== area.node)
          this.#put(outer, area, `${this.#words(area)} lies inside ${this.#words(outer)}`);
        if (at === dirname(at)) break;
      }
    }
    this.#findCopies();
    return [...this.#doubles.values()];
  }

  /** Roots that remember one set of roots, and belong to different nodes. */
  #findCopies(): void {
    const owners = new Map<string, Area>();
    for (const area of this.#areas) {
      const id = area.role === 'root' ? rememberedId(area.path) : null;
      const first = id === null ? undefined : owners.get(id);
      if (id !== null && first === undefined) owners.set(id, area);
      if (first === undefined || first.node === area.node) continue;
      this.#put(
        first,
        area,
        `${this.#words(area)} is a copy of ${this.#words(first)}, or a root of the same database: both remember one rollback. ` +
          `If it is a node of its own by now, remove ${area.path}/${OWN_DIR}/root-set.json`,
      );
    }
  }

  #twice(first: Area, area: Area): void {
    const other = first.path === area.path ? 'also' : `the same directory as ${first.path},`;
    this.#put(
      first,
      area,
      first.node === area.node
        ? `${this.#words(area)} is given twice`
        : `${this.#words(area)} is ${other} the ${first.role} of node ${this.#nameOf(first)}`,
    );
  }

  /** "the root /data/rpc-1 of node rpc-1" */
  #words(area: Area): string {
    return `the ${area.role} ${area.path} of node ${this.#nameOf(area)}`;
  }

  #nameOf({ node }: Area): string {
    return this.#nodes[node]!.name;
  }

  #put(first: Area, area: Area, text: string): void {
    const [earlier, later] = [first.node, area.node].sort((a, b) => a - b) as [number, number];
    const pair = `${earlier} ${later}`;
    if (!this.#doubles.has(pair)) this.#doubles.set(pair, { later, text });
  }

  /** Device and inode; the path of what cannot be looked at. */
  #keyOf(path: string): string {
    const known = this.#keys.get(path);
    if (known !== undefined) return known;
    let key = path;
    try {
      const { dev, ino } = realFs.lstat(path);
      key = `${dev}:${ino}`;
    } catch {
      // It does not exist, or may not be looked at: only the same path is the same.
    }
    this.#keys.set(path, key);
    return key;
  }
}

/** A home may be a root of its own database; one root given twice is a mistake. */
function isTwiceInNode(first: Area, area: Area): boolean {
  return first.role === 'root' && area.role === 'root';
}

const ROLES: Readonly<Record<DirectoryOption, string>> = {
  'snapshot-dir': 'snapshot directory',
  'log-index': 'log-index',
};

function areasOf({ home, src, options }: FleetNode, node: number): Area[] {
  const roots = home === null ? src : rootsIn(home);
  return [
    ...(home === null ? [] : [{ node, path: home, role: 'home' }]),
    ...roots.map((path) => ({ node, path, role: 'root' })),
    ...DIRECTORY_OPTIONS.flatMap((name) => {
      const path = directoryOf(options, name);
      return path === null ? [] : [{ node, path, role: ROLES[name] }];
    }),
  ];
}

/** The roots in a home, behind links; none where planning the node will say why. */
function rootsIn(home: string): string[] {
  try {
    return rootsOfHome(findHome(home)).map((root) => realFs.realpath(root));
  } catch {
    return [];
  }
}

function rememberedId(root: string): string | null {
  try {
    return rootSetIdOf(realFs, root);
  } catch {
    return null; // told when the node is planned
  }
}
