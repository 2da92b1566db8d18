/** Who may import whom, and who may change files. Each rule takes modules and gives its violations in words. */
import { posix } from 'node:path';
import { CHANGING_CALLS } from '../helpers/fs-calls.ts';
import type { ImportUse, SourceModule } from './module.ts';

/** Modules directly in lib/ are leaves: they import only each other, and every module may import them. */
const LEAF = /^lib\/[^/]+$/;

/** Re-exports for users of the library; no module of the program imports it. */
const PUBLIC_API = 'lib/index.ts';

/** What nearly every room stands on. */
const BASE: readonly string[] = ['lib/format', 'lib/input', 'lib/store'];

/** What it takes to read and to change a log-index. */
const LOG_INDEX: readonly string[] = ['lib/pebble', 'lib/logindex'];

/** What each room may import besides itself and the files directly in lib/. What is not listed is refused. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'lib/format': [],
  'lib/pebble': ['lib/format'],
  'lib/input': ['lib/format'],
  'lib/store': ['lib/format', 'lib/input'],
  'lib/logindex': ['lib/format', 'lib/store', 'lib/pebble'],
  'lib/schemas': BASE,
  streams: ['lib/format', 'lib/store'],
  'lib/read': [...BASE, ...LOG_INDEX, 'lib/schemas', 'streams'],
  'lib/plan': BASE,
  'lib/planner': [...BASE, ...LOG_INDEX, 'lib/schemas', 'streams', 'lib/plan'],
  'lib/journal': ['lib/format', 'lib/store', ...LOG_INDEX, 'streams', 'lib/plan'],
  'lib/apply': [...BASE, ...LOG_INDEX, 'streams', 'lib/plan', 'lib/planner', 'lib/journal'],
  'lib/recover': [...BASE, 'lib/plan', 'lib/journal', 'lib/apply'],
  'lib/report': ['lib/format', 'lib/store', 'lib/plan', 'lib/read', 'lib/apply', 'lib/recover', 'lib/fleet'],
  'lib/fleet': [
    ...BASE,
    'lib/schemas',
    'lib/plan',
    'lib/planner',
    'lib/journal',
    'lib/apply',
    'lib/recover',
    'lib/read',
    'streams',
  ],
  'lib/cli': [
    ...BASE,
    'lib/schemas',
    'lib/read',
    'lib/plan',
    'lib/planner',
    'lib/apply',
    'lib/recover',
    'lib/report',
    'lib/fleet',
  ],
};

/** Imports that stay refused whatever is added to the map: a room, and the rooms that it never imports. */
const NEVER: Readonly<Record<string, readonly string[]>> = {
  'lib/planner': ['lib/journal', 'lib/apply', 'lib/recover'],
  'lib/journal': ['lib/planner', 'lib/schemas', 'lib/apply', 'lib/recover'],
  'lib/recover': ['lib/planner', 'lib/schemas'],
  'lib/read': ['lib/plan', 'lib/planner', 'lib/journal'],
};

/** The one module that may change files by itself. */
const MUTATING_MODULE = 'lib/store/durable-fs.ts';

/** Writes to pipes and devices, and to no file. */
const STREAM_MODULE = 'lib/store/stream-output.ts';

/** What that one may take besides. */
const STREAM_CALLS: ReadonlySet<string> = new Set(['closeSync', 'fstatSync', 'openSync', 'writeSync']);

/** File system modules, under every name that reaches them. */
const FILE_SYSTEMS = /^(node:)?fs(\/promises)?$|^(fs-extra|graceful-fs)(\/|$)/;

/** What the other modules may take from them: these can only read. */
const READING: ReadonlySet<string> = new Set([
  'constants',
  'existsSync',
  'lstatSync',
  'readdir',
  'readdirSync',
  'readFile',
  'readFileSync',
  'readlinkSync',
  'realpathSync',
  'stat',
  'statSync',
  'statfsSync',
]);

/** Loads what users write, whatever its name. */
const USER_CODE_LOADER = 'lib/cli/load-module.ts';

/**
 * What breaks off a user's code runs a script of one fixed line; what finds a syntax error asks Node for it; a batch
 * forks this very program.
 */
const DETOURS_ALLOWED: ReadonlySet<string> = new Set([
  'lib/cli/break-off.ts node:vm',
  'lib/cli/module-syntax.ts node:child_process',
  'lib/fleet/worker-pool.ts node:child_process',
  'lib/store/copy-attributes.ts node:child_process',
]);

/** Modules and functions through which files could be changed, or the rule be got round. */
const DETOURS = /^(node:)?(child_process|cluster|worker_threads|module|vm|inspector)(\/|$)/;
const DETOUR_NAMES: readonly string[] = ['createRequire', 'getBuiltinModule', 'eval', 'Function'];

/** Calls of DurableFs that change something. */
const MUTATIONS: ReadonlySet<string> = new Set(CHANGING_CALLS);

