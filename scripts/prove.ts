/**
 * `npx tsx scripts/prove.ts`: runs the sweeps that prove what tests of single cases cannot, at a size that fits
 * into a gate (or whole, with --full), and prints what each has tried as one table.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandLine } from './command.ts';
import { type Row, readRows } from './rows.ts';

const USAGE = `Usage: npx tsx scripts/prove.ts [options]

  --full     whole sizes instead of those of the gate (hours)
  --only A   only the proof whose name begins with this
`;

/** A script, and what it is given at either size. */
interface Proof {
  readonly name: string;
  readonly script: string;
  readonly gate: readonly string[];
  readonly full: readonly string[];
}

const PROOFS: readonly Proof[] = [
  { name: 'simulator', script: 'crash-sim.ts', gate: ['--seed', '1'], full: ['--nightly'] },
  { name: 'mutants', script: 'mutants.ts', gate: ['--quick'], full: [] },
  { name: 'real kernel', script: 'crash-sweep.ts', gate: ['--quick'], full: [] },
  { name: 'sweeps of broken builds', script: 'crash-sweep.ts', gate: ['--self-test'], full: ['--self-test'] },
  { name: 'hostile input', script: 'fuzz.ts', gate: ['--quick'], full: [] },
];

const SCRIPTS = fileURLToPath(new URL('.', import.meta.url));

async function main(): Promise<void> {
  const command = CommandLine.read(USAGE);
  const [isFull, only] = [command.flag('full'), command.text('only') ?? ''];
  const chosen = PROOFS.filter((p) => p.name.startsWith(only));
  if (chosen.length === 0) throw new Error(`There is no proof ${only}: ${PROOFS.map((p) => p.name)}`);
  const dir = mkdtempSync(join(tmpdir(), 'litt-prove-'));
  const failed: string[] = [];
  try {
    const rows = join(dir, 'rows');
    for (const proof of chosen) {
      process.stdout.write(`\n${proof.name}\n`);
      const words = [...(isFull ? proof.full : proof.gate), '--rows', rows];
      if ((await run(proof.script, words)) !== 0) failed.push(proof.name);
    }
    process.stdout.write(`\nWhat was tried\n${tableOf(readRows(rows))}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  if (failed.length === 0) return;
  process.stdout.write(`Failed: ${failed.join(', ')}\n`);
  process.exitCode = 1;
}

function run(script: string, words: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(SCRIPTS, script), ...words], {
    stdio: 'inherit',
    cwd: join(SCRIPTS, '..'),
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function tableOf(rows: readonly Row[]): string {
  if (rows.length === 0) return '  nothing\n';
  const cells = rows.map((r) => [r.proof, r.what, r.count.toLocaleString('en-US')] as const);
  const width = (i: 0 | 1 | 2): number => Math.max(...cells.map((c) => c[i].length));
  const [a, b, c] = [width(0), width(1), width(2)];
  return cells.map((r) => `  ${r[0].padEnd(a)}  ${r[1].padEnd(b)}  ${r[2].padStart(c)}\n`).join('');
}

await main();
