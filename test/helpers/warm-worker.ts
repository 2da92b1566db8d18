/**
 * Runs the built command many times in one process. Its file is compiled once, and every run begins it from its
 * first statement, with variables, streams and listeners of its own: as a new process does, but without the start of
 * one, which takes longer than most commands.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { compileFunction, constants } from 'node:vm';
import type { CommandResult } from './command.ts';

const COMMAND = process.argv[2] as string;
const PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];
// The first line is one for the shell. Everything keeps its place: coverage tells places of the file.
const begin = compileFunction(readFileSync(COMMAND, 'utf8').replace(/^#!/, '//'), PARAMETERS, {
  filename: COMMAND,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
const [execPath = ''] = process.argv;
const ownListeners = new Map<string | symbol, readonly unknown[]>();

/** Takes away what the command has put on the process. */
function tidy(): void {
  for (const name of process.eventNames())
    for (const listener of process.rawListeners(name as 'exit'))
      if (ownListeners.get(name)?.includes(listener) !== true) process.off(name, listener as () => void);
}

async function run(args: readonly string[]): Promise<CommandResult> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = Promise.all([text(stdout), text(stderr)]);
  const streams = { stdin: Readable.from([]), stdout, stderr };
  for (const [name, value] of Object.entries(streams))
    Object.defineProperty(process, name, { value, configurable: true });
  process.argv = [execPath, COMMAND, ...args];
  process.exitCode = undefined;
  const code = await new Promise<number>((resolve, reject) => {
    process.exit = ((given?: number) => {
      process.emit('exit', given ?? 0);
      resolve(given ?? 0);
    }) as typeof process.exit;
    process.on('uncaughtException', reject);
    begin({}, createRequire(COMMAND), { exports: {} }, COMMAND, dirname(COMMAND));
  });
  tidy();
  for (const stream of [stdout, stderr]) stream.end();
  const [out, err] = await said;
  return { code, stdout: out, stderr: err };
}

const exit = process.exit.bind(process);
process.on('message', (args: readonly string[]) => {
  run(args).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.send?.({
        code: -1,
        stdout: '',
        stderr: String((error as Error).stack),
      } satisfies CommandResult);
    },
  );
});
process.on('disconnect', () => exit(0));
for (const name of process.eventNames()) ownListeners.set(name, process.rawListeners(name as 'exit'));
