/** What undo and resume want of a log-index before they change it. */
import { execFileSync } from 'node:child_process';
import { cpSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import {
  applyPlan,
  planRollback,
  type RollbackPlan,
  resumeRollback,
  rollbackStatus,
  undoRollback,
} from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { LogIndexCopy, logIndexCase, unpackLogIndex } from '../helpers/log-index.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';
import { FaultyFs } from '../proof/simulator/faulty-fs.ts';

/** The hook of mocha: `after` is a tree here. */
const afterAll = globalThis.after;

describe('undo of a rollback that changed a log-index', () => {
  let unpacked: string;
  before(() => {
    unpacked = unpackLogIndex(logIndexCase('logidx-pruned'));
  });
  afterAll(() => removeTempDir(unpacked));

  async function applied(): Promise<LogIndexCopy> {
    const copy = new LogIndexCopy('logidx-pruned', unpacked);
    await applyPlan(await copy.plan());
    return copy;
  }

  const changes: readonly [string, (dir: string) => void][] = [
    ['the node was started: a new file', (dir) => writeFileSync(join(dir, 'OPTIONS-000041'), 'x')],
    ['a file is gone', (dir) => rmSync(join(dir, 'MANIFEST-000031'))],
    ['a file has another size', (dir) => writeFileSync(join(dir, '000037.log'), 'x')],
    ['our log has another content', (dir) => writeFileSync(join(dir, '000040.log'), Buffer.alloc(66))],
  ];
  for (const [what, change] of changes) {
    it(`is refused, and says so beforehand: ${what}`, async () => {
      const copy = await applied();
      change(copy.logIndex);
      const tree = treeOf(copy.dir);
      const { undo } = (await rollbackStatus(copy.roots)).transactions[0]!;
      expect([undo.possible, undo.code]).to.deep.equal(['refused', 'ERR_UNDO_REFUSED']);
      const error = await rejection(undoRollback(copy.roots));
      expect(error.code).to.equal('ERR_UNDO_REFUSED');
      expect(error.what).to.contain('log-index');
      expect(treeDifferences(tree, treeOf(copy.dir))).to.deep.equal([]);
      removeTempDir(copy.dir);
    });
  }

  it('does not care for the lock of Pebble', async () => {
    const copy = await applied();
    writeFileSync(join(copy.logIndex, 'LOCK'), 'touched');
    await undoRollback(copy.roots);
    writeFileSync(join(copy.logIndex, 'LOCK'), '');
    expect(treeDifferences(copy.data, databaseTree(copy.dir))).to.deep.equal([]);
    removeTempDir(copy.dir);
  });
});

describe('a log-index that does not lie beside its root', () => {
  let unpacked: string;
  before(() => {
    unpacked = unpackLogIndex(logIndexCase('logidx-killed'));
  });
  afterAll(() => removeTempDir(unpacked));

  function elsewhere(): { copy: LogIndexCopy; logIndex: string } {
    const copy = new LogIndexCopy('logidx-killed', unpacked);
    const logIndex = join(copy.dir, 'elsewhere');
    renameSync(copy.logIndex, logIndex);
    return { copy, logIndex };
  }

  it('has to be named again: the path in a journal is not trusted', async () => {
    const { copy, logIndex } = elsewhere();
    const before = databaseTree(copy.dir);
    const plan = await copy.plan({ logIndex });
    expect(plan.logIndex).to.include({ dir: logIndex, beside: false });
    await applyPlan(plan);
    const { undo } = (await rollbackStatus(copy.roots)).transactions[0]!;
    expect([undo.possible, undo.code]).to.deep.equal(['incomplete-source', 'ERR_LOG_INDEX_NEEDED']);
    expect((await rejection(undoRollback(copy.roots))).code).to.equal('ERR_LOG_INDEX_NEEDED');
    const missing = await rejection(undoRollback(copy.roots, { logIndex: join(copy.dir, 'nowhere') }));
    expect(missing.code).to.equal('ERR_LOG_INDEX_NEEDED');
    expect((await rollbackStatus(copy.roots, { logIndex })).transactions[0]!.undo.possible).to.equal('now');
    await undoRollback(copy.roots, { logIndex });
    expect(treeDifferences(before, databaseTree(copy.dir))).to.deep.equal([]);
    removeTempDir(copy.dir);
  });

  it('is not mistaken for another one when an unfinished rollback goes on', async () => {
    const { copy, logIndex } = elsewhere();
    const other = join(copy.dir, 'other');
    cpSync(logIndex, other, { recursive: true });
    writeFileSync(join(other, 'OPTIONS-000009'), 'of another store');
    const plan = await copy.plan({ logIndex });
    const fs = new FaultyFs(realFs, { crashAt: await callsUntilSteps(plan, copy.roots) });
    await applyWith(fs, plan, copy.roots).catch(() => {});
    const tree = treeOf(other);
    for (const again of [resumeRollback, undoRollback]) {
      const error = await rejection(again(copy.roots, { logIndex: other }));
      expect([error.code, error.place.path]).to.deep.equal([
        'ERR_LOG_INDEX_NEEDED',
        join(other, 'OPTIONS-000009'),
      ]);
    }
    expect(treeDifferences(tree, treeOf(other))).to.deep.equal([]);
    await resumeRollback(copy.roots, { logIndex });
    removeTempDir(copy.dir);
  });

  async function callsUntilSteps(plan: RollbackPlan, roots: readonly string[]): Promise<number> {
    const scratch = tempDir('litt-log-index-');
    const top = join(roots[0]!, '../../../../../../..');
    execFileSync('cp', ['-a', `${top}/.`, scratch]);
    const moved = (path: string): string => path.replace(top, scratch);
    const target = { kind: 'height', height: 50n } as const;
    const ours = await planRollback({
      roots: roots.map(moved),
      target,
      logIndex: moved(plan.logIndex?.dir as string),
    });
    const fs = new FaultyFs(realFs, {});
    await applyWith(fs, ours, ours.roots);
    removeTempDir(scratch);
    const committed = fs.ops.map(
      (op) => op.name === 'rename' && op.paths[1]?.endsWith('/committed') === true,
    );
    return committed.lastIndexOf(true) + 8;
  }

  it('is not followed where a link has taken its place', async () => {
    const copy = new LogIndexCopy('logidx-killed', unpacked);
    const plan = await copy.plan();
    renameSync(copy.logIndex, join(copy.dir, 'moved'));
    symlinkSync(join(copy.dir, 'moved'), copy.logIndex);
    const tree = treeOf(copy.dir);
    expect((await rejection(applyPlan(plan))).code).to.equal('ERR_PLAN_STALE');
    expect(treeDifferences(tree, treeOf(copy.dir))).to.deep.equal([]);
    removeTempDir(copy.dir);
  });
});
