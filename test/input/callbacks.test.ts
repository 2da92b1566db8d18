/** Callbacks of the caller that throw or reject: blamed on the callback, and never the end of a transaction. */
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import {
  applyPlan,
  openDatabase,
  type PlanOptions,
  type Progress,
  planRollback,
  type RollbackError,
  resumeRollback,
  rollbackStatus,
  undoRollback,
  verifyDatabase,
} from '../../lib/index.ts';
import { Callbacks, wordsOf } from '../../lib/input/callbacks.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { keyedTable, receipt } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const table = (): string =>
  keyedTable([{ groups: [receipt(10), receipt(11)] }, { groups: [receipt(12), receipt(13)] }], {
    table: 'receipts',
  });

const optionsOf = (root: string, more: Partial<PlanOptions> = {}): PlanOptions => ({
  roots: [root],
  target: { kind: 'height', height: 11n },
  ...more,
});

const cause = new TypeError('cannot read properties of undefined');
const thrower = (): never => {
  throw cause;
};
/** Not awaited: its rejection must not end the process, which mocha would tell. */
const rejecter = async (): Promise<never> => {
  throw cause;
};

function expectBlamed(error: RollbackError, name: string): void {
  expect(error.code).to.equal('ERR_CALLBACK_FAILED');
  expect(error.what).to.contain(`The callback ${name} `).and.to.contain(cause.message);
  expect(error.why).to.equal('Nothing was changed');
  expect(error.cause).to.equal(cause);
}

describe('input/callbacks: before anything is changed', () => {
  for (const [how, callback] of [
    ['throws', thrower],
    ['rejects', rejecter],
  ] as const) {
    it(`onProgress that ${how} ends a plan, and the locks are given back`, async () => {
      const root = table();
      const before = treeOf(root);
      const planned = planRollback(optionsOf(root, { onProgress: callback }));
      expectBlamed(await rejection(planned), 'onProgress');
      expectUntouched(root, before);
    });

    it(`onProgress that ${how} ends a verification`, async () => {
      const verified = verifyDatabase([table()], { onProgress: callback });
      expectBlamed(await rejection(verified), 'onProgress');
    });

    it(`onStart that ${how} ends an apply before its first change`, async () => {
      const root = table();
      const plan = await planRollback(optionsOf(root));
      const before = treeOf(root);
      expectBlamed(await rejection(applyPlan(plan, { onStart: callback })), 'onStart');
      expectUntouched(root, before);
      expect((await rollbackStatus([root])).transactions).to.deep.equal([]);
      expect((await applyPlan(plan)).undoable).to.equal(true);
    });

    it(`onMisfits that ${how} ends the reading of records`, async () => {
      const root = keyedTable([{ groups: [receipt(10), [Buffer.from('odd')]] }], { table: 'receipts' });
      const database = await openDatabase([root]);
      const read = async (): Promise<void> => {
        for await (const _ of database.records('receipts', { toHeight: 11n, onMisfits: callback }));
      };
      expectBlamed(await rejection(read()), 'onMisfits');
    });
  }

  it('an async onStart is waited for, and a signal that comes meanwhile is heard', async () => {
    const root = table();
    const plan = await planRollback(optionsOf(root));
    const before = treeOf(root);
    const controller = new AbortController();
    const onStart = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      expectUntouchedButLocks(root, before);
      controller.abort();
    };
    const error = await rejection(applyPlan(plan, { onStart, signal: controller.signal }));
    expect(error.code).to.equal('ERR_INTERRUPTED');
    expectUntouched(root, before);
  });
});

function expectUntouchedButLocks(root: string, before: ReturnType<typeof treeOf>): void {
  const now = [...treeOf(root).keys()].filter((path) => !path.endsWith('litt.lock'));
  expect(now).to.deep.equal([...before.keys()]);
}

