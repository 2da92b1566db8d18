/** The built command, run as a person runs it. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** The built library, as another thread or process imports it: call buildOnce() first. */
export const LIBRARY = new URL('../../dist/lib/index.js', import.meta.url).href;
/** The built command. */
export const COMMAND = fileURLToPath(new URL('../../dist/bin/litt-rollback.js', import.meta.url));

/** What a run of the command gave. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let built = false;

/** Builds the command unless it is newer than its sources. */
export function buildOnce(): void {
  if (built) return;
  if (!isNewest()) execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: PROJECT, stdio: 'pipe' });
  built = true;
}

function isNewest(): boolean {
  if (!existsSync(COMMAND)) return false;
  const sources = ['lib', 'streams', 'scripts'].flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(folder, name),
    ),
  );
  const changed = [...sources, 'package-lock.json'].map((path) => statSync(join(PROJECT, path)).mtimeMs);
  return Math.max(...changed) <= statSync(COMMAND).mtimeMs;
}

/** Runs the command without a terminal; never rejects because of its exit code. */
export function run(args: readonly string[], options: { cwd?: string } = {}): Promise<CommandResult> {
  buildOnce();
  return new Promise((resolve, reject) => {
    const settings = { maxBuffer: 64 * 2 ** 20, encoding: 'utf8' as const, ...options };
    const child = execFile(process.execPath, [COMMAND, ...args], settings, (_error, stdout, stderr) => {
      if (child.exitCode === null)
        reject(new Error(`killed by ${child.signalCode}: ${args.join(' ')}\n${stderr}`));
      else resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}
