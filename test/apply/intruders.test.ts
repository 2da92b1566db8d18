/** Intruders: the state that was checked when the locks were taken is checked again when it is used. */
import { mkdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { formatLockText } from '../../lib/format/lock-text.ts';
import { RollbackError, resumeRollback, rollbackStatus, undoRollback } from '../../lib/index.ts';
import { undoWith } from '../../lib/recover/undo.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks } from '../../lib/store/lock.ts';
import { thisProcess } from '../../lib/store/process-identity.ts';
import { apply, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

/** A living process that is not this one. */
const OTHER = `PID: ${process.ppid}\nTimestamp: 2026-01-01T00:00:00Z\n`;

/** Does something right before one call, counted over all calls. */
function before(index: number, meddle: () => void): { fs: DurableFs; count: () => number } {
  let calls = 0;
  const handler: ProxyHandler<DurableFs> = {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        if (calls++ === index) meddle();
        return (value as (...a: unknown[]) => unknown).apply(target, args);
      };
    },
  };
  return { fs: new Proxy(realFs, handler), count: () => calls };
}

/** What may come in between, and how it is told afterwards that it was left alone. */
const INTRUDERS: Readonly<Record<string, (trial: Trial) => { meddle: () => void; isLeft: () => boolean }>> = {
  'the lock is taken by another process': ({ roots }) => {
    const path = join(roots[1]!, 'litt.lock');
    return {
      meddle: () => {
        rmSync(path, { force: true });
        writeFileSync(path, OTHER, { mode: 0o600 });
      },
      isLeft: () => readFileSync(path, 'utf8') === OTHER,
    };
  },
  'the bolt of another transaction appears': ({ roots, plan }) => {
    const path = join(roots[0]!, plan.tables[0]!.table, 'segments', BOLT_FILE);
    const text = '00000000-0000-4000-8000-000000000000\n';
    return { meddle: () => writeFileSync(path, text), isLeft: () => readFileSync(path, 'utf8') === text };
  },
  'the journal of another transaction appears': ({ roots }) => {
    const area = join(roots[0]!, '.litt-rollback', '00000000-0000-4000-8000-000000000000');
    return {
      meddle: () => {
        mkdirSync(join(area, 'kept'), { recursive: true });
        writeFileSync(join(area, 'journal.json'), '{');
      },
      isLeft: () => readFileSync(join(area, 'journal.json'), 'utf8') === '{',
    };
  },
};

describe('an intruder', () => {
  const trials = Trials.forSuite('single-root');
  const many = Trials.forSuite('many-roots');

  /** Index of the first call that makes the committed mark durable, and of the last one before the first area. */
  async function range(of: Trials): Promise<[number, number]> {
    const trial = await of.next();
    const { ops } = await trial.run(apply, {});
    trial.end();
    const mark = ops.findIndex((op) => op.name === 'rename' && op.paths[1]?.endsWith('/committed') === true);
    const first = ops.findIndex((op) => op.name === 'mkdir');
    return [first, mark];
  }

  for (const [what, of] of Object.entries(INTRUDERS)) {
    it(`before the intent: ${what}, and apply gives way without a trace of its own`, async () => {
      const [, mark] = await range(many);
      let refused = 0;
      for (let call = 0; call < mark; call += Math.ceil(mark / 24)) {
        const trial = await many.next();
        const locks = acquireLocks(realFs, trial.lockedDirs);
        const { meddle, isLeft } = of(trial);
        const at = before(call, meddle);
        let error: unknown = null;
        try {
          await applyWith(at.fs, trial.plan, locks);
        } catch (thrown) {
          error = thrown;
        }
        if (error instanceof RollbackError && error.kind === 'locked') refused++;
        // Removed under the very last look, it may be too late: then the steps were taken behind the bolts.
        if (error !== null) {
          expect(isLeft(), `call ${call}: ${String(error)}`).to.equal(true);
          const changed = treeDifferences(trial.before, databaseTree(trial.dir));
          expect(
            changed.filter((line) => !/litt\.lock|UNFINISHED|\.litt-rollback/.test(line)),
            `call ${call}`,
          ).to.deep.equal([]);
        }
        locks.release();
        trial.end();
      }
      expect(refused).to.be.greaterThan(10);
    });
  }

  it('of a finished undo: another process has taken the lock, and nothing is opened again', async () => {
    const trial = await trials.next();
    await run(apply, trial);
    const locks = acquireLocks(realFs, trial.lockedDirs);
    const path = join(trial.roots[0]!, 'litt.lock');
    unlinkSync(path);
    writeFileSync(path, OTHER);
    const error = await undoWith(realFs, trial.roots, locks).catch((e: unknown) => e);
    expect(error).to.be.instanceOf(RollbackError).and.include({ code: 'ERR_LOCKED' });
    expect(readFileSync(path, 'utf8')).to.equal(OTHER);
    unlinkSync(path);
    expect((await rollbackStatus(trial.roots)).transactions.map((t) => t.state)).to.deep.equal(['applied']);
    await undoRollback(trial.roots);
    expect(treeDifferences(trial.before, databaseTree(trial.dir))).to.deep.equal([]);
    trial.end();
  });

  it('is not taken for dead because its number means nothing in this container', async () => {
    const trial = await trials.next();
    const path = join(trial.roots[0]!, 'litt.lock');
    writeFileSync(path, formatLockText({ ...thisProcess(), pid: 1_000_000, space: 'pid:[1]' }, new Date()));
    expect(() => acquireLocks(realFs, trial.roots)).to.throw('another container');
    trial.end();
  });
});

describe('two applies of one database', () => {
  const trials = Trials.forSuite('single-root');

  it('interleaved at every point at which the locks of the first are lost: one wins, and nothing is mixed', async () => {
    const count = await trials.calls(() => {}, apply);
    for (let call = 0; call < count; call += Math.ceil(count / 40)) {
      const trial = await trials.next();
      const locks = acquireLocks(realFs, trial.lockedDirs);
      const second: Promise<unknown>[] = [];
      const { fs } = before(call, () => {
        // Another process removes the locks of the first, and starts another run.
        for (const dir of trial.lockedDirs) rmSync(join(dir, 'litt.lock'), { force: true });
        try {
          const others = acquireLocks(realFs, trial.lockedDirs);
          second.push(
            applyWith(realFs, { ...trial.plan }, others)
              .catch((e: unknown) => e)
              .finally(() => others.release()),
          );
        } catch (error) {
          second.push(Promise.resolve(error));
        }
      });
      const first = await applyWith(fs, trial.plan, locks).catch((e: unknown) => e);
      const results = [first, ...(await Promise.all(second))];
      const won = results.filter((r) => !(r instanceof Error)).length;
      locks.release();
      const { transactions } = await rollbackStatus(trial.roots);
      if (transactions.some((t) => t.state === 'unfinished')) await resumeRollback(trial.roots);
      expect(await trial.state(trials.after), `call ${call}: ${results.map(String).join(' | ')}`).to.match(
        /^(before|after, applied)$/,
      );
      expect(won, `call ${call}`).to.be.lessThan(2);
      trial.end();
    }
  });
});
