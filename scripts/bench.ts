/**
 * `npm run bench`: how fast the built command is, and how much memory it takes, as ratios to `cat` and to an
 * empty `node` measured in the same run.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realFs } from '../lib/store/durable-fs.ts';
import { writeOutput } from '../lib/store/output-file.ts';
import { fleetRows } from './bench/fleet.ts';
import { bytesWritten, type Case, countFsyncs, fsyncSeconds, medians } from './bench/measure.ts';
import {
  bandwidthRow,
  type Measurement,
  memoryRow,
  passed,
  rateRow,
  rateRows,
  rowsToText,
  timeRow,
} from './bench/measurements.ts';
import { lookingRows } from './bench/read-commands.ts';
import { CommandLine } from './command.ts';
import { GROUP_BYTES, makeSample, primaryKey, type Sample } from './make-sample.ts';

const COMMAND = fileURLToPath(new URL('../dist/bin/litt-rollback.js', import.meta.url));
const RECORDS = 10_000_000;
const QUICK_RECORDS = 1_000_000;
const MANY_NODES = { inMemory: 1000, onDisk: 200, single: 50 };
const FEW_NODES = { inMemory: 100, onDisk: 20, single: 10 };
const LARGE_BYTES = 6_000_000_000;

/** A byte predicate ends at the oldest group; so does this filter, which decodes a number for every record. */
const FILTER = 'export default (table, key) => key.readBigUInt64BE(0) <= 1n;\n';

const USAGE = `Usage: npm run bench -- [options]

  --quick       a tenth of the records; rates are told, not judged
  --large       a 6 GB key file too
  --fleet       only the rows of many nodes
  --runs N      runs of each case (default 7, at least 5)
  --out FILE    write the rows as JSON
  --dir DIR     where samples are written (default: the system's temporary directory)
  --strict      exit with 1 when a bound is not met
`;

interface Bench {
  readonly dir: string;
  readonly runs: number;
  readonly rows: Measurement[];
}

const run = (...args: string[]): string[] => [process.execPath, COMMAND, ...args];

