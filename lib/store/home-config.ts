/**
 * What a node's configuration says of the places of its stores. Absent files and keys mean the defaults; a relative
 * path starts at the home.
 */
import { isAbsolute, join } from 'node:path';
import { parse } from 'smol-toml';
import { hasErrno, ioError, RollbackError } from '../errors.ts';
import { readSmallFile } from './durable-files.ts';
import type { DurableFs } from './durable-fs.ts';

/** A configuration file has some ten kilobytes (bytes). */
const MAX_CONFIG_BYTES = 1024 * 1024;

const CONFIG = 'config/config.toml';
const APP = 'config/app.toml';
/** Names a JSON file of Autobahn; that file says where its state lies. */
const AUTOBAHN_KEY = 'autobahn-config-file';
const STATE_KEY = 'persistent_state_dir';
/** Below the state of Autobahn. */
const BLOCK_STORE = 'blockdb';

/** A place that a configuration names. */
export interface ConfiguredPlace {
  /** Absolute. */
  readonly path: string;
  /** The file that says so, relative to the home or as it is named there. */
  readonly by: string;
}

/** Null for what is not configured. */
export interface HomeConfig {
  readonly blocks: ConfiguredPlace | null;
  readonly receipts: ConfiguredPlace | null;
}

/**
 * Reads the configuration of a home.
 * @throws RollbackError ERR_HOME_CONFIG, ERR_IO
 */
export function readHomeConfig(fs: DurableFs, home: string): HomeConfig {
  const autobahn = textIn(tomlOf(fs, home, CONFIG), [AUTOBAHN_KEY], join(home, CONFIG));
  const receipts = textIn(tomlOf(fs, home, APP), ['receipt-store', 'db-directory'], join(home, APP));
  return {
    blocks: autobahn === null ? null : autobahnBlocks(fs, home, autobahn),
    receipts: receipts === null ? null : { path: below(home, receipts), by: APP },
  };
}

const below = (home: string, path: string): string => (isAbsolute(path) ? path : join(home, path));

function autobahnBlocks(fs: DurableFs, home: string, file: string): ConfiguredPlace | null {
  const path = below(home, file);
  const text = textOf(fs, path);
  if (text === null) throw configError(path, `${CONFIG} names it, and it does not exist`);
  const state = textIn(parsed(path, text, JSON.parse), [STATE_KEY], path);
  return state === null ? null : { path: join(below(home, state), BLOCK_STORE), by: file };
}

function tomlOf(fs: DurableFs, home: string, file: string): unknown {
  const path = join(home, file);
  const text = textOf(fs, path);
  return text === null ? {} : parsed(path, text, parse);
}

/** Null for a missing file. */
function textOf(fs: DurableFs, path: string): string | null {
  try {
    return readSmallFile(fs, fs.realpath(path), MAX_CONFIG_BYTES, 'ERR_HOME_CONFIG').toString('utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return null;
    throw ioError(error, path, "read the node's configuration");
  }
}

function parsed(path: string, text: string, parser: (text: string) => unknown): unknown {
  try {
    return parser(text);
  } catch (error) {
    throw configError(path, `it cannot be parsed: ${String((error as Error).message).split('\n')[0]}`, error);
  }
}

/** A text behind some keys; null where it is absent or empty. */
function textIn(document: unknown, keys: readonly string[], path: string): string | null {
  let value = document;
  for (const key of keys) {
    if (value === undefined) return null;
    if (typeof value !== 'object' || value === null)
      throw configError(path, `${keys.join('.')} is not a text`);
    value = (value as Record<string, unknown>)[key];
  }
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw configError(path, `${keys.join('.')} is not a text`);
  return value;
}

function configError(path: string, found: string, cause?: unknown): RollbackError {
  return new RollbackError(
    'ERR_HOME_CONFIG',
    {
      what: `A configuration file of the node cannot be used: ${found}`,
      why: 'It may say that a store lies elsewhere; the stores at the usual places may be others',
      next: 'Mend the file, or name the roots themselves with --src',
    },
    { path },
    cause,
  );
}
