/** Reads a fleet file: from its bytes to nodes, with every mistake told at once. */
import { resolve } from 'node:path';
import { is, refuseUnless } from '../input/checks.ts';
import { readFleetText } from './fleet-bytes.ts';
import { doublesOf } from './fleet-doubles.ts';
import { fleetMistakesError, type Mistake } from './fleet-mistakes.ts';
import { nodesOf } from './fleet-nodes.ts';
import { settledOptions, settledTarget } from './fleet-options.ts';
import { shapeOf } from './fleet-shape.ts';
import { parseFleetTree } from './fleet-tree.ts';
import type { Fleet } from './fleet-types.ts';

export type { Fleet, FleetNode, FleetTarget, ScopeOptions } from './fleet-types.ts';

/**
 * Reads the fleet file of a batch, YAML 1.2 or JSON, and finds its nodes. Reads directories, changes nothing. A listed
 * directory that does not exist is left as it is: planning that node says so.
 * @throws RollbackError ERR_USAGE when the path is not a text, ERR_FLEET with every mistake of the file
 */
export function readFleet(path: string): Fleet {
  refuseUnless(is.text, 'the path of the fleet file', path);
  const whole = resolve(path);
  const { text, digest, base } = readFleetText(whole);
  const tree = parseFleetTree(text);
  const mistakes: Mistake[] = [...tree.mistakes];
  if (!tree.isWhole) throw fleetMistakesError(whole, text, mistakes);
  const shape = shapeOf(tree, mistakes);
  const options = settledOptions(base, shape.options, tree, ['options'], mistakes);
  const target = settledTarget(base, shape.target, tree, mistakes);
  const notices: string[] = [];
  const placed = nodesOf(shape.nodes, { base, text, tree, options, mistakes, notices });
  const nodes = placed.map(({ node }) => node);
  for (const { later, text: double } of doublesOf(nodes))
    mistakes.push({ at: placed[later]?.at ?? 0, text: double });
  if (mistakes.length > 0) throw fleetMistakesError(whole, text, mistakes);
  return { path: whole, digest, target, nodes, notices };
}