async function main(): Promise<void> {
  const command = CommandLine.read(USAGE);
  if (!existsSync(COMMAND)) throw new Error('Build first: npm run build');
  const runs = Math.max(command.number('runs', 7), 5);
  const dir = mkdtempSync(join(command.text('dir') ?? tmpdir(), 'litt-rollback-bench-'));
  // An interrupted run must not leave gigabytes behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const bench: Bench = { dir, runs, rows: [] };
  const isQuick = command.flag('quick');
  if (!command.flag('fleet')) await benchPlanning(bench, isQuick ? QUICK_RECORDS : RECORDS, !isQuick);
  say('many nodes…');
  bench.rows.push(...(await fleetRows(dir, run, isQuick ? FEW_NODES : MANY_NODES, !isQuick)));
  if (command.flag('large')) await benchLarge(bench);
  process.stdout.write(`\n${rowsToText(bench.rows)}`);
  const out = command.text('out');
  if (out !== null) await writeReport(out, report(bench.rows, runs));
  if (command.flag('strict') && bench.rows.some((row) => passed(row) === false)) process.exitCode = 1;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function benchPlanning(bench: Bench, records: number, judgeRates: boolean): Promise<void> {
  say(`writing ${records} records…`);
  const sample = makeSample({ dir: join(bench.dir, 'sample'), records });
  const filter = join(bench.dir, 'filter.mjs');
  writeFileSync(filter, FILTER);
  const src = ['--src', sample.roots[0]!];
  const oldest = primaryKey(0).toString('hex');
  const newest = primaryKey(sample.groups - 10).toString('hex');
  const byHeight = ['--schema', 'sample=receipts', '--height'];
  const top = String(sample.groups - 9);
  const cases = {
    node: { name: 'node -e 0', argv: [process.execPath, '-e', '0'] },
    cat: { name: 'cat', argv: ['cat', sample.keyFiles[0]!] },
    help: { name: 'help', argv: run('--help') },
    version: { name: 'version', argv: run('--version') },
    newest: { name: 'plan, pivot among the newest', argv: run('plan', ...src, '--key', newest) },
    key: { name: 'plan, pivot oldest, --key', argv: run('plan', ...src, '--key', oldest) },
    filter: { name: 'plan, pivot oldest, --filter', argv: run('plan', ...src, '--filter', filter) },
    height: { name: 'plan, pivot oldest, --height', argv: run('plan', ...src, ...byHeight, '1') },
    kept: { name: 'plan, newest, --height', argv: run('plan', ...src, ...byHeight, top) },
    unchecked: {
      name: 'plan, newest, --height, --stragglers keep',
      argv: run('plan', ...src, ...byHeight, top, '--stragglers', 'keep'),
    },
  } satisfies Record<string, Case>;
  say(`measuring ${Object.keys(cases).length} cases, ${bench.runs} runs each…`);
  const times = await medians(Object.values(cases), bench.runs);
  const seconds = (test: Case): number => times.get(test.name)!;
  const node = seconds(cases.node);
  const cat = seconds(cases.cat);
  const { rows } = bench;
  rows.push(timeRow('node -e 0', node, null, ''), timeRow('cat FILE', cat, null, `${records * 38} bytes`));
  rows.push(timeRow('--help', seconds(cases.help), 2 * node, ratio(seconds(cases.help), node)));
  rows.push(timeRow('--version', seconds(cases.version), 2 * node, ratio(seconds(cases.version), node)));
  const net = `${((seconds(cases.newest) - 2 * node) / cat).toFixed(1)} x cat + 2 x node`;
  rows.push(timeRow(cases.newest.name, seconds(cases.newest), 6 * cat + 2 * node, net));
  rows.push(...rateRows(cases.key.name, records, seconds(cases.key), node, judgeRates ? 40 : null));
  rows.push(...rateRows(cases.filter.name, records, seconds(cases.filter), node, judgeRates ? 10 : null));
  rows.push(...rateRows(cases.height.name, records, seconds(cases.height), node, judgeRates ? 40 : null));
  const check = seconds(cases.kept) - seconds(cases.unchecked);
  rows.push(bandwidthRow('straggler check', cat / check, judgeRates ? 0.3 : null));
  for (const test of [cases.newest, cases.key, cases.filter, cases.height, cases.kept])
    rows.push(await memoryRow(test.name, test));
  rows.push(...(await lookingRows(sample, bench.runs, node, run)));
  await benchApply(bench, sample);
}

/** Each apply removes one more group, so every run finds a database of (nearly) the same size. */
async function benchApply(bench: Bench, sample: Sample): Promise<void> {
  const target = ['--src', sample.roots[0]!, '--drop-last', '1'];
  const saved = join(bench.dir, 'plan.json');
  const plan = { name: 'plan, --drop-last 1', argv: run('plan', ...target) };
  const apply = {
    name: 'apply plan.json',
    argv: run('apply', saved, '--yes'),
    prepare: run('plan', ...target, '--out', saved),
  };
  const both = { name: 'apply SOURCE TARGET', argv: run('apply', ...target, '--yes') };
  const times = await medians([plan, apply, both], bench.runs);
  const planned = times.get(plan.name)!;
  bench.rows.push(timeRow(plan.name, planned, null, ''));
  for (const [test, plans] of [
    [apply, 1],
    [both, 2],
  ] as const) {
    const fsyncs = countFsyncs(test, bench.dir);
    const each = fsyncSeconds(bench.dir);
    const bound = fsyncs === null ? null : plans * planned + fsyncs * each;
    const detail = `allowed: ${plans} x plan + ${fsyncs ?? '?'} fsyncs of ${(each * 1000).toFixed(2)} ms`;
    bench.rows.push(timeRow(test.name, times.get(test.name)!, bound, detail));
  }
  bench.rows.push(await memoryRow(both.name, both));
  benchWritten(bench, sample, both);
}

/** The same cut in a database a hundred times smaller must not write less. */
function benchWritten(bench: Bench, sample: Sample, apply: Case): void {
  const small = makeSample({ dir: join(bench.dir, 'small'), records: 100_000 });
  const smallApply = {
    name: 'small',
    argv: run('apply', '--src', small.roots[0]!, '--drop-last', '1', '--yes'),
  };
  // The first apply removes a keymap besides; the large sample's is gone by now.
  bytesWritten(smallApply);
  const [large, little] = [bytesWritten(apply), bytesWritten(smallApply)];
  if (large === null || little === null) return;
  const less = Math.round(sample.groups / small.groups);
  bench.rows.push({
    name: 'bytes written by apply',
    measured: large,
    bound: little + WAKE_UP_BYTES,
    sense: 'at most',
    unit: 'bytes',
    detail: `${little} bytes where ${less} times less is kept; 16 KiB more allowed for what threads write to wake each other`,
  });
}

/** Threads of the runtime wake each other with small writes, whose number changes from run to run. */
const WAKE_UP_BYTES = 16 * 1024;

async function benchLarge(bench: Bench): Promise<void> {
  const records = Math.floor(LARGE_BYTES / GROUP_BYTES) * 2;
  say(`writing a key file of ${records * 38} bytes…`);
  const sample = makeSample({ dir: join(bench.dir, 'large'), records });
  const src = ['--src', sample.roots[0]!];
  for (const [name, key] of [
    ['6 GB, pivot among the newest', primaryKey(sample.groups - 10)],
    ['6 GB, pivot oldest, --key', primaryKey(0)],
  ] as const) {
    say(name);
    const test = { name, argv: run('plan', ...src, '--key', key.toString('hex')) };
    const start = process.hrtime.bigint();
    bench.rows.push(await memoryRow(name, test));
    const runs = existsSync('/usr/bin/time') ? 2 : 1;
    const seconds = Number(process.hrtime.bigint() - start) / 1e9 / runs;
    bench.rows.push({
      ...rateRow(name, records, seconds, null),
      detail: `${seconds.toFixed(2)} s for the command`,
    });
  }
  rmSync(join(bench.dir, 'large'), { recursive: true, force: true });
}

const ratio = (a: number, b: number): string => `${(a / b).toFixed(2)} x node`;

/** Under the rule of every file that a person names. */
function writeReport(path: string, text: string): Promise<void> {
  const isEarlier = (head: Buffer): boolean => /^\{\s*"at":.*"machine":/s.test(head.toString('latin1'));
  return writeOutput(realFs, path, Buffer.from(text), { what: 'report', databaseDirs: [], isEarlier });
}

function report(rows: readonly Measurement[], runs: number): string {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? '', cores: availableParallelism() };
  const judged = rows.map((row) => ({ ...row, pass: passed(row) }));
  return `${JSON.stringify({ at: new Date().toISOString(), machine, runs, rows: judged }, null, 2)}\n`;
}

await main();
