/** Chooses nodes of a fleet: `--only` and `--except`, by name or by label. */
import { RollbackError } from '../errors.ts';
import { didYouMean, nearestName } from '../nearest.ts';
import type { Fleet, FleetNode } from './fleet-types.ts';
import { matchStars } from './star-match.ts';

/**
 * The nodes that are meant, in the order of the fleet. Each choice is a name, in which `*` stands for any characters, or
 * LABEL=VALUE. Without `only` all are meant; `except` takes away.
 * @throws RollbackError ERR_USAGE when a choice chooses nothing, or no node is left
 */
export function selectNodes(
  fleet: Pick<Fleet, 'nodes'>,
  only: readonly string[],
  except: readonly string[],
): readonly FleetNode[] {
  const { nodes } = fleet;
  const details = [
    ...only.flatMap((choice) => problemOfChoice(nodes, '--only', choice) ?? []),
    ...except.flatMap((choice) => problemOfChoice(nodes, '--except', choice) ?? []),
  ];
  if (details.length > 0) throw selectionError('A choice of nodes chooses none', details);
  const chosen = nodes.filter(
    (node) =>
      (only.length === 0 || only.some((choice) => isChosen(node, choice))) &&
      !except.some((choice) => isChosen(node, choice)),
  );
  if (chosen.length > 0) return chosen;
  throw selectionError('No node is left: --except takes away every node that was chosen', []);
}

function isChosen(node: FleetNode, choice: string): boolean {
  const border = choice.indexOf('=');
  if (border < 0) return matchStars(choice, node.name) !== null;
  const label = choice.slice(0, border);
  return Object.hasOwn(node.labels, label) && node.labels[label] === choice.slice(border + 1);
}

/** What is wrong with a choice that chooses nothing. */
function problemOfChoice(nodes: readonly FleetNode[], flag: string, choice: string): string | null {
  if (nodes.some((node) => isChosen(node, choice))) return null;
  const border = choice.indexOf('=');
  if (border < 0) return `${flag} ${choice}: no node has this name${hintForName(nodes, choice)}`;
  const label = choice.slice(0, border);
  const value = choice.slice(border + 1);
  const labels = [...new Set(nodes.flatMap((node) => Object.keys(node.labels)))];
  const values = new Set(
    nodes.flatMap((node) => (Object.hasOwn(node.labels, label) ? [node.labels[label]!] : [])),
  );
  if (values.size === 0) return `${flag} ${choice}: no node has the label ${label}${hint(label, labels)}`;
  const star = value.includes('*') ? ', in which `*` stands for itself' : '';
  return `${flag} ${choice}: no node has this value of the label ${label}${star}${hint(value, [...values])}`;
}

function hintForName(nodes: readonly FleetNode[], choice: string): string {
  const names = nodes.map((node) => node.name);
  if (choice.includes('[')) return '. A table folds names with brackets: choose them with `*`, or one by one';
  if (choice.includes(',')) return '. Several names are given one by one, each with its own option';
  return hint(choice, names);
}

function hint(given: string, names: readonly string[]): string {
  if (nearestName(given, names) !== null) return `. ${didYouMean(given, names).trimEnd()}`;
  return names.length === 0 || names.length > MOST_NAMED ? '' : `; there are: ${names.join(', ')}`;
}

const MOST_NAMED = 10;

function selectionError(what: string, details: readonly string[]): RollbackError {
  const next =
    'Correct the choice: --only and --except take NAME, in which * stands for any characters, or LABEL=VALUE';
  return new RollbackError('ERR_USAGE', { what, details, next });
}
