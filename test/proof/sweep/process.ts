/** Starts processes and never loses them: what still runs when the script ends is killed by its id. */
import { type ChildProcess, spawn } from 'node:child_process';

/** What a process left. */
export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process under way. */
export interface Started {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
}

/** Nothing that is run here takes this long (milliseconds). */
const TIME_LIMIT = 60_000;

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) killGroup(child);
});

/** A process that stands still outlives its tracer; so each is started in a group, and the group is killed. */
export function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Starts a process; its input is empty, its output is collected. */
export function start(argv: readonly string[], cwd?: string): Started {
  const [program, ...args] = argv;
  const child = spawn(program!, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', NODE_V8_COVERAGE: undefined, NODE_OPTIONS: undefined },
  });
  running.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setTimeout(() => {
    stderr += `killed after ${TIME_LIMIT / 1000} s\n`;
    killGroup(child);
  }, TIME_LIMIT);
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  }).finally(() => {
    clearTimeout(timer);
    running.delete(child);
  });
  return { child, result };
}

/** Runs a process to its end. */
export function finish(argv: readonly string[], cwd?: string): Promise<Result> {
  return start(argv, cwd).result;
}

/** Runs a tool that must succeed. */
export async function tool(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await finish(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Waits until a condition holds; false when the time (milliseconds) is over. */
export async function until(condition: () => boolean, limit: number): Promise<boolean> {
  const end = Date.now() + limit;
  while (!condition()) {
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
