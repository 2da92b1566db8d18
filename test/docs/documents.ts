/** README and the documents as texts, and what the program says of itself. */
import type { Command } from 'commander';
import { buildProgram } from '../../lib/cli/program.ts';
import { readText } from '../structure/files.ts';

/** The texts that users read, by path. */
export const DOCUMENTS: ReadonlyMap<string, string> = new Map(
  [
    'README.md',
    'docs/batch.md',
    'docs/engine.md',
    'docs/errors.md',
    'docs/fleet.md',
    'docs/guide.md',
    'docs/json.md',
    'docs/library.md',
    'scripts/fleet/ansible/README.md',
    'scripts/fleet/kubernetes/README.md',
    'ARCHITECTURE.md',
    'test/fixtures/engine/README.md',
  ].map((path) => [path, readText(path)]),
);

/** One of them. */
export function documentText(path: string): string {
  const text = DOCUMENTS.get(path);
  if (text === undefined) throw new Error(`${path} is not in the list of documents`);
  return text;
}

/** Without backquotes. */
export const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

/** The commands of the program. */
export function programCommands(): readonly Command[] {
  return theProgram().commands;
}

/** The commands of `batch`. */
export function batchCommands(): readonly Command[] {
  return programCommands().find((c) => c.name() === 'batch')?.commands ?? [];
}

/** The long options of each command for one node, those that every command takes included. */
export function optionsByCommand(): Map<string, Set<string>> {
  const program = theProgram();
  const longs = (command: Command): string[] => command.options.map((o) => o.long ?? '');
  const everywhere = [...longs(program), '--help'];
  const single = program.commands.filter((c) => c.commands.length === 0);
  return new Map(single.map((c) => [c.name(), new Set([...longs(c), ...everywhere])]));
}

/** Every long option that there is. */
export function allOptions(): string[] {
  return [...new Set([...optionsByCommand().values()].flatMap((all) => [...all]))];
}

/** The long options that a text names, those of other programs left out. */
export function namedOptions(text: string): string[] {
  const named = new Set(text.match(/(?<![\w-])--[a-z][a-z-]+/g));
  for (const foreign of ['--reflink', '--exclude']) named.delete(foreign); // cp's and diff's
  return [...named];
}

const theProgram = (): Command =>
  buildProgram(
    async () => {},
    () => {},
  );
