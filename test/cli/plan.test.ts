import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { RollbackPlan } from '../../lib/types.ts';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { database, finish, lastJson, type Result, scratchFile, targetKey } from './process.ts';

const MANY = database.bind(null, 'many-roots');

async function expecting(code: number, args: readonly string[], text = ''): Promise<Result> {
  const result = await finish(args);
  expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).to.equal(code);
  expect(result.stdout + result.stderr).to.contain(text);
  return result;
}

async function planOf(args: readonly string[]): Promise<RollbackPlan> {
  const { stdout } = await expecting(0, ['plan', '--json', ...args]);
  const document = JSON.parse(stdout) as { message_type: string; version: number; plan: RollbackPlan };
  expect(document).to.include({ message_type: 'plan', version: 1 });
  return document.plan;
}

describe('cli: plan', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('shows what stays and what goes, and how to apply it, and changes nothing', async () => {
    const db = database('blocks');
    const before = treeOf(db.dir);
    const { stdout, stderr } = await expecting(0, ['plan', ...db.src, '--key', targetKey(db, 'blocks')]);
    expect(stderr).to.equal('');
    for (const word of [
      'dry run, nothing was changed',
      'last kept',
      'first removed',
      'kept',
      'removed',
      'keymap',
      'Apply it',
    ]) {
      expect(stdout).to.contain(word);
    }
    expectUntouched(db.dir, before);
  });

  it('gives one JSON document', async () => {
    const db = database('blocks');
    const plan = await planOf([...db.src, '--key', targetKey(db, 'blocks')]);
    expect(plan.format).to.equal('litt-rollback/plan');
    expect(plan.tables.map((t) => t.table)).to.deep.equal(['blocks']);
    expect(plan.tables[0]!.outcome).to.equal('cut');
  });

  it('finds the same place by key, list, filter and number of groups', async () => {
    const db = database('single-root');
    const hex = targetKey(db, '0');
    const byKey = (await planOf([...db.src, '--key', hex])).tables[0]!;
    const list = scratchFile('keys.json', JSON.stringify({ 0: ['00ff', hex] }));
    const module = `export default (table, key, isPrimary) => table === '0' && key.toString('hex') === '${hex}';`;
    const byList = (await planOf([...db.src, '--keys-file', list])).tables[0]!;
    const byFilter = (await planOf([...db.src, '--filter', scratchFile('filter.mjs', module)])).tables[0]!;
    for (const other of [byList, byFilter]) {
      expect(other).to.deep.include({ pivot: byKey.pivot, lastKept: byKey.lastKept, kept: byKey.kept });
    }
    const none = (await planOf([...db.src, '--drop-last', '0'])).tables[0]!;
    const one = (await planOf([...db.src, '--drop-last', '1'])).tables[0]!;
    expect(none.removed.records).to.equal(0);
    expect(one.removed.records).to.be.greaterThan(0);
    expect(one.kept.records + one.removed.records).to.equal(none.kept.records);
  });

  it('takes a filter module by a relative path', async () => {
    const db = database('single-root');
    const dir = tempDir();
    writeFileSync(join(dir, 'keep all.mjs'), 'export default () => true;');
    const { code, stdout } = await finish(['plan', ...db.src, '--filter', 'keep all.mjs'], { cwd: dir });
    expect(code).to.equal(0);
    expect(stdout).to.contain('keep all.mjs');
  });

  it('names table, segment and record when the filter throws', async () => {
    const db = database('single-root');
    const filter = scratchFile('filter.mjs', 'export default () => { throw new Error("no idea"); };');
    const { stderr } = await expecting(3, ['plan', '--json', ...db.src, '--filter', filter], 'no idea');
    const { place, code } = lastJson(stderr) as unknown as { place: Record<string, unknown>; code: string };
    expect(code).to.equal('ERR_FILTER_FAILED');
    expect(place).to.include.keys('table', 'segment', 'record');
  });

  it('limits itself to the tables that were named, each once', async () => {
    const db = MANY();
    const plan = await planOf([...db.src, '--drop-last', '1', '--table', 'blobs', '--table', 'blobs']);
    expect(plan.tables.map((t) => t.table)).to.deep.equal(['blobs']);
    expect(plan.tablesOutside).to.deep.equal(['Chunks', 'receipts-x']);
    await expecting(3, ['plan', ...db.src, '--drop-last', '1', '--table', 'blob'], 'ERR_TABLE_UNKNOWN');
  });

  it('refuses a table in which nothing matches, unless told what to do with it', async () => {
    const db = MANY();
    const target = [...db.src, '--key', targetKey(db, 'blobs')];
    await expecting(3, ['plan', ...target], 'ERR_NO_MATCH');
    await expecting(3, ['plan', ...target, '--on-no-match', 'refuse'], '--on-no-match');
    const kept = await planOf([...target, '--on-no-match', 'keep']);
    expect(kept.tables.map((t) => t.outcome)).to.deep.equal(['keep', 'cut', 'keep']);
    const deleted = await planOf([...target, '--on-no-match', 'delete']);
    expect(deleted.tables.map((t) => t.outcome)).to.deep.equal(['delete', 'cut', 'delete']);
  });

  it('refuses orphans that may hold data, unless told to drop them', async () => {
    const db = database('interrupted-delete');
    const target = [...db.src, '--key', targetKey(db, '0')];
    await expecting(3, ['plan', ...target], '--drop-orphans');
    await expecting(0, ['plan', ...target, '--drop-orphans']);
  });

  it('refuses a thin set of roots, unless told that these are all', async () => {
    const db = MANY();
    const target = ['--drop-last', '1', '--on-no-match', 'keep'];
    await expecting(3, ['plan', '--src', db.roots[1]!, ...target]);
    // All roots, but nothing that marks one of them as the first: the keymaps are gone.
    const bare = database('many-roots');
    const { rmSync, readdirSync } = await import('node:fs');
    for (const root of bare.roots) {
      for (const table of readdirSync(root))
        rmSync(join(root, table, 'keymap'), { recursive: true, force: true });
    }
    await expecting(3, ['plan', ...bare.src, '--drop-last', '1'], '--all-roots');
    await expecting(0, ['plan', ...bare.src, '--drop-last', '1', '--all-roots']);
  });

  it('checks what is kept, as much as was asked for', async () => {
    const db = database('short-value-file');
    const target = [...db.src, '--key', targetKey(db, '0')];
    const { stderr } = await expecting(4, ['plan', '--json', ...target], 'ERR_ADDRESS');
    expect(lastJson(stderr).place).to.include.keys('path', 'segment', 'table');
    await expecting(0, ['plan', ...target, '--accept-damage']);
    const lost = database('single-root');
    const segments = join(lost.roots[0]!, '0', 'segments');
    const lowest = (await planOf([...lost.src, '--drop-last', '0'])).tables[0]!.segments[0]!.segment;
    const metadata = readFileSync(join(segments, `${lowest}.metadata`));
    metadata.writeUInt32BE(metadata.readUInt32BE(13) + 1, 13);
    writeFileSync(join(segments, `${lowest}.metadata`), metadata);
    await expecting(4, ['plan', ...lost.src, '--drop-last', '0'], 'ERR_KEY_COUNT');
    await expecting(0, ['plan', ...lost.src, '--drop-last', '0', '--check', 'pivot']);
    await expecting(0, ['plan', ...lost.src, '--drop-last', '0', '--accept-damage']);
  });

  it('asks for the snapshot directory', async () => {
    const db = database('snapshots');
    const keys = scratchFile('keys.json', JSON.stringify(db.fixture.target.firstMatch));
    const target = [...db.src, '--keys-file', keys, '--on-no-match', 'keep'];
    await expecting(3, ['plan', ...target], '--snapshot-dir');
    await expecting(0, ['plan', ...target, '--snapshot-dir', 'none']);
    const { stdout } = await expecting(0, ['plan', ...target, '--snapshot-dir', db.snapshotDir!]);
    expect(stdout).to.contain('pushed elsewhere');
  });

  it('refuses to remove more than was allowed', async () => {
    const db = database('single-root');
    const target = [...db.src, '--drop-last', '1'];
    const { removed, kept } = (await planOf(target)).tables[0]!;
    await expecting(3, ['plan', ...target, '--max-remove', `${removed.records - 1}`], 'ERR_MAX_REMOVE');
    await expecting(0, ['plan', ...target, '--max-remove', `${removed.records}`]);
    await expecting(3, ['plan', ...target, '--max-remove', '0%'], 'ERR_MAX_REMOVE');
    await expecting(0, [
      'plan',
      ...target,
      '--max-remove',
      `${Math.ceil((100 * removed.records) / kept.records)}%`,
    ]);
  });

  it('tells through its exit code whether anything would change', async () => {
    const db = database('single-root');
    await expecting(10, ['plan', ...db.src, '--drop-last', '1', '--detailed-exitcode']);
    await expecting(0, ['plan', ...db.src, '--drop-last', '0', '--detailed-exitcode'], 'Nothing to do');
    await expecting(10, ['plan', ...db.src, '--drop-last', '1', '--detailed-exitcode', '--json']);
  });

  it('saves the plan, and says how to apply that', async () => {
    const db = database('single-root');
    const file = join(tempDir(), 'my plan.json');
    const { stdout } = await expecting(0, ['plan', ...db.src, '--drop-last', '1', '--out', file]);
    expect(stdout).to.contain(`litt-rollback apply '${file}'`);
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.include({ format: 'litt-rollback/plan', version: 1 });
    await expecting(
      2,
      ['plan', ...db.src, '--drop-last', '1', '--out', '/no/such/dir/plan.json'],
      'does not exist',
    );
  });

  it('says nothing of applying when nothing was locked', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    const { stdout } = await expecting(0, ['plan', ...db.src, '--drop-last', '1', '--no-lock']);
    expect(stdout).to.contain('without locks').and.not.to.contain('Apply it');
    expectUntouched(db.dir, before);
    expect(existsSync(join(db.roots[0]!, 'litt.lock'))).to.equal(false);
  });

  it('lists every step with --verbose', async () => {
    const db = database('single-root');
    const { stdout } = await expecting(0, ['plan', ...db.src, '--drop-last', '1', '--verbose']);
    expect(stdout).to.contain(join(db.roots[0]!, '0/keymap'));
  });

  it('uses colours when told to', async () => {
    const db = database('single-root');
    const args = ['plan', ...db.src, '--drop-last', '1'];
    const { stdout } = await expecting(0, [...args, '--color', 'always']);
    expect(stdout).to.contain('\u001b[');
    for (const color of ['auto', 'never']) {
      expect((await expecting(0, [...args, '--color', color])).stdout).not.to.contain('\u001b[');
    }
  });

  it('reports progress on standard error when told to', async () => {
    const db = database('single-root');
    const args = ['plan', ...db.src, '--drop-last', '1'];
    expect((await finish([...args, '--progress', 'always'])).stderr).to.match(/^(reading|checking) 0: /m);
    for (const quiet of [['--progress', 'never'], ['--progress', 'always', '--quiet'], []]) {
      expect((await finish([...args, ...quiet])).stderr).to.equal('');
    }
  });
});