describe('input/callbacks: once something is changed', () => {
  for (const [how, callback] of [
    ['throws', thrower],
    ['rejects', rejecter],
  ] as const) {
    it(`onProgress that ${how} does not stop an apply: the outcome tells of it, once`, async () => {
      const root = table();
      const plan = await planRollback(optionsOf(root));
      let calls = 0;
      const onProgress = (): unknown => {
        calls++;
        return callback();
      };
      const outcome = await applyPlan(plan, { onProgress });
      expect(outcome.done).to.equal(outcome.steps).and.to.be.greaterThan(2);
      if (how === 'throws') expect(calls, 'it is not called again').to.equal(1);
      const [notice, ...more] = outcome.notices;
      expect(more).to.deep.equal([]);
      expect(notice).to.contain('The callback onProgress').and.to.contain(cause.message);
      expect(notice).to.contain('carried out all the same');
      expect((await planRollback(optionsOf(root))).tables[0]?.outcome).to.equal('nothing');
      const undone = await undoRollback([root], { onProgress });
      expect(undone.notices.join()).to.contain('The callback onProgress');
      expect((await verifyDatabase([root])).tables[0]?.records).to.equal(8);
    });
  }

  it('nor a resume', async () => {
    const root = table();
    const plan = await planRollback(optionsOf(root));
    await applyWith(dyingFs(), plan, [root]).catch(() => null);
    expect((await rollbackStatus([root])).transactions[0]?.state).to.equal('unfinished');
    const { action, notices } = await resumeRollback([root], { onProgress: thrower });
    expect(action).to.equal('finished');
    expect(notices.join()).to.contain('The callback onProgress threw');
  });

  it('is told beside the error of a run that fails by itself, which stays the one that is told', async () => {
    const root = table();
    const plan = await planRollback(optionsOf(root));
    const error = await rejection(applyWith(dyingFs(), plan, [root], { onProgress: thrower }));
    expect(error.code).to.be.oneOf(['ERR_IO', 'ERR_UNFINISHED']);
    expect(error.why).to.contain('Besides, the callback onProgress threw');
    expect(error.why).not.to.contain('Nothing was changed');
  });
});

/** Where a step moves what it removes; the preflight's probes go elsewhere. */
const isUndoCopy = (path: string): boolean => /\/kept\/\d+\.removed$/.test(path);

/** A file system that fails with the first rename of a metadata file: a segment has lost its keys and values by then. */
function dyingFs(): DurableFs {
  return {
    ...realFs,
    rename: (from, to) => {
      if (from.endsWith('.metadata') && isUndoCopy(to))
        throw Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO' });
      realFs.rename(from, to);
    },
  };
}

describe('input/callbacks: the guard', () => {
  it('takes whatever is thrown, also what has no words', async () => {
    for (const thrown of [undefined, null, 7, 'text', Symbol('s'), Object.create(null)]) {
      const callbacks = new Callbacks();
      const guarded = callbacks.guard('onProgress', () => {
        throw thrown;
      });
      expect(() => guarded!(), wordsOf(thrown)).to.throw('The callback onProgress threw');
      const failure = await callbacks.ended();
      expect([failure?.code, failure?.cause]).to.deep.equal(['ERR_CALLBACK_FAILED', thrown]);
    }
  });

  it('hands the arguments on, and leaves out what was not passed', () => {
    const seen: Progress[] = [];
    const callbacks = new Callbacks();
    const progress: Progress = { phase: 'scan', table: 't', done: 1, total: 2, unit: 'bytes' };
    callbacks.guard('onProgress', (p: Progress) => seen.push(p))!(progress);
    expect(seen).to.deep.equal([progress]);
    expect(callbacks.guard('onProgress', undefined)).to.equal(undefined);
  });

  it('takes thenables of another kind, and one whose then() throws', async () => {
    const odd = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable of another library is what is tested
      then: () => {
        throw cause;
      },
    };
    const callbacks = new Callbacks();
    callbacks.guard('onProgress', () => odd)!();
    expect((await callbacks.ended())?.what).to.contain('rejected: TypeError');
  });
});
