/** A node as its worker gets it: options and target become the words of the command line. */
import { directoryOf } from './fleet-options.ts';
import type { FleetNode, FleetTarget } from './fleet-types.ts';
import type { TaskNode } from './tasks.ts';

/** The node for a worker. Without a target it is not planned. */
export function taskNodeOf(node: FleetNode, target: FleetTarget | null): TaskNode {
  const { name, home, src, options } = node;
  const source = home === null ? src.map((root) => `--src=${root}`) : [`--home=${home}`];
  return {
    name,
    home,
    src,
    snapshotDir: directoryOf(options, 'snapshot-dir'),
    logIndex: directoryOf(options, 'log-index'),
    words: [...source, ...wordsOf(target ?? {}), ...wordsOf(options)],
  };
}

/** With `=`, so that no value is taken for an option. */
function wordsOf(options: object): string[] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined || value === false) return [];
    if (value === true) return [`--${name}`];
    return [value].flat().map((one) => `--${name}=${String(one)}`);
  });
}
