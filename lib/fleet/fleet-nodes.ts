/** The nodes of a fleet: one for each entry of the file, and one for each match of a pattern. */
import { expandGlob, type GlobMatch } from './fleet-globs.ts';
import type { Mistake } from './fleet-mistakes.ts';
import { placeIn, shortList } from './fleet-mistakes.ts';
import { DIRECTORY_OPTIONS, settledOptions } from './fleet-options.ts';
import { exists, pathFrom } from './fleet-paths.ts';
import { type FileScope, NODES } from './fleet-schema.ts';
import type { NodeEntry } from './fleet-shape.ts';
import type { FleetPath, FleetTree } from './fleet-tree.ts';
import type { FleetNode, ScopeOptions } from './fleet-types.ts';
import { matchStars } from './star-match.ts';

/** A node, and where its entry stands in the file. */
export interface PlacedNode {
  readonly node: FleetNode;
  readonly at: number;
}

/** What all entries have in common. */
export interface NodeContext {
  /** The directory of the fleet file, absolute and without links. */
  readonly base: string;
  readonly text: string;
  readonly tree: FleetTree;
  /** The options of the fleet. */
  readonly options: ScopeOptions;
  readonly mistakes: Mistake[];
  readonly notices: string[];
}

/** How many names a message shows. */
const MOST_SHOWN = 100;

/** All nodes; what is wrong is added to the mistakes. */
export function nodesOf(entries: readonly NodeEntry[], context: NodeContext): PlacedNode[] {
  const nodes = entries.flatMap((entry) => {
    const { value: at } = context.tree.spot(entry.path);
    const found = entry.kind === 'pattern' ? matchedNodes(entry, context) : [listedNode(entry, context)];
    return found.map((node) => ({ node, at }));
  });
  const seen = new Map<string, number>();
  for (const { node, at } of nodes) {
    const first = seen.get(node.name);
    if (first === undefined) seen.set(node.name, at);
    else context.mistakes.push({ at, text: twice(node.name, first, at, context.text) });
  }
  return nodes;
}

function twice(name: string, first: number, at: number, text: string): string {
  if (first === at)
    return `two matches of this pattern are named ${name}: let \`name\` hold each \`*\`, as {1} and {2}`;
  return `the name ${name} stands twice, first in ${placeIn(text, first)}`;
}

type Listed = Extract<NodeEntry, { kind: 'home' | 'src' }>;
type Pattern = Pick<Extract<NodeEntry, { kind: 'pattern' }>, 'given' | 'path'>;

function listedNode({ kind, given, path }: Listed, context: NodeContext): FleetNode {
  const { base, mistakes, tree } = context;
  const directory = (place: string, at: number): string => {
    const found = pathFrom(base, place);
    // A pattern of another kind would else be a directory that is not there.
    if (/[?[\]{}]/.test(place) && !exists(found))
      mistakes.push({ at, text: `${place} does not exist, and \`*\` in \`home\` is the only pattern` });
    return found;
  };
  return {
    name: given.name,
    home: kind === 'home' ? directory(given.home, tree.spot([...path, 'home']).value) : null,
    src:
      kind === 'src' ? given.src.map((dir, i) => directory(dir, tree.spot([...path, 'src', i]).value)) : [],
    labels: { ...given.labels },
    options: optionsOf(given.options, [], path, context),
  };
}