/** A module as messages name it, with the line. */
const at = (module: SourceModule, use: { readonly line: number }): string => `${module.path}:${use.line}`;

const isLocal = (use: ImportUse): boolean => !use.computed && use.specifier.startsWith('.');

const resolve = (from: SourceModule, use: ImportUse): string =>
  posix.join(posix.dirname(from.path), use.specifier);

/** The room of a module: a key of the map, `leaf`, `public` for the public API; null for what has none. */
function roomOf(path: string): string | null {
  if (path === PUBLIC_API) return 'public';
  if (LEAF.test(path)) return 'leaf';
  return Object.keys(ALLOWED).find((room) => path.startsWith(`${room}/`)) ?? null;
}

function mayImport(from: string, to: string | null): boolean {
  if (to === null || to === 'public') return false;
  if (from === 'public' || to === 'leaf' || from === to) return true;
  if (from === 'leaf') return false;
  return (ALLOWED[from] ?? []).includes(to) && !(NEVER[from] ?? []).includes(to);
}

/** Imports that the map does not allow, that leave the program, or that lead to a module without a room. */
export function directionProblems(modules: readonly SourceModule[]): string[] {
  const problems: string[] = [];
  for (const module of modules) {
    const own = roomOf(module.path);
    if (own === null) {
      problems.push(`${module.path} lies in a folder that the map of imports does not name`);
      continue;
    }
    for (const use of module.imports.filter(isLocal)) {
      const target = resolve(module, use);
      if (!mayImport(own, roomOf(target))) problems.push(`${at(module, use)} imports ${target}`);
    }
  }
  return problems;
}

/** Faults of the map itself: rooms that import each other, also by a detour, and imports that are allowed and forbidden. */
export function mapProblems(): string[] {
  const reach = (room: string, seen: Set<string>): Set<string> => {
    for (const next of ALLOWED[room] ?? []) if (!seen.has(next)) reach(next, seen.add(next));
    return seen;
  };
  const circles = Object.keys(ALLOWED).filter((room) => reach(room, new Set()).has(room));
  const forbidden = Object.entries(NEVER).flatMap(([room, nevers]) =>
    nevers.filter((never) => ALLOWED[room]?.includes(never)).map((never) => `${room} → ${never}`),
  );
  return [...circles, ...forbidden];
}

/** Chains of imports that lead back to where they began; types alone do not count. */
export function cycleProblems(modules: readonly SourceModule[]): string[] {
  const edges = new Map(
    modules.map((m) => [
      m.path,
      m.imports.filter((i) => isLocal(i) && !i.typeOnly).map((i) => resolve(m, i)),
    ]),
  );
  const problems: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) problems.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return problems;
}

/** Modules besides the one that could change files. */
export function mutationProblems(modules: readonly SourceModule[]): string[] {
  const problems: string[] = [];
  for (const module of modules) {
    if (module.path === MUTATING_MODULE) continue;
    for (const use of module.imports.filter((i) => !i.typeOnly)) {
      const isAllowed = (name: string): boolean =>
        READING.has(name) || (module.path === STREAM_MODULE && STREAM_CALLS.has(name));
      const taken = FILE_SYSTEMS.test(use.specifier) ? use.names.filter((name) => !isAllowed(name)) : [];
      if (taken.length > 0) problems.push(`${at(module, use)} takes ${taken.join(', ')} of ${use.specifier}`);
      if (DETOURS.test(use.specifier) && !DETOURS_ALLOWED.has(`${module.path} ${use.specifier}`))
        problems.push(`${at(module, use)} imports ${use.specifier}`);
      if (use.computed && module.path !== USER_CODE_LOADER) {
        problems.push(`${at(module, use)} loads a module by a computed name: ${use.specifier}`);
      }
    }
    for (const name of DETOUR_NAMES) {
      if (module.identifiers.has(name)) problems.push(`${module.path} uses ${name}`);
    }
  }
  return problems;
}

/** Opens a file outside of any database; taking it counts as changing files. */
const LOG_OPENER = 'openAppend';

/** Modules that call mutating functions of the durable file system, by the name of what they call them on. */
export function writers(modules: readonly SourceModule[]): string[] {
  const writes = (module: SourceModule): boolean =>
    module.imports.some((use) => use.names.includes(LOG_OPENER)) ||
    module.calls.some(({ receiver, name, texts }) => {
      if (!['fs', '#fs', 'realFs'].includes(receiver)) return false;
      return MUTATIONS.has(name) || (name === 'open' && texts.some((t) => t === 'r+' || t === 'wx'));
    });
  return modules.filter(writes).map((m) => m.path);
}

/** Packages that are imported, without their sub-paths; node's own modules are none. */
export function packagesOf(modules: readonly SourceModule[]): Set<string> {
  const packages = new Set<string>();
  for (const use of modules.flatMap((m) => m.imports)) {
    const { specifier } = use;
    if (isLocal(use) || use.computed || specifier.startsWith('node:')) continue;
    packages.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  }
  return packages;
}
