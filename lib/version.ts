/** This program's version: built into the command, else read from package.json. */
import { readFileSync } from 'node:fs';

/** Set by scripts/build.mjs: the command may be copied to a place without a package.json. */
declare const BUILT_VERSION: string | undefined;

/** For example "0.1.0". */
export function programVersion(): string {
  if (typeof BUILT_VERSION === 'string') return BUILT_VERSION;
  // The path is the same from the sources and from any folder of a build.
  for (let url = new URL('package.json', import.meta.url); ; ) {
    const found = readVersion(url);
    if (found !== null) return found;
    const parent = new URL('../package.json', url);
    if (parent.href === url.href) return 'unknown';
    url = parent;
  }
}

function readVersion(url: URL): string | null {
  try {
    const text = readFileSync(url, 'utf8');
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    return name === 'litt-rollback' && typeof version === 'string' ? version : null;
  } catch {
    // This folder has no package.json of ours: the search continues one folder up.
    return null;
  }
}
