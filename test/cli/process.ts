/** Runs the built command as a process whose input, output and signals a test controls. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { fixtureCases, type UnpackedCase, unpack } from '../helpers/fixtures.ts';
import { tempDir } from '../helpers/temp.ts';

/** The built command. */
export const COMMAND = fileURLToPath(new URL('../../dist/bin/litt-rollback.js', import.meta.url));

/** What a process left. */
export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly result: Promise<Result>;
  /** Waits until standard output or standard error contains this. */
  saw(text: string): Promise<void>;
}

/** How to start one. */
export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Numbers are descriptors to be used as they are. */
  readonly stdout?: 'pipe' | number;
  /** Words in front of node: setpriv and its like. */
  readonly prefix?: readonly string[];
}

/** Starts the command and returns at once. */
export function start(args: readonly string[], options: StartOptions = {}): Running {
  buildOnce();
  const [program, ...rest] = [...(options.prefix ?? []), process.execPath, COMMAND, ...args];
  return follow(
    spawn(program!, rest, {
      cwd: options.cwd,
      // Another user may not write where the coverage is gathered, and says so on standard error.
      env: {
        ...process.env,
        ...(options.prefix !== undefined && { NODE_V8_COVERAGE: undefined }),
        NO_COLOR: '',
        ...options.env,
      },
      stdio: ['pipe', options.stdout ?? 'pipe', 'pipe'],
    }),
  );
}

/** Runs the command to its end; its input is empty. */
export function finish(args: readonly string[], options: StartOptions = {}): Promise<Result> {
  const running = start(args, options);
  running.child.stdin?.end();
  return running.result;
}

/**
 * Runs the command on a pseudo terminal; everything it says arrives as one text.
 * @param columns of the terminal; one that does not know its width has 0
 */
export function onTerminal(
  args: readonly string[],
  { columns = 0, env = {} }: { columns?: number; env?: Readonly<Record<string, string>> } = {},
): Running {
  const words = [process.execPath, COMMAND, ...args].map((w) => `'${w}'`).join(' ');
  return follow(
    spawn('script', ['-qefc', `stty cols ${columns}; ${words}`, '/dev/null'], {
      stdio: 'pipe',
      env: { ...process.env, TERM: 'xterm', NO_COLOR: '', ...env },
    }),
  );
}

/** Runs the command with these arguments and waits for its end. */
type Ask = (args: readonly string[]) => Promise<Omit<Result, 'signal'>>;

/** Runs the command; expects an exit code, and texts on standard error; gives standard output. */
type Answers = (args: readonly string[], code: number, ...texts: readonly string[]) => Promise<string>;

/** What `answers` is, for another way to run the command. */
export function answersOf(ask: Ask): Answers {
  return async (args, code, ...texts) => {
    const result = await ask(args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).to.equal(code);
    for (const text of texts) expect(result.stderr, args.join(' ')).to.contain(text);
    return result.stdout;
  };
}

/** Expects this exit code, and these texts on standard error; gives standard output. */
export const answers = answersOf(finish);

/** Follows a process that was started. */
export function follow(child: ChildProcess): Running {
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin?.on('error', () => {});
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const saw = async (text: string): Promise<void> => {
    let over = false;
    void result.finally(() => (over = true));
    while (!(stdout + stderr).includes(text)) {
      if (over) throw new Error(`ended without saying ${JSON.stringify(text)}:\n${stdout}\n${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { child, stdout: () => stdout, stderr: () => stderr, result, saw };
}

/** Unpacks an engine-written database by name. */
export function database(
  name: string,
): UnpackedCase & { readonly roots: readonly string[]; readonly src: readonly string[] } {
  const fixture = fixtureCases().find((c) => c.name === name);
  if (fixture === undefined) throw new Error(`no fixture ${name}`);
  const unpacked = unpack(fixture);
  const roots = unpacked.databases[0]!;
  return { ...unpacked, roots, src: roots.flatMap((root) => ['--src', root]) };
}

/** Writes a file into a directory of its own and returns its path. */
export function scratchFile(name: string, text: string): string {
  const path = join(tempDir('litt-scratch-'), name);
  writeFileSync(path, text);
  return path;
}

/** Whether a program is installed. */
export function installed(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** What tests look at in a JSON document; there is more in it. */
export interface JsonLine {
  readonly message_type: string;
  readonly version: number;
  readonly table?: string;
  readonly place?: Readonly<Record<string, unknown>>;
}

/** The JSON document on the last line of a text. */
export function lastJson(text: string): JsonLine {
  return JSON.parse(text.trim().split('\n').at(-1)!) as JsonLine;
}

/** The key that a fixture's target names for a table, in hex. */
export function targetKey(of: UnpackedCase, table: string): string {
  const key = of.fixture.target.firstMatch[table]?.[0];
  if (key === undefined) throw new Error(`the fixture names no key of ${table}`);
  return key;
}

/** Every line of a text as a JSON document. */
export function jsonLines(text: string): JsonLine[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonLine);
}
