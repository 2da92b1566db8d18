/** What is said of a value that does not fit the schema of a fleet file. */
import type * as z from 'zod/mini';
import { didYouMean } from '../nearest.ts';
import { type FleetPlace, hintForKey } from './fleet-keys.ts';
import type { Mistake } from './fleet-mistakes.ts';
import type { FleetPath, FleetTree, Spot } from './fleet-tree.ts';

type Issue = z.core.$ZodIssue;

/** Longer texts are shown by their beginning. */
const MAX_SHOWN = 60;

/**
 * The mistakes for which the issues of a checked value stand, told by the places in the file.
 * @param path where the value stands
 */
export function mistakesOf(
  tree: FleetTree,
  path: FleetPath,
  value: unknown,
  issues: readonly Issue[],
): Mistake[] {
  const misspelt = new Set(
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => hintForKey(key, placeAt([...path, ...issue.path])).meant)
        : [],
    ),
  );
  return issues.flatMap((issue): Mistake[] => {
    const whole = [...path, ...issue.path];
    if (tree.isTold(whole)) return [];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(tree, whole, key));
    const spot = tree.spot(whole);
    const at = spot.value;
    if (issue.code === 'invalid_key')
      return [{ at: spot.key, text: `\`${String(whole.at(-1))}\` ${issue.issues[0]?.message ?? ''}` }];
    const given = valueAt(value, issue.path);
    if (given === undefined) {
      const key = String(whole.at(-1));
      const name = key === 'home' ? '`home` or `src`' : `\`${key}\``;
      const isMisspelt = misspelt.has(key) || (key === 'home' && misspelt.has('src'));
      return isMisspelt ? [] : [{ at, text: `${name} is missing: it ${issue.message}` }];
    }
    return [
      { at, text: `${nameOf(whole)}${issue.message}${found(issue, given, spot)}${nearest(issue, given)}` },
    ];
  });
}

function unknownKey(tree: FleetTree, path: FleetPath, key: string): Mistake {
  const { text } = hintForKey(key, placeAt(path));
  return { at: tree.spot([...path, key]).key, text: `unknown key \`${key}\`${text}` };
}

/** Which mapping stands at a path. */
function placeAt(path: FleetPath): FleetPlace {
  if (path.includes('options')) return 'options';
  if (path[0] === 'target') return 'target';
  return path[0] === 'nodes' ? 'node' : 'top';
}

/** "`home` ", "item 2 of `src` "; nothing for the file itself. */
function nameOf(path: FleetPath): string {
  const last = path.at(-1);
  if (last === undefined) return '';
  return typeof last === 'number'
    ? `item ${last + 1} of \`${String(path.at(-2))}\` `
    : `\`${String(last)}\` `;
}

/** What stands there in place of what must; nothing where the message says it. */
function found(issue: Issue, value: unknown, { written }: Spot): string {
  if (value === null) return ', and has no value';
  if (!issue.message.includes('must')) return '';
  if (Array.isArray(value)) return '; found a list';
  if (typeof value === 'object') return '; found a mapping';
  if (typeof value === 'string') {
    const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
    return `; found ${JSON.stringify(shown)}`;
  }
  const wantsText = issue.code === 'invalid_type' && issue.expected === 'string';
  const quotes = wantsText ? `, which is a text in quotes: "${written}"` : '';
  return `; found ${typeof value === 'boolean' ? '' : 'the number '}${written}${quotes}`;
}

function nearest(issue: Issue, value: unknown): string {
  if (issue.code !== 'invalid_value' || typeof value === 'object') return '';
  const near = didYouMean(String(value), issue.values.map(String)).trimEnd();
  return near === '' ? '' : `. ${near}`;
}

function valueAt(value: unknown, path: FleetPath): unknown {
  let at = value;
  for (const part of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[part];
  return at;
}