function matchedNodes({ given, path }: Pattern, context: NodeContext): FleetNode[] {
  const { base, mistakes, tree } = context;
  const { matches, leftOut, problems } = expandGlob(base, given.home);
  const { value: at } = tree.spot([...path, 'home']);
  for (const text of problems) mistakes.push({ at, text });
  const named = matches.map((match) => ({ match, name: filled(given.name, match.captures) }));
  const taken = named.filter(({ name }) => !(given.exclude ?? []).some((e) => matchStars(e, name) !== null));
  const names = taken.map(({ name }) => name);
  const without = leftOut.map(({ path: place, reason }) => `${place} (${reason})`);
  const areNamed = tellBadNames({ given, path }, taken, context);
  if (problems.length === 0 && areNamed) tellOtherCount({ given, path }, names, without, context);
  const idle = (given.exclude ?? []).filter((e) => !named.some(({ name }) => matchStars(e, name) !== null));
  context.notices.push(
    ...(without.length > 0
      ? [`${given.name}: ${given.home} leaves out ${shortList(without, MOST_SHOWN)}`]
      : []),
    ...idle.map((e) => `${given.name}: \`exclude\` names ${e}, and nothing of that name was found`),
  );
  if (!areNamed) return [];
  return taken.map(({ name, match }) => ({
    name,
    home: match.path,
    src: [],
    labels: Object.fromEntries(
      Object.entries(given.labels ?? {}).map(([label, value]) => [label, filled(value, match.captures)]),
    ),
    options: optionsOf(given.options, match.captures, path, context),
  }));
}

/** A pattern that finds more or fewer is refused with what it finds: the user sees what has come or gone. */
function tellOtherCount(
  { given, path }: Pattern,
  names: readonly string[],
  without: readonly string[],
  { tree, mistakes }: NodeContext,
): void {
  if (names.length === given.expect) return;
  const found = names.length === 0 ? 'nothing' : `${names.length}: ${shortList(names, MOST_SHOWN)}`;
  const left = without.length === 0 ? '' : `; left out: ${shortList(without, MOST_SHOWN)}`;
  const text = `\`expect\` is ${given.expect}, and ${given.home} finds ${found}${left}`;
  mistakes.push({ at: tree.spot([...path, 'expect']).value, text });
}

/** Whether each match gets a name. */
function tellBadNames(
  { given, path }: Pattern,
  taken: readonly { readonly name: string; readonly match: GlobMatch }[],
  { tree, mistakes }: NodeContext,
): boolean {
  const stars = given.home.split('*').length - 1;
  const texts: readonly (readonly [FleetPath, string])[] = [
    [['name'], given.name],
    ...Object.entries(given.labels ?? {}).map(([label, text]) => [['labels', label], text] as const),
    ...DIRECTORY_OPTIONS.map((name) => [['options', name], given.options?.[name] ?? ''] as const),
  ];
  const beyond = texts.flatMap(([where, text]) => {
    const place = [...text.matchAll(PLACE)].find(([, n]) => Number(n) > stars)?.[0];
    return place === undefined ? [] : [{ where, place }];
  });
  for (const { where, place } of beyond) {
    const { value: at } = tree.spot([...path, ...where]);
    mistakes.push({
      at,
      text: `\`${String(where.at(-1))}\` holds ${place}, and \`home\` has only ${stars} \`*\``,
    });
  }
  if (beyond.length > 0) return false;
  const { value: at } = tree.spot([...path, 'name']);
  const bad = taken.filter(({ name }) => !NODES.home.shape.name.safeParse(name).success);
  for (const { name, match } of bad)
    mistakes.push({
      at,
      text: `${match.path} would be named ${JSON.stringify(name)}, which is not a name: change \`name\`, or leave it out with \`exclude\``,
    });
  return bad.length === 0;
}

/** `{1}`: what the first `*` stands for. */
const PLACE = /\{([1-9])\}/g;

function filled(text: string, captures: readonly string[]): string {
  return text.replace(PLACE, (place, n: string) => captures[Number(n) - 1] ?? place);
}

/** The options of a node: each of its own in place of the fleet's. */
function optionsOf(
  given: FileScope | undefined,
  captures: readonly string[],
  path: FleetPath,
  { base, tree, options, mistakes }: NodeContext,
): ScopeOptions {
  const own = { ...given };
  for (const name of DIRECTORY_OPTIONS) {
    const text = own[name];
    if (text !== undefined) own[name] = filled(text, captures);
  }
  return { ...options, ...settledOptions(base, own, tree, [...path, 'options'], mistakes) };
}
