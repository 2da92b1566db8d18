/** Undo, resume, purge and status on every database that the engine wrote. */
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { applyPlan } from '../../lib/apply/apply.ts';
import {
  planRollback,
  purgeUndo,
  resumeRollback,
  rollbackStatus,
  undoRollback,
  verifyDatabase,
} from '../../lib/index.ts';
import { fixtureCases } from '../helpers/fixtures.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { databaseTree, planOptions, rollBack, unpackNamed } from '../helpers/transactions.ts';
import { named, treeDifferences, treeOf } from '../helpers/tree.ts';

const OURS = { undoable: true };

describe('undo', () => {
  for (const fixture of fixtureCases().filter((c) => c.expect === 'ok')) {
    it(`puts back every byte, mode, owner and link: ${fixture.name}`, async () => {
      const unpacked = unpackNamed(fixture.name);
      for (const [i, roots] of unpacked.databases.entries()) {
        const before = databaseTree(unpacked.dir);
        const outcome = await rollBack(unpacked, i);
        if (outcome.steps === 0) continue;
        expect(outcome).to.include(OURS);
        expect((await rollbackStatus(roots)).transactions.map((t) => t.state)).to.deep.equal(['applied']);
        await undoRollback(roots, { snapshotDir: unpacked.snapshotDir });
        expect(treeDifferences(before, databaseTree(unpacked.dir))).to.deep.equal([]);
        const left = roots.flatMap((root) => named(treeOf(root), /^(litt\.lock|UNFINISHED.*)$/));
        expect(left).to.deep.equal([]);
      }
      removeTempDir(unpacked.dir);
    });
  }

  it('takes several rollbacks back, newest first', async () => {
    const unpacked = unpackNamed('many-roots');
    const [roots] = unpacked.databases as [readonly string[]];
    const states = [databaseTree(unpacked.dir)];
    for (let i = 0; i < 3; i++) {
      await applyPlan(await planRollback({ roots, target: { kind: 'drop-last', groups: 7 } }));
      states.push(databaseTree(unpacked.dir));
    }
    for (let i = 2; i >= 0; i--) {
      await undoRollback(roots);
      expect(treeDifferences(states[i]!, databaseTree(unpacked.dir)), `undo to ${i}`).to.deep.equal([]);
    }
    expect((await rejection(undoRollback(roots))).code).to.equal('ERR_NOTHING_TO_UNDO');
    removeTempDir(unpacked.dir);
  });

  it('never appends to a file that has gained a second link since', async () => {
    const unpacked = unpackNamed('single-root');
    const [roots] = unpacked.databases as [readonly string[]];
    const plan = await planRollback(planOptions(unpacked));
    const before = databaseTree(unpacked.dir);
    await applyPlan(plan);
    const cut = plan.tables[0]?.steps.find((s) => s.op === 'cut-file');
    const path = join(roots[0]!, cut!.file.path);
    const backup = join(unpacked.dir, 'canary', 'backup');
    linkSync(path, backup);
    const bytes = readFileSync(backup);
    await undoRollback(roots);
    expect(readFileSync(backup).equals(bytes), 'the backup is as it was').to.equal(true);
    expect(statSync(backup).nlink).to.equal(1);
    const after = [...databaseTree(unpacked.dir)].filter(([p]) => !p.startsWith('canary'));
    const was = [...before].filter(([p]) => !p.startsWith('canary'));
    const ignoreIno = (list: typeof was) => new Map(list.map(([p, { ino: _ino, ...e }]) => [p, e]));
    expect(treeDifferences(ignoreIno(was), ignoreIno(after))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });

  it('clears away what an idle start of the engine leaves', async () => {
    const unpacked = unpackNamed('single-root');
    const [roots] = unpacked.databases as [readonly string[]];
    const before = databaseTree(unpacked.dir);
    await rollBack(unpacked);
    idleStart(join(roots[0]!, '0'), 4);
    await undoRollback(roots);
    expect(treeDifferences(before, databaseTree(unpacked.dir))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });

  it('refuses new records, collected segments and a moved watermark, and changes nothing', async () => {
    const damages: ((table: string) => void)[] = [
      (table) => appendFileSync(join(idleStart(table, 4), '4.keys'), Buffer.alloc(16)),
      (table) => renameSync(join(table, 'segments', '0.keys'), join(dirname(dirname(table)), '0.keys.gone')),
      (table) => writeFileSync(join(table, 'gc-watermark'), '1\n'),
      (table) => appendFileSync(join(table, 'segments', '1-0.values'), 'x'),
    ];
    for (const damage of damages) {
      const unpacked = unpackNamed('single-root');
      const [roots] = unpacked.databases as [readonly string[]];
      await rollBack(unpacked);
      damage(join(roots[0]!, '0'));
      const before = treeOf(unpacked.dir);
      const error = await rejection(undoRollback(roots));
      expect(error.code).to.equal('ERR_UNDO_REFUSED');
      expect(treeDifferences(before, treeOf(unpacked.dir))).to.deep.equal([]);
      removeTempDir(unpacked.dir);
    }
  });

  it('needs every root of the rollback', async () => {
    const unpacked = unpackNamed('many-roots');
    const [roots] = unpacked.databases as [readonly string[]];
    await rollBack(unpacked);
    const before = treeOf(unpacked.dir);
    for (const root of roots) {
      const given = roots.filter((r) => r !== root);
      expect((await rejection(undoRollback(given))).code).to.equal('ERR_ROOTS_UNCERTAIN');
    }
    expect(treeDifferences(before, treeOf(unpacked.dir))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });

  it('wants to be told where the snapshot directory is, and refuses a wrong one', async () => {
    const unpacked = unpackNamed('snapshots');
    const [roots] = unpacked.databases as [readonly string[]];
    await rollBack(unpacked);
    expect((await rejection(undoRollback(roots))).code).to.equal('ERR_SNAPSHOT_DIR_NEEDED');
    const other = join(unpacked.dir, 'canary');
    expect((await rejection(undoRollback(roots, { snapshotDir: other }))).code).to.equal(
      'ERR_SNAPSHOT_DIR_WRONG',
    );
    removeTempDir(unpacked.dir);
  });
});

/** What a start and a clean end of the engine add; returns the segments directory. */
function idleStart(table: string, index: number): string {
  const segments = join(table, 'segments');
  const metadata = Buffer.from('00000004031849400d83cab200000000000100', 'hex');
  writeFileSync(join(segments, `${index}.metadata`), metadata);
  writeFileSync(join(segments, `${index}.keys`), '');
  for (const shard of [0, 1, 2]) writeFileSync(join(segments, `${index}-${shard}.values`), '');
  mkdirSync(join(table, 'keymap', 'data'), { recursive: true });
  writeFileSync(join(table, 'keymap', 'initialized'), '');
  writeFileSync(join(table, 'keymap', 'keymap-type.txt'), 'PebbleDBKeymap');
  return segments;
}

describe('purge', () => {
  it('frees what undo keeps, and the database stays verified', async () => {
    const unpacked = unpackNamed('many-roots');
    const [roots] = unpacked.databases as [readonly string[]];
    await rollBack(unpacked);
    const after = databaseTree(unpacked.dir);
    const { purged, bytesFreed } = await purgeUndo(roots);
    expect(purged).to.have.length(1);
    expect(bytesFreed).to.be.greaterThan(0);
    expect(treeDifferences(after, databaseTree(unpacked.dir))).to.deep.equal([]);
    expect((await rollbackStatus(roots)).transactions).to.deep.equal([]);
    expect((await rejection(undoRollback(roots))).code).to.equal('ERR_NOTHING_TO_UNDO');
    expect((await verifyDatabase(roots)).ok).to.equal(true);
    removeTempDir(unpacked.dir);
  });

  it('frees a rollback with the older ones that could not be undone without it', async () => {
    const unpacked = unpackNamed('single-root');
    const [roots] = unpacked.databases as [readonly string[]];
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      const plan = await planRollback({ roots, target: { kind: 'drop-last', groups: 5 } });
      ids.push((await applyPlan(plan)).planId);
    }
    expect((await purgeUndo(roots, { id: ids[1] })).purged).to.deep.equal([ids[0], ids[1]]);
    await undoRollback(roots);
    expect((await rejection(undoRollback(roots))).code).to.equal('ERR_NOTHING_TO_UNDO');
    expect((await rejection(purgeUndo(roots, { id: ids[1] }))).code).to.equal('ERR_TRANSACTION_UNKNOWN');
    removeTempDir(unpacked.dir);
  });

  it('is not needed after an apply without undo', async () => {
    const unpacked = unpackNamed('single-root');
    const [roots] = unpacked.databases as [readonly string[]];
    const outcome = await applyPlan(await planRollback(planOptions(unpacked)), { keepUndo: false });
    expect(outcome.undoable).to.equal(false);
    const kept = [...treeOf(roots[0]!).keys()].filter((p) => p.startsWith('.litt-rollback/'));
    expect(kept.map((p) => basename(p)).sort()).to.deep.equal(['audit.jsonl', 'root-set.json']);
    removeTempDir(unpacked.dir);
  });
});

describe('resume', () => {
  it('says that nothing is unfinished, and changes nothing', async () => {
    const unpacked = unpackNamed('single-root');
    const [roots] = unpacked.databases as [readonly string[]];
    const before = treeOf(unpacked.dir);
    expect((await resumeRollback(roots)).action).to.equal('nothing');
    expect(treeDifferences(before, treeOf(unpacked.dir))).to.deep.equal([]);
    removeTempDir(unpacked.dir);
  });
});
