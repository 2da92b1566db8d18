/** Holds the data of a fleet file against its schema, part by part, so that one mistake does not hide the others. */
import * as z from 'zod/mini';
import { isObject } from '../input/checks.ts';
import { TARGET_NAMES } from './fleet-keys.ts';
import type { Mistake } from './fleet-mistakes.ts';
import { type FileNode, type FileScope, NODES, scopeSchema, TARGETS, topSchema } from './fleet-schema.ts';
import type { FleetPath, FleetTree } from './fleet-tree.ts';
import { mistakesOf } from './fleet-words.ts';

/** A node as it stands in the file, by its kind. */
export type NodeEntry = { readonly path: FleetPath } & (
  | { readonly kind: 'home'; readonly given: FileNode['home'] }
  | { readonly kind: 'pattern'; readonly given: FileNode['pattern'] }
  | { readonly kind: 'src'; readonly given: FileNode['src'] }
);

/** The target of a file, and its value. */
export interface FileTarget {
  readonly kind: keyof typeof TARGETS;
  readonly value: string | number;
}

/** The parts of a file that have the right shape. */
export interface FleetShape {
  readonly target: FileTarget | null;
  readonly options: FileScope;
  readonly nodes: readonly NodeEntry[];
}

/** The parts of a file; what is wrong is added to the mistakes. */
export function shapeOf(tree: FleetTree, mistakes: Mistake[]): FleetShape {
  const { value } = tree;
  check(topSchema, tree, [], value, mistakes);
  const { target, options, nodes } = isObject(value) ? value : {};
  const list: readonly unknown[] = Array.isArray(nodes) ? nodes : [];
  return {
    target: target === undefined ? null : targetOf(tree, target, mistakes),
    options: options === undefined ? {} : scopeOf(tree, options, mistakes),
    nodes: list.flatMap((node, i) => nodeOf(tree, node, ['nodes', i], mistakes) ?? []),
  };
}

function targetOf(tree: FleetTree, value: unknown, mistakes: Mistake[]): FileTarget | null {
  const path = ['target'];
  const given = isObject(value) ? TARGET_NAMES.filter((name) => value[name] !== undefined) : [];
  const [kind, second] = given;
  if (second !== undefined) {
    const text = `\`target\` has ${given.join(' and ')}: exactly one of them may stand there`;
    mistakes.push({ at: tree.spot([...path, second]).key, text });
    return null;
  }
  if (kind !== undefined) {
    const read = check(TARGETS[kind], tree, path, value, mistakes);
    return read === null ? null : { kind, value: Object.values(read)[0] as string | number };
  }
  // A misspelt one is told as an unknown key.
  check(NO_TARGET, tree, path, value, mistakes);
  if (isObject(value) && Object.keys(value).length === 0) {
    const text = `\`target\` must have one of ${TARGET_NAMES.join(', ')}`;
    mistakes.push({ at: tree.spot(path).value, text });
  }
  return null;
}

const NO_TARGET = z.strictObject({}, `must be a mapping with one of ${TARGET_NAMES.join(', ')}`);

function scopeOf(tree: FleetTree, value: unknown, mistakes: Mistake[]): FileScope {
  return check(scopeSchema, tree, ['options'], value, mistakes) ?? partOf(scopeSchema.shape, value);
}

function nodeOf(tree: FleetTree, value: unknown, path: FleetPath, mistakes: Mistake[]): NodeEntry | null {
  const { home, src, ...others } = isObject(value) ? value : {};
  if (home !== undefined && src !== undefined) {
    const text = '`home` and `src` stand together: a node has one of them';
    mistakes.push({ at: tree.spot([...path, 'src']).key, text });
    check(NODES.src, tree, path, { ...others, src }, mistakes);
    return null;
  }
  const hasStar = typeof home === 'string' && home.includes('*');
  const kind = src !== undefined ? 'src' : hasStar ? 'pattern' : 'home';
  const schema = NODES[kind];
  const part = check(schema, tree, path, value, mistakes) ?? partOf(schema.shape, value);
  const isUsable = NEEDED[kind].every((key) => key in part);
  return isUsable ? ({ kind, given: part, path } as unknown as NodeEntry) : null;
}

/** What an entry must have to be a node; the rest can be wrong, and is told. */
const NEEDED = { home: ['name', 'home'], pattern: ['name', 'home', 'expect'], src: ['name', 'src'] } as const;

/** The fields of a mapping that are right by themselves, so that more of the file can be looked at. */
function partOf(shape: Readonly<Record<string, z.core.$ZodType>>, value: unknown): Record<string, unknown> {
  if (!isObject(value)) return {};
  const part: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(shape)) {
    const given = value[key];
    const read = z.safeParse(schema, given);
    if (read.success && given !== undefined) part[key] = read.data;
    else if (key === 'options') part[key] = partOf(scopeSchema.shape, given);
  }
  return part;
}

/** What a schema makes of a value; null where it does not fit, which is added to the mistakes. */
function check<T extends z.core.$ZodType>(
  schema: T,
  tree: FleetTree,
  path: FleetPath,
  value: unknown,
  mistakes: Mistake[],
): z.output<T> | null {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  mistakes.push(...mistakesOf(tree, path, value, result.error.issues));
  return null;
}
