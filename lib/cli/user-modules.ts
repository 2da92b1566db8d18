/**
 * Modules that a user has written share the process with this program. What they do to it is undone or refused, and
 * what goes wrong in them is said to be theirs: they print to standard error, they do not end the process, and an error
 * or a wait of theirs that no call of this program sees is known for what it is.
 */
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RollbackError } from '../errors.ts';
import { writeToDescriptor } from '../store/stream-output.ts';
import { runUserCodeIn } from '../user-code.ts';
import { breakOffAtInterrupt } from './break-off.ts';

/** Makes the error about one module; its text goes on after "The filter module ". */
export type ModuleFailure = (what: string, cause?: unknown, why?: string) => RollbackError;

interface UserModule {
  readonly path: string;
  readonly failed: ModuleFailure;
}

/** Where the code of this program lies: whatever is thrown there is its own. */
const OWN_CODE = fileURLToPath(new URL('..', import.meta.url));

const exit = process.exit.bind(process);
const write = { stdout: process.stdout.write, stderr: process.stderr.write };

let modules: UserModule[] = [];
let loading: UserModule | null = null;
let aroundLoading: { readonly before: () => void; readonly after: () => void } | null = null;

/** Ends the process whatever a module has made of process.exit. */
export const exitProcess: (code: number) => never = exit;

/** Whether a module was loaded: what it remembers stays in this process. */
export const hasLoadedModules = (): boolean => modules.length > 0;

/** What to do before and after a module is loaded: nothing is locked or changed then, and a signal may end it at once. */
export function watchLoading(around: typeof aroundLoading): void {
  aroundLoading = around;
}

/** Loads one module under guard. */
export async function loadGuarded<T>(
  path: string,
  failed: ModuleFailure,
  load: () => Promise<T>,
): Promise<T> {
  if (modules.length === 0) guardProcess();
  loading = { path, failed };
  modules.push(loading);
  aroundLoading?.before();
  try {
    return await load();
  } finally {
    aroundLoading?.after();
    loading = null;
  }
}

/** Takes the guards away: what comes now is the end of the command. */
export function releaseProcess(): void {
  modules = [];
  process.exit = exit;
  process.stdout.write = write.stdout;
  process.stderr.write = write.stderr;
  runUserCodeIn(null);
}

/** An error that no code waited for, as an error of the module that it comes from; null when it is this program's. */
export function moduleError(error: unknown): RollbackError | null {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const owner = modules.find((m) => placeIn(stack, m.path) !== null);
  const culprit = owner ?? (stack.includes(OWN_CODE) ? undefined : modules.at(-1));
  if (culprit === undefined) return null;
  const at = placeIn(stack, culprit.path);
  const where = at === null ? undefined : `It happened at ${at}, outside of any call`;
  return culprit.failed(`failed while nothing waited for it: ${messageOf(error)}`, error, where);
}

/** The error of a module that is still being loaded when there is nothing left to do; null when none is. */
export function unfinishedModuleError(): RollbackError | null {
  return (
    loading?.failed('never finishes loading: its top-level await waits for something that never comes') ??
    null
  );
}

/** "/a/filter.mjs:3:7", the innermost place of a stack that lies in this module. */
export function placeIn(stack: string, path: string): string | null {
  const { href } = pathToFileURL(path);
  const line = stack.split('\n').find((text) => text.includes(href) || text.includes(path));
  const position = /:\d+(?::\d+)?(?=\)?$)/.exec(line?.trim() ?? '')?.[0];
  return position === undefined ? null : `${path}${position}`;
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** In one call, and by no stream: a stream that is broken off in the middle of its work never writes again. */
function printed(chunk: Uint8Array | string, ...more: readonly unknown[]): boolean {
  const encoding = typeof more[0] === 'string' ? (more[0] as BufferEncoding) : 'utf8';
  writeToDescriptor(2, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
  const done = more.find((argument) => typeof argument === 'function');
  if (done !== undefined) process.nextTick(done as () => void);
  return true;
}

function guardProcess(): void {
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ''}) was called`);
  };
  // The code that writes results has kept the true ones. console.log() reads these each time.
  process.stdout.write = printed;
  process.stderr.write = printed;
  runUserCodeIn(breakOffAtInterrupt);
}
