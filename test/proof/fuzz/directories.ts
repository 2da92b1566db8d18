/** Mutated databases against planning: a plan or a typed refusal, in bounded time, and nothing written. */

import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import fc from 'fast-check';
import { type PlanOptions, planRollback, type Target } from '../../../lib/index.ts';
import { addCount } from '../../../scripts/rows.ts';
import { databaseSpec } from '../../helpers/arbitraries.ts';
import { type BuiltDatabase, buildDatabase } from '../../helpers/table-builder.ts';
import { BOLT } from '../own-files.ts';
import { Random } from '../random.ts';
import { cameOf, problemsOfEnd } from './forged/judge.ts';
import { mutateBytes, ODD_NUMBERS } from './mutate.ts';
import { noteTime, type Report } from './report.ts';

/** Tries one mutated database below `dir`, which is empty before and afterwards. */
export async function tryDirectory(dir: string, seed: number, number: number, report: Report): Promise<void> {
  const random = new Random(seed, 'directories', number);
  const [spec] = fc.sample(databaseSpec({ snapshots: true }), { numRuns: 1, seed: random.u32() | 0 });
  const built = buildDatabase(spec!, dir);
  for (let times = 1 + random.below(4); times > 0; times--) harmTree(random, built);
  const options = optionsFor(random, built);
  const before = stateOf(dir);
  const came = await cameOf(() => planRollback(options));
  if (came.error === null) addCount(report.counts, 'directories that were planned');
  const id = `directories/${number}`;
  noteTime(report, id, came.took);
  for (const problem of problemsOfEnd(came)) report.findings.push({ id, problem });
  const after = stateOf(dir);
  if (after !== before)
    report.findings.push({ id, problem: `planning changed something:\n${before}\n${after}` });
  addCount(report.counts, 'directories');
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true, force: true });
}

function optionsFor(random: Random, built: BuiltDatabase): PlanOptions {
  const targets: readonly Target[] = [
    { kind: 'drop-last', groups: random.below(20) },
    { kind: 'keep-first', groups: random.below(20) },
    { kind: 'filter', filter: (_table, key) => key.length % 3 === 0 },
    { kind: 'before', time: BigInt(random.below(2 ** 31)) * 1_000_000_000n },
    { kind: 'key', key: random.bytes(8) },
  ];
  return {
    roots: random.chance(90) ? built.roots : built.roots.slice(1).concat(built.roots[0]!, built.roots[0]!),
    target: random.pick(targets),
    allRoots: random.chance(70),
    dropOrphans: random.chance(50),
    acceptDamage: random.chance(40),
    onNoMatch: random.pick(['refuse', 'keep', 'delete'] as const),
    check: random.pick(['all', 'pivot'] as const),
    blockBytes: random.pick([64, 500, 4096]),
    ...(built.snapshotDir === undefined
      ? {}
      : { snapshotDir: random.chance(90) ? built.snapshotDir : ('none' as const) }),
  };
}

/** Size, time, inode and kind of every entry; locks come and go. */
function stateOf(dir: string): string {
  const lines: string[] = [];
  const visit = (at: string, below: string): void => {
    for (const name of readdirSync(at).sort()) {
      const path = join(at, name);
      const stat = lstatSync(path, { bigint: true });
      // A directory's time changes when a lock comes and goes.
      const times = stat.isDirectory() ? '' : `${stat.mtimeNs} ${stat.ctimeNs} ${stat.size}`;
      lines.push(`${below}${name} ${stat.mode} ${stat.ino} ${times}`);
      if (stat.isDirectory()) visit(path, `${below}${name}/`);
    }
  };
  visit(dir, '');
  return lines.join('\n');
}

const ODD_NAMES: readonly string[] = [
  'x.keys',
  '.keys',
  '01.keys',
  '+1.keys',
  '4294967296.keys',
  '99999999999999999999.metadata',
  '0-0-0.values',
  '0-.values',
  '0-256.values',
  '-1.keys',
  '0.keys.swap',
  '0.metadata.swap',
  'litt.lock',
  BOLT,
  'ünïcode.keys',
  '\u001b[2J.metadata',
  `${'9'.repeat(200)}.keys`,
];

function harmTree(random: Random, built: BuiltDatabase): void {
  const files = filesBelow(built.dir);
  const path = random.pick(files);
  if (path === undefined) return;
  try {
    random.pick(HARMS)(random, path, files);
  } catch (error) {
    // A file that an earlier harm has turned into something else cannot be harmed in every way.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

type Harm = (random: Random, path: string, files: readonly string[]) => void;

const gone = (path: string): void => rmSync(path, { recursive: true, force: true });
const beside = (path: string, name: string): string => join(dirname(path), name);

/** What can happen to a file. */
const HARMS: readonly Harm[] = [
  (_rng, path) => gone(path),
  (random, path) => truncateSync(path, random.below(lstatSync(path).size + 1)),
  (random, path) => appendFileSync(path, random.bytes(1 + random.below(60))),
  (random, path) => renameSync(path, beside(path, random.pick(ODD_NAMES))),
  (random, path) => writeFileSync(beside(path, random.pick(ODD_NAMES)), random.bytes(random.below(40))),
  (random, path) => linkSync(path, beside(path, random.pick(ODD_NAMES))),
  (random, path, files) => {
    gone(path);
    symlinkSync(random.pick(['nowhere', '/etc/hostname', basename(path), random.pick(files)]), path);
  },
  (_rng, path) => {
    gone(path);
    mkdirSync(path);
  },
  (random, path) => {
    if (!random.chance(10)) return;
    gone(path);
    execFileSync('mkfifo', [path]);
  },
  (random, path) => writeFileSync(path, `${random.pick(ODD_NUMBERS)}\n`),
  (random, path, files) => renameSync(path, random.pick(files)),
  (random, path) => writeFileSync(path, mutateBytes(random, readFileSync(path))),
  (random, path) => writeFileSync(path, mutateBytes(random, readFileSync(path))),
];

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.name === 'canary') return [];
    return entry.isDirectory() ? filesBelow(path) : entry.isFile() ? [path] : [];
  });
}
