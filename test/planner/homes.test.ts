/** The databases of one node, rolled back as one transaction. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import {
  applyPlan,
  findHome,
  type NodeHome,
  openDatabase,
  planRollback,
  purgeUndo,
  resumeRollback,
  rollbackStatus,
  rootsOfHome,
  undoRollback,
} from '../../lib/index.ts';
import { parsePlan } from '../../lib/plan/schema.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { tempDir } from '../helpers/temp.ts';
import { databaseTree, unpackNamed } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';
import { FaultyFs } from '../proof/simulator/faulty-fs.ts';

const HEIGHT = { kind: 'height', height: 1031n } as const;

function nodeHome(): { dir: string; home: NodeHome } {
  const { dir, databases } = unpackNamed('node-home');
  const home = findHome(join(dir, 'db', 'home'));
  expect(rootsOfHome(home)).to.deep.equal(databases.flat());
  return { dir, home };
}

const optionsFor = (home: NodeHome) => ({ roots: rootsOfHome(home), home, target: HEIGHT });

async function newestHeights(home: NodeHome): Promise<string[]> {
  const plan = await planRollback({ ...optionsFor(home), target: { kind: 'height', height: 9999n } });
  return plan.tables.map((t) => `${t.table} ${t.heights?.lastKept}`);
}

describe('rollback of a node: several databases', () => {
  it('plans all of them, changes all of them, and takes all of them back', async () => {
    const { dir, home } = nodeHome();
    const before = databaseTree(dir);
    const plan = await planRollback(optionsFor(home));
    expect(plan.databases).to.deep.equal([
      { name: 'block store', roots: [0] },
      { name: 'receipt store', roots: [1] },
    ]);
    expect(plan.notices.join()).to.contain('log-index');
    expect(plan.tables.flatMap((t) => t.notices).join(), 'roots of the other database').to.not.contain(
      'no directory',
    );
    const outcome = await applyPlan(parsePlan(JSON.parse(JSON.stringify(plan))));
    expect(outcome.notices.join()).to.contain('log-index');
    expect(await newestHeights(home)).to.deep.equal(['blocks 1031', 'receipts 1031']);
    await undoRollback(rootsOfHome(home));
    expect(treeDifferences(before, databaseTree(dir))).to.deep.equal([]);
  });

  it('goes on or back as one when it was interrupted between the two', async () => {
    for (const way of ['resume', 'undo'] as const) {
      const { dir, home } = nodeHome();
      const plan = await planRollback(optionsFor(home));
      const stops = new FaultyFs(realFs, {});
      const roots = [...plan.roots];
      // The process of then may be another one's number now.
      for (const root of roots) rmSync(join(root, 'litt.lock'), { force: true });
      const before = databaseTree(dir);
      // The first step in the second database is where the run dies.
      const dying = new Proxy(stops, {
        get: (target, name, receiver) => {
          const value: unknown = Reflect.get(target, name, receiver);
          if (name !== 'rename') return typeof value === 'function' ? value.bind(target) : value;
          return (from: string, to: string): void => {
            // A step, and no probe of the preflight.
            if (from.startsWith(join(roots[1]!, 'receipts')) && /\/kept\/\d+\.removed$/.test(to))
              throw Object.assign(new Error('cut'), { code: 'EIO' });
            target.rename(from, to);
          };
        },
      });
      const failed = await rejection(applyWith(dying, plan, roots));
      expect(failed.code).to.equal('ERR_IO');
      const [one, other] = roots as [string, string];
      const alone = await rejection(way === 'resume' ? resumeRollback([one]) : undoRollback([one]));
      expect(alone.code).to.equal('ERR_ROOTS_UNCERTAIN');
      expect(alone.message).to.contain(other);
      if (way === 'resume') {
        const { notices } = await resumeRollback(rootsOfHome(home));
        expect(notices.join(), 'what a person must do besides').to.contain('log-index');
      } else await undoRollback(rootsOfHome(home));
      if (way === 'undo') expect(treeDifferences(before, databaseTree(dir))).to.deep.equal([]);
      else expect(await newestHeights(home)).to.deep.equal(['blocks 1031', 'receipts 1031']);
      expect((await rollbackStatus(roots)).traces).to.deep.equal([]);
    }
  });

  it('is not freed for one of them alone', async () => {
    const { dir, home } = nodeHome();
    await applyPlan(await planRollback(optionsFor(home)));
    const [blocks, receipts] = rootsOfHome(home) as [string, string];
    const applied = databaseTree(dir);
    const refused = await rejection(purgeUndo([blocks]));
    expect(refused.code).to.equal('ERR_ROOTS_UNCERTAIN');
    expect(refused.message).to.contain(receipts);
    expect(treeDifferences(applied, databaseTree(dir))).to.deep.equal([]);
    expect((await rollbackStatus([blocks, receipts])).transactions.map((t) => t.state)).to.deep.equal([
      'applied',
    ]);
    expect((await purgeUndo([blocks, receipts])).purged).to.have.length(1);
  });

  it('remembers the roots of each database by themselves', async () => {
    const { home } = nodeHome();
    await applyPlan(await planRollback(optionsFor(home)));
    const memory = (root: string): { id: string; roots: number } =>
      JSON.parse(readFileSync(join(root, '.litt-rollback', 'root-set.json'), 'utf8'));
    const [blocks, receipts] = rootsOfHome(home) as [string, string];
    expect([memory(blocks).roots, memory(receipts).roots]).to.deep.equal([1, 1]);
    expect(memory(blocks).id).to.not.equal(memory(receipts).id);
    const alone = await planRollback({ roots: [blocks], target: { kind: 'height', height: 1020n } });
    expect(alone.tables.map((t) => t.outcome)).to.deep.equal(['cut']);
  });

  it('leaves a database alone that has no wanted table', async () => {
    const { home } = nodeHome();
    const [, receipts] = rootsOfHome(home) as [string, string];
    const plan = await planRollback({ ...optionsFor(home), tables: ['blocks'] });
    expect(plan.roots).to.deep.equal([rootsOfHome(home)[0]]);
    expect(plan.databases).to.deep.equal([{ name: 'block store', roots: [0] }]);
    expect(plan.tablesOutside).to.deep.equal(['receipts']);
    expect(plan.notices.join(), 'the receipts stay, and so does their index').to.not.contain('log-index');
    await applyPlan(plan);
    expect(existsSync(join(receipts, '.litt-rollback'))).to.equal(false);
    const unknown = await rejection(planRollback({ ...optionsFor(home), tables: ['nothing'] }));
    expect(unknown.code).to.equal('ERR_TABLE_UNKNOWN');
    expect(unknown.why).to.contain('blocks, receipts');
  });

  it('refuses a table that two of them have', async () => {
    const dir = tempDir('litt-home-');
    const root = keyedTable([{ groups: [receipt(1)] }], { table: 'receipts' });
    for (const place of ['data/ledger/block', 'data/receipt.db/littdb']) {
      mkdirSync(join(dir, place), { recursive: true });
      cpSync(root, join(dir, place), { recursive: true });
    }
    const home = findHome(dir);
    const error = await rejection(planRollback(optionsFor(home)));
    expect(error.code).to.equal('ERR_TABLE_TWICE');
    expect(error.next).to.contain('--src');
    const alone = await openDatabase([rootsOfHome(home)[0]!]);
    expect(alone.tables.map((t) => t.name)).to.deep.equal(['receipts']);
  });

  it('refuses a plan whose roots and databases disagree', async () => {
    const { home } = nodeHome();
    const plan = await planRollback(optionsFor(home));
    for (const databases of [[], [{ name: null, roots: [0] }], [{ name: null, roots: [0, 1, 1] }]])
      expect(() => parsePlan({ ...plan, databases })).to.throw();
  });
});
