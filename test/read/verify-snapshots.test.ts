/** Bounds and links of snapshots that lie above the newest segment are found, by the library and by the command. */
import { copyFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback, verifyDatabase } from '../../lib/index.ts';
import { finish } from '../cli/process.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { planOptions, unpackNamed } from '../helpers/transactions.ts';

function unpacked() {
  const database = unpackNamed('snapshots');
  const options = planOptions(database);
  const roots = options.roots as readonly string[];
  const snapshotDir = options.snapshotDir as string;
  const [table] = readdirSync(snapshotDir).filter((name) => !name.includes('.'));
  const segments = roots.flatMap((root) => readdirSync(join(root, table!, 'segments')));
  const newest = Math.max(...segments.map((name) => Number.parseInt(name, 10)));
  const bound = (name: string): string => join(snapshotDir, table!, `${name}-bound.txt`);
  return { dir: database.dir, options, roots, snapshotDir, table: table!, newest, bound };
}

type Unpacked = ReturnType<typeof unpacked>;

async function problemsOf({ roots, snapshotDir }: Unpacked): Promise<string[]> {
  const { tables, ok } = await verifyDatabase(roots, { snapshotDir });
  const findings = tables.flatMap((t) => t.findings);
  expect(ok).to.equal(findings.length === 0);
  return findings.map(({ segment, path, problem }) => `${segment} ${path} ${problem}`);
}

describe('verify: snapshots', () => {
  let on: Unpacked;
  beforeEach(() => {
    on = unpacked();
  });
  afterEach(() => removeTempDir(on.dir));

  it('finds nothing as the engine left them, nor after a rollback', async () => {
    expect(await problemsOf(on)).to.deep.equal([]);
    await applyPlan(await planRollback(on.options));
    expect(await problemsOf(on)).to.deep.equal([]);
  });

  it('takes a bound at the newest segment, and finds one above it, with what the engine does', async () => {
    for (const [name, consequence] of [
      ['upper', 'refuses to open'],
      ['lower', 'without a word'],
    ] as const) {
      const path = on.bound(name);
      writeFileSync(path, `${on.newest}`);
      expect(await problemsOf(on)).to.deep.equal([]);
      writeFileSync(path, `${on.newest + 1}\n`);
      const [problem, ...more] = await problemsOf(on);
      expect(problem).to.contain(`${on.newest + 1} ${path} the bound is ${on.newest + 1}`);
      expect(problem).to.contain(`newest segment is ${on.newest}`).and.to.contain(consequence);
      expect(more).to.deep.equal([]);
      writeFileSync(path, 'x');
      expect((await problemsOf(on))[0])
        .to.contain(path)
        .and.to.contain('not known');
      rmSync(path);
      expect(await problemsOf(on)).to.deep.equal([]);
    }
  });

  it('finds bounds of a table that has no segment', async () => {
    for (const root of on.roots)
      for (const name of readdirSync(join(root, on.table, 'segments')))
        rmSync(join(root, on.table, 'segments', name));
    writeFileSync(on.bound('upper'), '3');
    rmSync(on.bound('lower'), { force: true });
    const problems = (await problemsOf(on)).filter((p) => p.includes(on.bound('upper')));
    expect(problems).to.have.length(1);
    expect(problems[0]).to.contain('the table has no segment');
  });

  it('finds a link to a segment above the newest one, without the snapshot directory as well', async () => {
    const root = on.roots.find((r) => readdirSync(join(r, on.table)).includes('snapshot'))!;
    const links = join(root, on.table, 'snapshot');
    const segments = join(root, on.table, 'segments');
    const keys = readdirSync(segments).find((name) => name.endsWith('.metadata'))!;
    const link = join(links, `${on.newest + 2}.metadata`);
    copyFileSync(join(segments, keys), link);
    const { tables, ok } = await verifyDatabase(on.roots);
    expect(ok).to.equal(false);
    const findings = tables.flatMap((t) => t.findings);
    expect(findings.map((f) => [f.segment, f.path])).to.deep.equal([[on.newest + 2, link]]);
    expect(findings[0]?.problem).to.contain('would publish it');
  });

  it('says that it does not look at bounds without the directory, and refuses a wrong one', async () => {
    expect((await verifyDatabase(on.roots)).notices?.[0]).to.contain('--snapshot-dir');
    expect((await verifyDatabase(on.roots, { snapshotDir: 'none' })).notices).to.deep.equal([]);
    const wrong = rejection(verifyDatabase(on.roots, { snapshotDir: on.roots[0]! }));
    expect((await wrong).code).to.equal('ERR_SNAPSHOT_DIR_WRONG');
  });

  it('is told by the command, which exits as for any damage', async () => {
    writeFileSync(on.bound('upper'), `${on.newest + 7}`);
    const src = on.roots.flatMap((root) => ['--src', root]);
    const blind = await finish(['verify', ...src]);
    expect(blind.code, blind.stderr).to.equal(0);
    expect(blind.stdout).to.contain('Not checked: ');
    const { code, stdout, stderr } = await finish(['verify', ...src, '--snapshot-dir', on.snapshotDir]);
    expect(code).to.equal(4);
    expect(stdout)
      .to.contain('upper-bound.txt')
      .and.to.match(/refuses\s+to\s+open/);
    expect(stderr).to.contain('ERR_VERIFY_FAILED');
  }).timeout(120_000);
});
