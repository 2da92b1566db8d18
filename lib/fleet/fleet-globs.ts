/**
 * Finds the homes that a path with `*` stands for. Each `*` stands for part of one name, never for a dot at its
 * beginning. What is a link, and what looks like a copy, is left out and told: a pattern must not gain a node in silence.
 */
import { join, resolve } from 'node:path';
import { describeErrno } from '../errno.ts';
import { errnoOf } from '../errors.ts';
import { realFs } from '../store/durable-fs.ts';
import { lstatOrNull } from '../store/roots.ts';
import { matchStars } from './star-match.ts';

/** A directory that a pattern stands for. */
export interface GlobMatch {
  /** Absolute, without links. */
  readonly path: string;
  /** What each `*` stands for. */
  readonly captures: readonly string[];
}

/** What a pattern found. */
export interface GlobResult {
  /** By their paths, numbers in them by their value. */
  readonly matches: readonly GlobMatch[];
  /** What fits the pattern and is not taken. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[];
  /** Directories that could not be looked into, and why. */
  readonly problems: readonly string[];
}

/** Names of copies, as words of a name: `rpc-1.before`, `old_rpc`, `rpc1Backup2`. */
const COPIES: ReadonlySet<string> = new Set(
  'bak backup backups before old orig original copy snap snapshot snapshots tmp temp'.split(' '),
);

/** Whether a directory of this name is probably a copy of another. */
export function looksLikeCopy(name: string): boolean {
  if (name.includes('~')) return true;
  const words = name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  return words.some((word) => COPIES.has(word.toLowerCase()));
}

/**
 * Finds what a path with `*` stands for.
 * @param base the directory at which a relative pattern starts, absolute and without links
 */
export function expandGlob(base: string, pattern: string): GlobResult {
  const parts = pattern.split('/');
  const star = parts.findIndex((part) => part.includes('*'));
  const prefix = parts.slice(0, star).join('/');
  const start = pattern.startsWith('/') ? `${prefix}/` : `${base}/${prefix}`;
  const walk = new GlobWalk(parts.slice(star).filter((part) => part !== '' && part !== '.'));
  return walk.from(start);
}

/** Numbers in names by their value, so that rpc-10 follows rpc-9. */
const order = new Intl.Collator('en', { numeric: true });

/** Why something that fits is not taken; a directory only because of its name. */
const REASONS = {
  missing: 'it does not exist',
  link: 'it is a link',
  directory: 'its name looks like that of a copy',
  file: 'it is not a directory',
  other: 'it is not a directory',
} as const;

class GlobWalk {
  readonly #parts: readonly string[];
  readonly #matches: GlobMatch[] = [];
  readonly #leftOut: { path: string; reason: string }[] = [];
  readonly #problems: string[] = [];

  constructor(parts: readonly string[]) {
    this.#parts = parts;
  }

  from(start: string): GlobResult {
    const dir = this.#trying(start, () => realFs.realpath(start));
    if (dir !== null) this.#visit(dir, 0, []);
    return { matches: this.#matches, leftOut: this.#leftOut, problems: this.#problems };
  }

  #visit(dir: string, depth: number, captures: readonly string[]): void {
    const part = this.#parts[depth];
    if (part === undefined) {
      this.#matches.push({ path: dir, captures });
    } else if (part.includes('*')) {
      const names = this.#trying(dir, () => realFs.readdir(dir)) ?? [];
      for (const name of [...names].sort((a, b) => order.compare(a, b) || (a < b ? -1 : 1))) {
        const found = name.startsWith('.') && !part.startsWith('.') ? null : matchStars(part, name);
        if (found !== null) this.#enter(join(dir, name), depth, [...captures, ...found], looksLikeCopy(name));
      }
    } else {
      this.#enter(join(dir, part), depth, captures, false);
    }
  }

  #enter(path: string, depth: number, captures: readonly string[], isCopy: boolean): void {
    const kind = this.#trying(path, () => lstatOrNull(realFs, path)?.kind ?? 'missing');
    if (kind === 'directory' && !isCopy) this.#visit(path, depth + 1, captures);
    else if (kind !== null) this.#leftOut.push({ path, reason: REASONS[kind] });
  }

  /** A directory that cannot be looked into may hold a node: that is a problem, not a missing match. */
  #trying<T>(path: string, call: () => T): T | null {
    try {
      return call();
    } catch (error) {
      const cause = errnoOf(error) ?? errnoOf((error as Error).cause);
      if (cause === null) throw error;
      this.#problems.push(`${resolve(path)} cannot be looked into: ${describeErrno(cause)}`);
      return null;
    }
  }
}
