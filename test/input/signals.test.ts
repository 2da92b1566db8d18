/** AbortSignal and progress in the calls that change something: heard until the first change, then carried to the end. */
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import {
  type ApplyOptions,
  applyPlan,
  lockDatabase,
  type Progress,
  planRollback,
  purgeUndo,
  resumeRollback,
  rollbackLittDB,
  rollbackStatus,
  undoRollback,
} from '../../lib/index.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const table = (): string =>
  keyedTable([{ groups: [receipt(10), receipt(11)] }, { groups: [receipt(12), receipt(13)] }], {
    table: 'receipts',
  });

const upTo =
  (height: bigint) =>
  (_: string, key: Buffer): boolean =>
    key.length === 12 && key.readBigUInt64BE(0) <= height;

async function rolledBack(): Promise<string> {
  const root = table();
  await rollbackLittDB([root], upTo(12n));
  await rollbackLittDB([root], upTo(11n));
  return root;
}

async function halfRolledBack(): Promise<string> {
  const root = table();
  const plan = await planRollback({ roots: [root], target: { kind: 'height', height: 11n } });
  const dying = {
    ...realFs,
    rename: (from: string, to: string): void => {
      // A step, and no probe of the preflight.
      if (from.endsWith('.metadata') && /\/kept\/\d+\.removed$/.test(to))
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      realFs.rename(from, to);
    },
  };
  await applyWith(dying, plan, [root]).catch(() => null);
  expect((await rollbackStatus([root])).transactions[0]?.state).to.equal('unfinished');
  return root;
}

interface Options {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

const CALLS: readonly (readonly [
  name: string,
  make: () => Promise<string>,
  call: (root: string, options: Options) => Promise<unknown>,
])[] = [
  ['rollbackLittDB', async () => table(), (root, o) => rollbackLittDB([root], upTo(11n), o)],
  ['undoRollback', rolledBack, (root, o) => undoRollback([root], o)],
  ['undoRollback of an unfinished one', halfRolledBack, (root, o) => undoRollback([root], o)],
  ['resumeRollback', halfRolledBack, (root, o) => resumeRollback([root], o)],
  ['purgeUndo', rolledBack, (root, o) => purgeUndo([root], o)],
];

describe('signals and progress', () => {
  for (const [name, make, call] of CALLS) {
    it(`${name}: a signal that was given before stops it, and nothing is changed`, async () => {
      const root = await make();
      const before = treeOf(root);
      const error = await rejection(call(root, { signal: AbortSignal.abort() }));
      expect(error.code).to.equal('ERR_INTERRUPTED');
      expectUntouched(root, before);
    });

    it(`${name}: tells how far it is, and a signal that comes meanwhile does not stop it`, async () => {
      const root = await make();
      const controller = new AbortController();
      const told: Progress[] = [];
      const onProgress = (progress: Progress): void => {
        told.push(progress);
        if (progress.phase === 'apply' || progress.phase === 'purge') controller.abort();
      };
      await call(root, { signal: controller.signal, onProgress });
      expect(controller.signal.aborted).to.equal(true);
      const last = told.filter((p) => p.phase === 'apply' || p.phase === 'purge').at(-1)!;
      expect(last.done).to.equal(last.total).and.to.be.greaterThan(0);
      const { transactions, traces } = await rollbackStatus([root]);
      expect(transactions.filter((t) => t.state === 'unfinished')).to.deep.equal([]);
      expect(traces).to.deep.equal([]);
    });
  }

  it('purgeUndo tells of each rollback', async () => {
    const root = await rolledBack();
    const told: Progress[] = [];
    const { purged } = await purgeUndo([root], { onProgress: (p) => told.push(p) });
    expect(purged).to.have.length(2);
    expect(told.map((p) => [p.phase, p.done, p.total, p.unit])).to.deep.equal([
      ['purge', 1, 2, 'rollbacks'],
      ['purge', 2, 2, 'rollbacks'],
    ]);
  });

  it('purgeUndo goes on when onProgress throws', async () => {
    const root = await rolledBack();
    const onProgress = (): never => {
      throw new Error('no bar');
    };
    const { purged, notices } = await purgeUndo([root], { onProgress });
    expect(purged).to.have.length(2);
    expect(notices.join()).to.contain('The callback onProgress threw: Error: no bar');
  });
});

describe('rollbackLittDB takes the options of applyPlan', () => {
  it('keepUndo, and locks that the caller holds', async () => {
    const root = table();
    const locks = await lockDatabase([root]);
    const options: ApplyOptions = { keepUndo: false, locks };
    const outcome = await rollbackLittDB([root], upTo(11n), options);
    expect(outcome.undoable).to.equal(false);
    locks.release();
    expect((await rollbackStatus([root])).transactions).to.deep.equal([]);
  });

  it('onStart, right before the first change', async () => {
    const root = table();
    const before = treeOf(root);
    let starts = 0;
    const onStart = (): void => {
      starts++;
      const now = [...treeOf(root).keys()].filter((path) => !path.endsWith('litt.lock'));
      expect(now).to.deep.equal([...before.keys()]);
    };
    await applyPlan(await planRollback({ roots: [root], target: { kind: 'drop-last', groups: 0 } }), {
      onStart,
    });
    expect(starts, 'where nothing is to be done').to.equal(0);
    await rollbackLittDB([root], upTo(11n), { onStart });
    expect(starts).to.equal(1);
  });
});
