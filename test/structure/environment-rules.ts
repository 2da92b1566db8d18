/** Which environment variables the project reads. */
import type { SourceModule } from './module.ts';
import type { TextFile } from './style-rules.ts';

/** What the variables of this project begin with. */
export const PREFIX = 'LITT_ROLLBACK_';

/** Variables that belong to the terminal, the shell or the test runner. */
const FOREIGN: ReadonlySet<string> = new Set(['NO_COLOR', 'TERM', 'PATH', 'MOCHA_WORKER_ID']);

const BY_NAME = /process\.env(?:\.(\w+)|\[(['"])(\w+)\2\])/g;
const BY_PATTERN = /\{([^{}]*)\}\s*=\s*process\.env\b/g;
const COMPUTED = /process\.env\[(?!['"])/;

/** The names of variables that a module reads; a part `...rest` and new names of variables are left out. */
function variablesOf({ text }: Pick<SourceModule, 'text'>): string[] {
  const named = [...text.matchAll(BY_NAME)].map((m) => m[1] ?? m[3] ?? '');
  const taken = [...text.matchAll(BY_PATTERN)].flatMap((m) => (m[1] ?? '').split(','));
  const names = taken.map((part) => /^\s*(\w+)/.exec(part)?.[1] ?? '');
  return [...named, ...names].filter((name) => name !== '');
}

/** Reads of variables under another prefix, and reads by a computed name. */
export function environmentProblems(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((module) => [
    ...variablesOf(module)
      .filter((name) => !name.startsWith(PREFIX) && !FOREIGN.has(name))
      .map((name) => `${module.path} reads ${name}`),
    ...(COMPUTED.test(module.text) ? [`${module.path} reads a variable by a computed name`] : []),
  ]);
}

/** The project's own variables that some modules read. */
export function ownVariables(modules: readonly SourceModule[]): Set<string> {
  return new Set(modules.flatMap((m) => variablesOf(m)).filter((name) => name.startsWith(PREFIX)));
}

/** The project's own variables that texts mention. */
export function mentionedVariables(files: readonly TextFile[]): Set<string> {
  return new Set(files.flatMap((f) => f.text.match(/\bLITT_ROLLBACK_[A-Z_]*[A-Z]/g) ?? []));
}
