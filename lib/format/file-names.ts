/** Names in a table: a name in `segments/` maps to one file of one segment. */
import { RollbackError } from '../errors.ts';
import { MAX_U32 } from './decimal-u32.ts';
import { bytesOfName } from './foreign-bytes.ts';
import { quoteBytes } from './printable.ts';

const METADATA = '.metadata';
const KEYS = '.keys';
const VALUES = '.values';
const SWAP = '.swap';
const MAX_SHARD = 0xff;

/** The meaning of a name in `segments/`. */
export type SegmentFileName =
  | { readonly kind: 'metadata' | 'keys'; readonly index: number }
  | { readonly kind: 'values'; readonly index: number; readonly shard: number }
  /** Left by an interrupted rewrite; `index` is null when its name gives no segment. */
  | { readonly kind: 'leftover'; readonly index: number | null }
  /** Ignored by the engine. */
  | { readonly kind: 'ignored' };

/** `N.metadata`. */
export function metadataName(index: number): string {
  return `${index}${METADATA}`;
}

/** `N.keys`. */
export function keysName(index: number): string {
  return `${index}${KEYS}`;
}

/** `N-S.values`. */
export function valuesName(index: number, shard: number): string {
  return `${index}-${shard}${VALUES}`;
}

/** Whether the engine accepts a directory of this name as a table: letters, digits, `-` and `_` only. */
export function isTableName(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name);
}

/**
 * The meaning of a file name in `segments/`; the last extension decides, as in the engine.
 * @throws RollbackError ERR_BAD_FILE_NAME for a segment extension on a name that makes the engine refuse to
 * open; for one that the engine counts as a segment but looks up under another spelling (`01.keys`); for one
 * that fits no u32 segment or u8 shard
 */
export function parseSegmentFileName(name: string): SegmentFileName {
  const dot = name.lastIndexOf('.');
  const extension = dot === -1 ? '' : name.slice(dot);
  const stem = dot === -1 ? name : name.slice(0, dot);
  switch (extension) {
    case METADATA:
      return { kind: 'metadata', index: numberIn(stem, MAX_U32) ?? badName(name) };
    case KEYS:
      return { kind: 'keys', index: numberIn(stem, MAX_U32) ?? badName(name) };
    case VALUES: {
      const dash = stem.indexOf('-');
      if (dash === -1) return badName(name);
      return {
        kind: 'values',
        index: numberIn(stem.slice(0, dash), MAX_U32) ?? badName(name),
        shard: numberIn(stem.slice(dash + 1), MAX_SHARD) ?? badName(name),
      };
    }
    case SWAP:
      return parseSwapName(stem);
    default:
      return { kind: 'ignored' };
  }
}

/**
 * Number of the segment that a file name belongs to, in `segments/` or in a snapshot; null for any other file.
 */
export function segmentIndexOf(name: string): number | null {
  try {
    const parsed = parseSegmentFileName(name);
    return parsed.kind === 'ignored' ? null : parsed.index;
  } catch {
    return null; // a foreign file stands for no segment
  }
}

function parseSwapName(stem: string): SegmentFileName {
  const extension = [KEYS, METADATA].find((e) => stem.endsWith(e));
  if (extension === undefined) return { kind: 'ignored' };
  return { kind: 'leftover', index: numberIn(stem.slice(0, -extension.length), MAX_U32) };
}

/** The number that `text` spells exactly as the engine writes it; null otherwise. */
function numberIn(text: string, max: number): number | null {
  if (!/^(0|[1-9][0-9]{0,9})$/.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

function badName(name: string): never {
  throw new RollbackError('ERR_BAD_FILE_NAME', {
    what: `${quoteBytes(bytesOfName(name))} is not the name of a segment file, though it has the extension of one`,
    why: 'The engine stops at such a name, or takes the file for a segment that it then cannot open',
    next: 'Find out where the file comes from, and move it out of the segments directory',
  });
}
