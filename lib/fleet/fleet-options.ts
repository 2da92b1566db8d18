/** Options and target of a fleet file, settled: paths absolute, numbers as texts, and what a pattern cannot check. */
import { parseGivenTime } from '../format/given-time.ts';
import { didYouMean } from '../nearest.ts';
import { KNOWN_SCHEMAS, knownSchema } from '../schemas/known.ts';
import type { Mistake } from './fleet-mistakes.ts';
import { pathFrom } from './fleet-paths.ts';
import type { FileScope } from './fleet-schema.ts';
import type { FileTarget } from './fleet-shape.ts';
import type { FleetPath, FleetTree } from './fleet-tree.ts';
import type { FleetTarget, ScopeOptions } from './fleet-types.ts';

/** The options whose value is a directory, and the word that names none: no snapshots any more, an index left as it is. */
export const DIRECTORIES = { 'snapshot-dir': 'none', 'log-index': 'keep' } as const;

/** The name of such an option. */
export type DirectoryOption = keyof typeof DIRECTORIES;

/** Their names. */
export const DIRECTORY_OPTIONS = Object.keys(DIRECTORIES) as DirectoryOption[];

/** The directory that an option names; null where it names none. */
export function directoryOf(
  options: { readonly [Name in DirectoryOption]?: string | undefined },
  name: DirectoryOption,
): string | null {
  const value = options[name];
  return value === undefined || value === DIRECTORIES[name] ? null : value;
}

/**
 * The options of one scope.
 * @param base the directory of the fleet file
 * @param path where the options stand
 */
export function settledOptions(
  base: string,
  given: FileScope,
  tree: FleetTree,
  path: FleetPath,
  mistakes: Mistake[],
): ScopeOptions {
  const { schema, 'max-remove': limit, ...others } = given;
  const directories = DIRECTORY_OPTIONS.flatMap((name) => {
    const directory = directoryOf(given, name);
    return directory === null ? [] : [[name, pathFrom(base, directory)]];
  });
  return {
    ...others,
    ...(schema && { schema: schemasOf(base, schema, tree, [...path, 'schema'], mistakes) }),
    ...Object.fromEntries(directories),
    ...(limit !== undefined && { 'max-remove': String(limit) }),
  } as ScopeOptions;
}

function schemasOf(
  base: string,
  specs: readonly string[],
  tree: FleetTree,
  path: FleetPath,
  mistakes: Mistake[],
): string[] {
  const seen = new Set<string>();
  return specs.map((spec, i) => {
    const at = tree.spot([...path, i]).value;
    const border = spec.indexOf('=');
    const table = spec.slice(0, border);
    const value = spec.slice(border + 1);
    if (seen.has(table)) mistakes.push({ at, text: `\`schema\` names the table ${table} twice` });
    seen.add(table);
    if (knownSchema(value) !== null) return spec;
    if (/[/\\.]/.test(value)) return `${table}=${pathFrom(base, value)}`;
    const near = didYouMean(value, KNOWN_SCHEMAS);
    mistakes.push({
      at,
      text: `there is no schema ${value}. ${near}Known are ${KNOWN_SCHEMAS.join(' and ')}; a module is given by its path, for example ./${value}.mjs`,
    });
    return spec;
  });
}

/** The target, settled; null where the file has none. */
export function settledTarget(
  base: string,
  target: FileTarget | null,
  tree: FleetTree,
  mistakes: Mistake[],
): FleetTarget | null {
  if (target === null) return null;
  const { kind } = target;
  const value = String(target.value);
  if (kind === 'keys-file' || kind === 'filter') return { [kind]: pathFrom(base, value) };
  if (kind === 'height') return { height: String(BigInt(value.replaceAll(',', ''))) };
  if (kind === 'before' && parseGivenTime(value, 0n) === null) {
    const { value: at } = tree.spot(['target', 'before']);
    mistakes.push({ at, text: `there is no time ${value}, or it lies before 1970` });
  }
  return { [kind]: value };
}
