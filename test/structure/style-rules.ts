/** How the code is written. Each rule takes modules or files and gives its violations in words. */
import type { SourceModule } from './module.ts';

/** A file has fewer lines than this. */
const FILE_LINES = 250;
/** A function has fewer lines than this, its comment not counted. */
const FUNCTION_LINES = 60;

/** A text file of the project. */
export interface TextFile {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
}

/** Number of lines; a newline at the end begins none. */
export function countLines(text: string): number {
  return text.replace(/\n$/, '').split('\n').length;
}

/** Files that are too long. */
export function longFiles(files: readonly TextFile[]): string[] {
  return files
    .map(({ path, text }) => ({ path, lines: countLines(text) }))
    .filter(({ lines }) => lines >= FILE_LINES)
    .map(({ path, lines }) => `${path} has ${lines} lines`);
}

/** Functions that are too long. What `describe` gets is a list of tests, not a function in this sense. */
export function longFunctions(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((m) =>
    m.functions
      .filter((f) => f.lines >= FUNCTION_LINES && !f.isSuite)
      .map((f) => `${m.path}:${f.line} ${f.name} has ${f.lines} lines`),
  );
}

/** Exported functions, classes, methods and types without a comment that says what they are for. */
export function undocumented(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((m) =>
    m.exports
      .filter((e) => e.kind !== 'value' && !e.documented)
      .map((e) => `${m.path}:${e.line} ${e.kind} ${e.name}`),
  );
}

/** Files that do not begin by saying what they are for. */
export function withoutHeader(files: readonly TextFile[]): string[] {
  return files
    .filter(({ text }) => !/^(#![^\n]*\n)?(\/\*\*|\/\/)/.test(text))
    .map(({ path }) => `${path} does not begin with a comment`);
}

/** Words that put work off; written so that this file does not say them. */
const POSTPONED = /\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/;

/** Directories of one user or one machine: no text may depend on them. A regular expression does not count. */
const MACHINE_PATH = /(?<![\w.}>)*\]-])\/(home|root|Users|work|tmp|private|mnt|opt|srv|var)\/(?!\w?[),.;])\w/;

/** Lines that put work off, or name a place of one machine. */
export function badLines(files: readonly TextFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, i) => {
      const found = POSTPONED.exec(line)?.[0] ?? MACHINE_PATH.exec(line)?.[0];
      return found === undefined ? [] : [`${path}:${i + 1} says ${found}`];
    }),
  );
}

/** Error codes that stand by themselves as texts in the code of some modules: comments do not count. */
export function codesIn(modules: readonly SourceModule[]): Set<string> {
  const codes = modules.flatMap((m) => [...m.texts].filter((text) => /^ERR_[A-Z_]+$/.test(text)));
  return new Set(codes);
}
