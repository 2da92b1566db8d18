/** A directory with homes and roots for fleet files, and what is said of a file in it. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RollbackError } from '../../lib/errors.ts';
import { type Fleet, readFleet } from '../../lib/fleet/fleet-file.ts';
import { tempDir } from '../helpers/temp.ts';

/** Empty directories in which nodes could lie, a copy among them, and links to two of them. */
export function fleetDir(): string {
  const dir = tempDir('fleet-');
  for (const home of ['val-0', 'rpc-1', 'rpc-2', 'rpc-10', 'rpc-1.before'])
    mkdirSync(join(dir, 'data', home, '.sei'), { recursive: true });
  for (const root of ['disk1/rpc-7', 'disk2/rpc-7', 'snapshots'])
    mkdirSync(join(dir, root), { recursive: true });
  mkdirSync(join(dir, 'data/rpc-4'));
  symlinkSync('rpc-2', join(dir, 'data/rpc-3'));
  return dir;
}

/** Writes a fleet file into a directory; its path. */
export function writeFleet(dir: string, text: string | Uint8Array, name = 'fleet.yaml'): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The fleet of a text. */
export function fleetOf(dir: string, text: string | Uint8Array): Fleet {
  return readFleet(writeFleet(dir, text));
}

/** The error of a path or call that is refused. */
export function refusalOf(call: () => unknown): RollbackError {
  try {
    call();
  } catch (error) {
    if (error instanceof RollbackError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** Calls as a user without rights: root may read everything. */
export function withoutRights<T>(call: () => T): T {
  if (process.geteuid?.() !== 0) return call();
  process.seteuid?.(65_534);
  try {
    return call();
  } finally {
    process.seteuid?.(0);
  }
}
