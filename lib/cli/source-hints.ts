/**
 * What was probably meant by a source that does not exist or holds no database: gives the error a better hint.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { RollbackError } from '../errors.ts';
import { shellCommand } from '../report/text.ts';
import { realFs } from '../store/durable-fs.ts';
import { findTables } from '../store/find-tables.ts';
import { findHome } from '../store/home.ts';
import type { SourceOptions } from './source.ts';

/** How far above a directory a node's home is looked for: a root lies at most five levels below it. */
const LEVELS_UP = 5;

/** How many directories below one are looked into. */
const MAX_LOOKS = 200;

const MAX_SUGGESTIONS = 3;

/** The error with a hint that fits the input; the same error if there is none. */
export function hintedError(error: RollbackError, options: SourceOptions): RollbackError {
  const hint = hintFor(error, options);
  return hint === null ? error : error.saying({ next: hint });
}

function hintFor({ code, place, next = '' }: RollbackError, { src, home }: SourceOptions): string | null {
  const path = place.path ?? '';
  switch (code) {
    case 'ERR_ROOT_NOT_FOUND':
      return spellingHint(path, src === undefined ? '--home' : '--src');
    case 'ERR_HOME_WITHOUT_DATABASE': {
      const found = suggestions(path);
      // The store's directory lies elsewhere than the given directory.
      return path !== home || found.length === 0 ? null : `Probably meant: ${found.join(' or ')}`;
    }
    case 'ERR_ROOT_WITHOUT_TABLE':
    case 'ERR_ROOT_IS_A_TABLE': {
      const homes = homesAround(path);
      return homes.length === 0
        ? null
        : `${next.replace(/\.$/, '')}; or the node's home: ${homes.join(' or ')}`;
    }
    default:
      return null;
  }
}

/** Characters that a shell would have replaced if they had not been quoted; and several paths in one. */
function spellingHint(path: string, flag: string): string | null {
  if (path.startsWith('~')) {
    const whole = path.replace(/^~(?=\/|$)/, homedir());
    return `The shell did not expand ~: it does so only unquoted, at the beginning of a word. Probably meant: ${shellCommand([flag, whole])}`;
  }
  if (/[*?[{]/.test(path))
    return `The shell did not expand ${path}: leave the quotes out, and repeat ${flag} for each path`;
  if (/\$\w|\$\{/.test(path)) return 'The shell did not expand the variable: single quotes keep it from that';
  if (path !== path.trim()) return 'The path begins or ends with white space: leave it out';
  const parts = path.split(/[,:;]/).filter((part) => part !== '');
  if (flag === '--src' && parts.length > 1 && (path.includes(',') || parts.every((part) => existsSync(part))))
    return `Repeat --src for each root: ${shellCommand(parts.flatMap((part) => ['--src', part]))}`;
  return null;
}

/** Sources that lie near: homes above and below, or the directory itself as a root. */
function suggestions(dir: string): string[] {
  const homes = homesAround(dir);
  if (homes.length > 0) return homes;
  const roots = [dir, ...below(dir)].filter(isRoot).slice(0, MAX_SUGGESTIONS);
  return roots.length === 0 ? [] : [roots.map((root) => shellCommand(['--src', root])).join(' ')];
}

function homesAround(dir: string): string[] {
  const above: string[] = [];
  for (let at = resolve(dir); above.length < LEVELS_UP && dirname(at) !== at; at = dirname(at))
    above.push(dirname(at));
  const found = [resolve(dir), ...above, ...below(dir)].filter(isHome).slice(0, MAX_SUGGESTIONS);
  return found.map((home) => shellCommand(['--home', home]));
}

function below(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true }).slice(0, MAX_LOOKS);
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(resolve(dir), entry.name));
  } catch {
    return []; // nothing to suggest from there
  }
}

function isHome(dir: string): boolean {
  return answers(() => findHome(dir).databases.length > 0);
}

function isRoot(dir: string): boolean {
  return answers(() => findTables(realFs, dir).tables.length > 0);
}

/** A directory that cannot be read is not suggested. */
function answers(look: () => boolean): boolean {
  try {
    return look();
  } catch {
    return false;
  }
}
