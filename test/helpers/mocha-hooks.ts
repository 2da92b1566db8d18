/**
 * Loaded before the tests. With --parallel each worker runs one file after the other, so what a file has made is
 * cleared away at its end: a worker has a second to exit before mocha kills it.
 */
import type { RootHookObject } from 'mocha';
import { buildOnce } from './command.ts';
import { removeTempDirs } from './temp.ts';

// A worker that is killed at its exit would lose the coverage that it is writing.
if (process.env['MOCHA_WORKER_ID'] !== undefined) process.on('SIGTERM', () => process.exit(143));

/** At the end of each file (without --parallel: of all files). */
export const mochaHooks: RootHookObject = { afterAll: removeTempDirs };

/** Before the first file: two workers must not build `dist` at the same time. */
export function mochaGlobalSetup(this: { isParallelMode?(): boolean }): void {
  if (this.isParallelMode?.() === true) buildOnce();
}
