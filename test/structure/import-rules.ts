/** Who may import whom, and who may change files. Each rule takes modules and gives its violations in words. */
import { posix } from 'node:path';
import type { ImportUse, SourceModule } from './module.ts';

/** Modules directly in lib/ are leaves: they import nothing of the project, and everybody may import them. */
const LEAF = /^lib\/[^/]+$/;

/** Re-exports for users of the library; no module of the program imports it. */
const PUBLIC_API = 'lib/index.ts';

/** A folder may import itself and the folders before it. */
const ORDER: readonly string[] = [
  'lib/format',
  'lib/store',
  'lib/schemas',
  'streams',
  'lib/rollback',
  'lib/report',
  'lib/cli',
];

/** The one module that may change files by itself. */
const MUTATING_MODULE = 'lib/store/durable-fs.ts';

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
]);

/** Loads what users write, whatever its name. */
const USER_CODE_LOADER = 'lib/cli/load-module.ts';

/** Modules and functions through which files could be changed, or the rule be got round. */
const DETOURS = /^(node:)?(child_process|cluster|worker_threads|module|vm|inspector)(\/|$)/;
const DETOUR_NAMES: readonly string[] = ['createRequire', 'getBuiltinModule', 'eval', 'Function'];

/** Calls of DurableFs that change something. */
const MUTATIONS: ReadonlySet<string> = new Set([
  'writeAt',
  'truncate',
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'link',
  'reflink',
  'chmod',
  'chown',
  'utimes',
  'removeTree',
]);

/** A module as messages name it, with the line. */
const at = (module: SourceModule, use: { readonly line: number }): string => `${module.path}:${use.line}`;

const isLocal = (use: ImportUse): boolean => !use.computed && use.specifier.startsWith('.');

const resolve = (from: SourceModule, use: ImportUse): string =>
  posix.join(posix.dirname(from.path), use.specifier);

/** Place in the order: 0 for leaves; -1 for what has none. */
function placeOf(path: string): number {
  if (path === PUBLIC_API) return ORDER.indexOf('lib/cli');
  if (LEAF.test(path)) return 0;
  return ORDER.findIndex((folder) => path.startsWith(`${folder}/`)) + 1 || -1;
}

/** Imports that go against the order, leave the program, or lead to a module without a place in it. */
export function directionProblems(modules: readonly SourceModule[]): string[] {
  const problems: string[] = [];
  for (const module of modules) {
    const own = placeOf(module.path);
    if (own < 0) problems.push(`${module.path} lies in a folder that the order of imports does not name`);
    for (const use of module.imports.filter(isLocal)) {
      const target = resolve(module, use);
      const place = placeOf(target);
      const allowed = place >= 0 && place <= own && !(own === 0 && place === 0) && target !== PUBLIC_API;
      if (!allowed) problems.push(`${at(module, use)} imports ${target}`);
    }
  }
  return problems;
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
      const taken = FILE_SYSTEMS.test(use.specifier) ? use.names.filter((name) => !READING.has(name)) : [];
      if (taken.length > 0) problems.push(`${at(module, use)} takes ${taken.join(', ')} of ${use.specifier}`);
      if (DETOURS.test(use.specifier)) problems.push(`${at(module, use)} imports ${use.specifier}`);
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

/** Modules that call mutating functions of the durable file system, by the name of what they call them on. */
export function writers(modules: readonly SourceModule[]): string[] {
  const writes = (module: SourceModule): boolean =>
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
