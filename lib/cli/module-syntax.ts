/** Finds the line of a syntax error: Node tells it of an ES module only when that is what the process runs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where a syntax error is. */
export interface SyntaxErrorPlace {
  /** "/a/filter.mjs:3" */
  readonly place: string;
  /** The line as it stands there. */
  readonly line: string;
}

/** As many files are asked for, when the error may be in what a module imports. */
const MAX_FILES = 20;

/** The place of a syntax error in a module, or in what it imports by a relative path; null when it is not found. */
export function findSyntaxError(path: string, error: SyntaxError): SyntaxErrorPlace | null {
  const told = placeOf(error.stack ?? '');
  if (told !== null) return told;
  const files = [path];
  for (let i = 0; i < files.length && i < MAX_FILES; i++) {
    const file = files[i]!;
    // Only parses: nothing of the module is run a second time.
    const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 });
    const found = placeOf(stderr ?? '');
    if (found !== null) return found;
    files.push(...importsOf(file).filter((next) => !files.includes(next)));
  }
  return null;
}

/** From the first lines of what Node prints: place, source line, a mark below it. */
function placeOf(text: string): SyntaxErrorPlace | null {
  const [, file, number, line] = /^((?:file:\/\/)?\/[^\n]*):(\d+)\n([^\n]*)\n/m.exec(text) ?? [];
  if (file === undefined || line === undefined || /^\s+at /.test(line)) return null;
  const path = file.startsWith('file:') ? fileURLToPath(file) : file;
  return { place: `${path}:${number}`, line: line.trim() };
}

function importsOf(file: string): string[] {
  try {
    const imports = readFileSync(file, 'utf8').matchAll(
      /\b(?:from|import|require)\s*\(?\s*['"](\.[^'"]+)['"]/g,
    );
    return [...imports].map(([, to]) => resolve(dirname(file), to!)).filter((path) => existsSync(path));
  } catch {
    return []; // it cannot be read, and the error says so already
  }
}
