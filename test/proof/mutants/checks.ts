/**
 * A bundle of a script in which every check of find-checks.ts has a switch: `Switches`, looked for among the globals,
 * decide whether it refuses.
 */
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { BUILD_ALIAS } from '../../helpers/build-alias.ts';
import { type Found, findChecks } from './find-checks.ts';

/** One check. */
export interface Check {
  /** Its switch. */
  readonly number: number;
  /** File and line. */
  readonly place: string;
  readonly text: string;
}

/** What the bundle calls. */
export interface Switches {
  /** Whether a check refuses; `refuses` is what it has found. */
  checkSwitch(number: number, refuses: unknown): boolean;
  /** Makes a call that may refuse. */
  checkCall<T>(number: number, call: () => T): T | undefined;
}

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
/** What reads journals, what acts on them, and what looks at the result. What only tells of them, and what asks for room, has tests of its own. */
const MODULES =
  /^lib\/(journal\/[^/]+|recover\/(?!status|preview-undo|undo-room)[^/]+|apply\/(roll-forward|verify-result)|plan\/step-paths|store\/(area|open-transaction)|format\/checksummed-json)\.ts$/;

const SWITCHES = {
  refuses: { before: (n: number) => `globalThis.checkSwitch(${n}, `, after: ')' },
  accepts: { before: (n: number) => `!globalThis.checkSwitch(${n}, !(`, after: '))' },
  calls: { before: (n: number) => `globalThis.checkCall(${n}, () => `, after: ')' },
} as const;

/** Bundles a script, and returns the checks that have got switches. */
export async function bundleWithSwitches(script: string, outfile: string): Promise<readonly Check[]> {
  const checks: Check[] = [];
  const texts = new Map<string, string>();
  for (const { path, text, found } of findChecks(PROJECT, MODULES)) {
    texts.set(path, withSwitches(text, found, checks.length));
    for (const { start, end } of found) {
      const line = text.slice(0, start).split('\n').length;
      const shown = text.slice(start, end).replaceAll(/\s+/g, ' ');
      checks.push({ number: checks.length, place: `${path}:${line}`, text: shown });
    }
  }
  await build({
    absWorkingDir: PROJECT,
    entryPoints: [script],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    alias: BUILD_ALIAS,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    plugins: [replacing(texts)],
  });
  return checks;
}

function replacing(texts: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'switches',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = texts.get(relative(PROJECT, path));
        return contents === undefined ? null : { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

/** Puts switches into a text, numbered from `first`; none lies in another. */
export function withSwitches(text: string, found: readonly Found[], first: number): string {
  let at = 0;
  const parts = found.flatMap(({ start, end, how }, i) => {
    const { before, after } = SWITCHES[how];
    const until = text.slice(at, start);
    at = end;
    return [until, before(first + i), text.slice(start, end), after];
  });
  return [...parts, text.slice(at)].join('');
}
