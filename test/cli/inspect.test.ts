/** `inspect`: heights, damage and unfinished work, with the built command as a process. */

import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { formatCount } from '../../lib/format/grouped.ts';
import type { InspectReport } from '../../lib/report/inspect-report.ts';
import { makeSample } from '../../scripts/make-sample.ts';
import { buildOnce, run } from '../helpers/command.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { COMMAND, database, finish, follow, scratchFile } from './process.ts';

const inspect = async (
  ...words: string[]
): Promise<{ code: number; stderr: string; report: InspectReport }> => {
  const { code, stdout, stderr } = await run(['inspect', '--json', ...words]);
  return { code, stderr, report: JSON.parse(stdout) as InspectReport };
};

describe('cli: inspect', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('tells the heights at the ends of known tables, and of no others', async () => {
    const db = database('blocks');
    const before = treeOf(db.dir);
    const { code, report } = await inspect(...db.src);
    expect(code).to.equal(0);
    const [table] = report.tables;
    expect(table!.heights).to.deep.equal({
      schema: 'blocks',
      ends: {
        oldest: { height: '1000', label: 'block 1000', segment: 0 },
        newest: { height: '1059', label: 'block 1059', segment: 6 },
        fits: true,
        problem: null,
      },
      segments: null,
    });
    const { stdout } = await run(['inspect', ...db.src]);
    expect(stdout)
      .to.contain('1,000 to 1,059')
      .and.to.match(/bytes +█+▓+█/);
    expect((await inspect(...database('single-root').src)).report.tables[0]!.heights).to.equal(null);
    expectUntouched(db.dir, before);
  });

  it('lists which heights begin where', async () => {
    const db = database('receipts-stragglers');
    const { report } = await inspect(...db.src, '--heights');
    const [table] = report.tables;
    const { segments } = table!.heights!;
    expect(segments!.map((s) => s.segment)).to.deep.equal(table!.segments.map((s) => s.segment));
    expect(
      segments!.some((s) => s.falls > 0 || s.belowOlder),
      'a migration',
    ).to.equal(true);
    const { stdout } = await run(['inspect', ...db.src, '--heights']);
    expect(stdout)
      .to.match(/begins with +ends with +lowest +highest/)
      .and.to.contain('out of order');
    for (const s of segments!) expect(stdout).to.contain(s.first == null ? '–' : formatCount(s.first));
  });

  it('takes schemas of one’s own, and says where there is none', async () => {
    const root = keyedTable([{ groups: [receipt(7), receipt(9)] }], { table: 'mine' });
    const none = await run(['inspect', '--src', root, '--heights']);
    expect(none.stdout).to.contain('no schema is known (--schema mine=SCHEMA)');
    const { report } = await inspect('--src', root, '--schema', 'mine=receipts', '--heights');
    expect(report.tables[0]!.heights!.segments![0]).to.include({
      first: '7',
      last: '9',
      records: 4,
      groups: 2,
    });
    const unknown = await run(['inspect', '--src', root, '--schema', 'other=receipts']);
    expect([unknown.code, unknown.stdout]).to.deep.equal([3, '']);
    expect(unknown.stderr).to.contain('ERR_TABLE_UNKNOWN').and.to.contain('mine');
  });

  it('tells of a damaged table, and all about the others', async () => {
    const root = keyedTable(
      [1, 2, 3].map((h) => ({ groups: [receipt(h)] })),
      { table: 'receipts' },
    );
    keyedTable([{ groups: [receipt(1)] }], { table: 'sound', root });
    rmSync(join(root, 'receipts', 'segments', '1.keys'));
    const { code, stderr, report } = await inspect('--src', root);
    expect(code).to.equal(4);
    expect(stderr).to.contain('ERR_FILE_MISSING');
    expect(report.tables.map((t) => t.table)).to.deep.equal(['sound']);
    expect(report.damaged.map(({ table, code }) => [table, code])).to.deep.equal([
      ['receipts', 'ERR_FILE_MISSING'],
    ]);
    const { stdout } = await run(['inspect', '--src', root]);
    expect(stdout)
      .to.match(/receipts\n +damaged +cannot be read: [\s\S]*1\.keys/)
      .and.to.contain('sound');
  });

  it('tells of rollbacks that are unfinished, and of those that can be undone', async () => {
    const root = keyedTable(
      [1, 2, 3].map((h) => ({ groups: [receipt(h)] })),
      { table: 'receipts' },
    );
    const killed = `
      import { applyPlan, planRollback } from ${JSON.stringify(new URL('../../dist/lib/index.js', import.meta.url).href)};
      const plan = await planRollback({ roots: [process.argv[2]], target: { kind: 'height', height: 1n }, allRoots: true });
      await applyPlan(plan, { onProgress: () => process.kill(process.pid, 'SIGKILL') });`;
    const script = scratchFile('killed.mjs', killed);
    const { signal } = await follow(spawn(process.execPath, [script, root], { stdio: 'pipe' })).result;
    expect(signal).to.equal('SIGKILL');
    const shut = await run(['inspect', '--src', root]);
    expect(shut.code, shut.stderr).to.equal(0);
    expect(shut.stdout)
      .to.contain('Unfinished: the database is half rolled back and locked')
      .and.to.contain('rollback to      height 1');
    expect(shut.stdout).to.contain('shut by a rollback that is not finished');
    rmSync(join(root, 'receipts', 'segments', '0.keys'));
    writeFileSync(join(root, 'receipts', 'segments', 'bad.keys'), '');
    const worse = await run(['inspect', '--src', root]);
    expect(worse.stdout).to.contain('Unfinished').and.to.contain('ERR_BAD_FILE_NAME');
    expect(worse.code, worse.stderr).to.equal(6);
  });

  it('tells of a rollback that can be undone', async () => {
    const db = database('blocks');
    await finish(['apply', ...db.src, '--height', '1024', '--yes']);
    const { code, stdout } = await run(['inspect', ...db.src]);
    expect(code).to.equal(0);
    expect(stdout).to.contain('Rolled back; can be undone').and.to.contain('held for undo');
    expect(stdout).to.contain('1,000 to 1,024');
  });

  it('reads a million records in bounded memory, with progress', async () => {
    const { roots } = makeSample({ dir: tempDir(), records: 1_000_000 });
    const schema =
      "export default { name: 'n', decode: (key, isPrimary) => ({ height: isPrimary ? 5n : null, kind: 'k', label: 'l' }) };";
    const words = [
      '--src',
      roots[0]!,
      '--schema',
      `sample=${scratchFile('n.mjs', schema)}`,
      '--heights',
      '--json',
    ];
    const inspecting = (...more: string[]) => {
      const args = ['--max-old-space-size=40', COMMAND, 'inspect', ...words, ...more];
      return follow(spawn(process.execPath, args, { stdio: 'pipe' })).result;
    };
    const { code, stdout, stderr } = await inspecting('--json');
    expect([code, stderr]).to.deep.equal([0, '']);
    const report = JSON.parse(stdout) as InspectReport;
    const [segment] = report.tables[0]!.heights!.segments!;
    expect(segment).to.include({ records: 1_000_000, groups: 500_000, falls: 0, first: '5', last: '5' });
    const shown = await inspecting('--progress', 'always');
    expect(shown.stderr).to.contain('reading sample: ');
  });
});
