/** Tools of operators that some tests run. The gate does not need them. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the role and the manifests lie. */
export const FLEET_SCRIPTS = fileURLToPath(new URL('../../scripts/fleet/', import.meta.url));

/** What a tool gave. */
export interface ToolResult {
  readonly code: number;
  /** Standard output, then standard error. */
  readonly output: string;
}

/**
 * A tool's path, or why there is none.
 * @param directory with the tools, the value of LITT_ROLLBACK_OPS_TOOLS
 */
export function toolIn(directory: string | undefined, name: string): { path: string } | { missing: string } {
  if (directory === undefined || directory === '')
    return { missing: `LITT_ROLLBACK_OPS_TOOLS does not name a directory with ${name}` };
  const path = join(directory, name);
  return existsSync(path) ? { path } : { missing: `there is no ${path}` };
}

/** Skips the tests of a suite where a tool is missing, and says why. @returns the tool's path */
export function toolOrSkip(context: Mocha.Context, name: string): string {
  const found = toolIn(process.env['LITT_ROLLBACK_OPS_TOOLS'], name);
  if ('path' in found) return found.path;
  process.stdout.write(`skipped: ${found.missing}\n`);
  return context.skip();
}

/** Runs a tool without a terminal; never rejects because of its exit code. */
export function runTool(
  path: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<ToolResult> {
  const env = { ...process.env, ...options.env };
  return new Promise((resolve, reject) => {
    const settings = { cwd: options.cwd, env, maxBuffer: 64 * 2 ** 20 };
    const child = execFile(path, args, settings, (_error, stdout, stderr) => {
      if (child.exitCode === null) reject(new Error(`${path} was killed by ${child.signalCode}`));
      else resolve({ code: child.exitCode, output: `${stdout}${stderr}` });
    });
    child.stdin?.end();
  });
}

/** Runs a line of shell to its end, and throws where it fails. */
export function shell(line: string): void {
  const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${line}\n${stderr}`);
}
