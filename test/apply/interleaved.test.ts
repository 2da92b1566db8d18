/** An apply and another command, interleaved: one wins, nothing is mixed, and from every end a way leads out. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { resumeRollback, rollbackStatus } from '../../lib/index.ts';
import { type CallIdentity, endCall } from '../../lib/store/call-identity.ts';
import { runs } from '../helpers/arbitraries.ts';
import { type Job, Side } from '../helpers/interleaved.ts';
import { apply, replanned, run, type Trial, Trials } from '../helpers/interruptions.ts';
import { comparable, databaseTree } from '../helpers/transactions.ts';
import { named, type Tree, treeDifferences, treeOf } from '../helpers/tree.ts';

/** Pairs of each command and each way that are tried, out of all; LITT_ROLLBACK_RUNS gives another number. */
const PAIRS = 2;

/** What becomes of the two, and whether the locks of the first are removed while it waits. */
const WAYS = ['none', 'first', 'second', 'both'].flatMap((killed) =>
  [false, true].map((unlocked) => ({ killed, unlocked })),
);

type Way = (typeof WAYS)[number];
type Point = Way & { readonly changes: readonly [number, number] };

/** Every pair of changes in every way, or so many of them, spread over all. */
function* points([first, second]: readonly [number, number], wanted: number): Generator<Point> {
  const all = first * second * WAYS.length;
  // A step without a common divisor with the number of ways meets each of them.
  const stride = Math.max(1, Math.floor(all / wanted)) | 1;
  for (let n = 0; n < all; n += stride) {
    const pair = Math.floor(n / WAYS.length);
    yield { ...WAYS[n % WAYS.length]!, changes: [Math.floor(pair / second), pair % second] };
  }
}

describe('an apply and another command, interleaved', function () {
  this.timeout(24 * 3_600_000);
  const trials = Trials.forSuite('single-root');
  const first = new Side();
  const second = new Side();
  let thinned: Tree;
  before(async () => {
    const { trial } = await prepared();
    await run(apply, trial);
    thinned = databaseTree(trial.dir);
    trial.end();
  });
  after(() => Promise.all([first.end(), second.end()]));

  /** One rollback is there to be undone or purged, and another one is planned. */
  async function prepared(): Promise<{ trial: Trial; original: Tree }> {
    const earlier = await trials.next();
    await run(apply, earlier);
    return { trial: await replanned(earlier), original: earlier.before };
  }

  const jobOf = ({ roots, plan }: Trial, command: Job['command'], changes: number): Job => ({
    command,
    roots,
    plan,
    changes,
    ended: [],
  });

  /** How many changes a command makes when nothing comes in between. */
  async function countOf(command: Job['command']): Promise<number> {
    const { trial } = await prepared();
    if (command === 'resume') {
      const { changes } = await first.start(jobOf(trial, 'apply', -1));
      await first.start(jobOf(trial, 'undo', -1));
      trial.end();
      return changes;
    }
    const { failure, changes } = await first.start(jobOf(trial, command, -1));
    expect(failure).to.equal(null);
    trial.end();
    return changes;
  }

  async function expectGoodEnd(trial: Trial, original: Tree, told: string): Promise<void> {
    // As an operator does who is not sure: the second time nothing but a half-written lock may be left to do.
    const actions: string[] = [];
    for (let n = 0; n < 3 && actions.at(-1) !== 'nothing'; n++) {
      const { action } = await resumeRollback(trial.roots).catch((error: unknown) =>
        expect.fail(`${told}, then ${String(error)}`),
      );
      actions.push(action);
    }
    expect(actions.slice(1, -1), told).to.deep.equal(actions.slice(1, -1).map(() => 'cleaned'));
    expect(actions.at(-1), told).to.equal('nothing');
    const left = named(treeOf(trial.dir), /^(litt\.lock|UNFINISHED.*|.*litt-rollback-tmp|trash-.*)$/);
    expect(left, told).to.deep.equal([]);
    const now = comparable(databaseTree(trial.dir));
    const states = { original, before: trial.before, after: thinned };
    const reached = Object.entries(states).filter(
      ([, tree]) => treeDifferences(comparable(tree), now).length === 0,
    );
    expect(
      reached.map(([name]) => name),
      told,
    ).to.have.length(1);
    const { transactions } = await rollbackStatus(trial.roots);
    // What is kept for undo leads back, one after the other.
    const undoable = transactions.map(({ state, undo }) => `${state}, undo ${undo?.possible}`);
    const rest = undoable.slice(1).map(() => 'applied, undo after-newer');
    expect(undoable, told).to.deep.equal([...undoable.slice(0, 1).map(() => 'applied, undo now'), ...rest]);
  }

  /** Carries out both, in this way, up to these changes. */
  async function interleave(trial: Trial, command: Job['command'], at: Point): Promise<string> {
    const { killed, unlocked, changes } = at;
    const isKilled = (name: string): boolean => killed === name || killed === 'both';
    let a = await first.start(jobOf(trial, 'apply', changes[0]));
    if (unlocked) for (const root of trial.roots) rmSync(join(root, 'litt.lock'), { force: true });
    if (a.paused && isKilled('first')) a = await first.goOn({ killed: true, ended: [] });
    let b = await second.start({ ...jobOf(trial, command, changes[1]), ended: a.ended });
    if (a.paused) a = await first.goOn({ killed: false, ended: [] });
    if (b.paused) b = await second.goOn({ killed: isKilled('second'), ended: a.ended });
    for (const call of [...a.ended, ...b.ended]) endCall({ call } as CallIdentity);
    return `${command} ${JSON.stringify(at)}: ${a.failure} | ${b.failure}`;
  }

  for (const command of ['apply', 'resume', 'undo', 'purge'] as const) {
    it(`apply and ${command}`, async () => {
      const most = [await countOf('apply'), await countOf(command)] as const;
      for (const at of points(most, runs(PAIRS * WAYS.length).numRuns)) {
        const { trial, original } = await prepared();
        const told = await interleave(trial, command, at);
        await expectGoodEnd(trial, original, told);
        trial.end();
      }
    });
  }

  it('two applies of one plan: the one that comes late leaves what the other one keeps for undo', async () => {
    // Up to the claim of the first, and some changes more.
    for (let n = 0; n < 10; n++) {
      const { trial, original } = await prepared();
      const told = await interleave(trial, 'apply', { killed: 'none', unlocked: true, changes: [n, -1] });
      await expectGoodEnd(trial, original, told);
      trial.end();
    }
  });
});
