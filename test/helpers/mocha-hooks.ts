/** Loaded before the tests: what workers of `mocha --parallel` need beside what a single process needs. */
import { buildOnce } from './command.ts';

// Texts are compared with the signs of UTF-8, wherever the tests run.
Object.assign(process.env, { LC_ALL: 'C.UTF-8' });

// Mocha kills a worker a second after its last file. It must first write its coverage and remove its directories:
// once its exit has begun, this handler can no longer be called, but the signal no longer ends the process either.
if (process.env['MOCHA_WORKER_ID'] !== undefined) process.on('SIGTERM', () => process.exit(143));

/** Before the first file: two workers must not build `dist` at the same time. */
export function mochaGlobalSetup(this: { isParallelMode?(): boolean }): void {
  if (this.isParallelMode?.() === true) buildOnce();
}
