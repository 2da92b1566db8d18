/** Keys of a fleet file that are not known where they stand: what was probably meant. */
import { didYouMean, nearestName } from '../nearest.ts';
import { scopeSchema, TARGETS } from './fleet-schema.ts';

/** Which mapping of a fleet file. */
export type FleetPlace = 'top' | 'target' | 'options' | 'node';

/** What is said of an unknown key, and the key that it stands for, if one is likely. */
export interface KeyHint {
  readonly meant: string | null;
  readonly text: string;
}

/** The names of the targets. */
export const TARGET_NAMES = Object.keys(TARGETS) as (keyof typeof TARGETS)[];
const OPTION_NAMES = Object.keys(scopeSchema.shape);

const NAMES: Readonly<Record<FleetPlace, readonly string[]>> = {
  top: ['version', 'target', 'options', 'nodes'],
  target: TARGET_NAMES,
  options: OPTION_NAMES,
  node: ['name', 'home', 'src', 'expect', 'exclude', 'labels', 'options'],
};

/** Words that others use. */
const MEANT: Readonly<Record<string, string>> = {
  roots: 'src',
  root: 'src',
  dirs: 'src',
  dir: 'home',
  path: 'home',
  tags: 'labels',
  hosts: 'nodes',
};

/** Targets that the command line has, and a fleet has not. */
const RELATIVE = ['drop-last', 'keep-first'];

/** What to say of a key that is not known in its place. */
export function hintForKey(key: string, place: FleetPlace): KeyHint {
  const elsewhere = placeOf(key, place);
  if (elsewhere !== null) return { meant: null, text: `: ${elsewhere}` };
  const names = NAMES[place];
  const word = MEANT[key.toLowerCase()];
  const meant = word !== undefined && names.includes(word) ? word : nearestName(key, names);
  if (meant === null) return { meant, text: `; there are: ${names.join(', ')}` };
  return { meant, text: `. ${didYouMean(meant, names).trimEnd()}` };
}

/** Where a key belongs that is known in another place; null where it is not. */
function placeOf(key: string, place: FleetPlace): string | null {
  if (RELATIVE.includes(key))
    return 'nodes with other ends would stop at other places, and a second run would remove again; name a height';
  if (place === 'node' && (key === 'expect' || key === 'exclude'))
    return 'it stands beside a `home` with a `*`';
  if (place !== 'options' && OPTION_NAMES.includes(key)) return 'it belongs under `options`';
  if (place !== 'target' && (TARGET_NAMES as readonly string[]).includes(key))
    return 'it belongs under `target`, which holds for all nodes';
  if (place !== 'node' && place !== 'top' && NAMES.top.includes(key))
    return 'it belongs at the top of the file';
  return null;
}
