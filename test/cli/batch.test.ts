/** `batch` as an operator runs it: real processes over a fleet of nodes in memory. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, run } from '../helpers/command.ts';
import {
  damage,
  differencesOf,
  HEIGHT,
  lock,
  makeFleet,
  rolledBack,
  type TestFleet,
} from '../helpers/fleet.ts';
import { type Tree, treeDifferences } from '../helpers/tree.ts';

const TO = ['--height', HEIGHT];

describe('cli: batch', function () {
  this.timeout(60_000);
  let fleet: TestFleet;
  let rolled: Tree;

  before(async function () {
    this.timeout(120_000);
    buildOnce();
    rolled = await rolledBack();
  });
  afterEach(() => fleet.end());

  const batch = (command: string, ...words: string[]) => run(['batch', command, fleet.file, ...words]);
  const trees = (): Map<string, Tree> => new Map(fleet.names.map((name) => [name, fleet.tree(name)]));
  const expectUntouched = (wanted: ReadonlyMap<string, Tree>, names = fleet.names): void => {
    for (const name of names)
      expect(treeDifferences(wanted.get(name) as Tree, fleet.tree(name)), name).to.deep.equal([]);
  };
  const expectDone = (names: readonly string[]): void => {
    for (const name of names) expect(differencesOf(rolled, fleet.tree(name)), name).to.deep.equal([]);
  };
  const summary = () => JSON.parse(readFileSync(join(fleet.run, 'summary.json'), 'utf8'));
  const verdicts = (): Record<string, string> =>
    Object.fromEntries(summary().nodes.map((n: { node: string; verdict: string }) => [n.node, n.verdict]));

  it('plans every node, changes none, and says which command goes on', async () => {
    fleet = makeFleet(5);
    const untouched = trees();
    const { code, stdout } = await batch('plan', ...TO);
    expect(code).to.equal(0);
    expect(stdout).to.match(/n-\[01-05\] +change +blocks +1,027 +1,028/);
    expect(stdout).to.include(`litt-rollback batch apply ${fleet.file} --height ${HEIGHT}`);
    expectUntouched(untouched);
    expect(existsSync(fleet.run)).to.equal(false);
    expect((await batch('plan', ...TO, '--detailed-exitcode')).code).to.equal(10);
  });

  it('applies to every node what a single rollback does, and the same command again touches nothing', async () => {
    fleet = makeFleet(5);
    expect((await batch('apply', ...TO, '--yes')).code).to.equal(0);
    expectDone(fleet.names);
    const then = trees();
    const again = await batch('apply', ...TO, '--yes');
    expect(again.code).to.equal(0);
    expect(again.stdout)
      .to.match(/5 done/)
      .and.to.match(/This call has changed 0 nodes/);
    expectUntouched(then);
    expect((await batch('status')).stdout).to.match(/n-\[01-05\] +done/);
    expect((await batch('verify')).code).to.equal(0);
  });

  it('stops before the first change where one node cannot be planned, and names it', async () => {
    fleet = makeFleet(4);
    damage(fleet.root('n-02'));
    const free = lock(fleet.root('n-03'));
    const untouched = trees();
    const { code, stdout } = await batch('apply', ...TO, '--yes');
    expect(code).to.equal(3);
    expect(stdout)
      .to.match(/n-02 +damaged/)
      .and.to.match(/ERR_FILE_MISSING/);
    expect(stdout)
      .to.match(/n-03 +locked/)
      .and.to.match(/Stopped before any change: 2 nodes/);
    expect(stdout).to.include('--skip-refused');
    expectUntouched(untouched);
    free();
  });

  it('leaves them out where that was allowed; repaired, the same command does them and no other', async () => {
    fleet = makeFleet(4);
    const repair = damage(fleet.root('n-02'));
    const skipped = await batch('apply', ...TO, '--yes', '--skip-refused');
    expect(skipped.code).to.equal(8);
    expectDone(['n-01', 'n-03', 'n-04']);
    expect(verdicts()).to.deep.equal({ 'n-01': 'done', 'n-02': 'damaged', 'n-03': 'done', 'n-04': 'done' });
    repair();
    const then = trees();
    const { code, stdout } = await batch('apply', ...TO, '--yes');
    expect(code).to.equal(0);
    expect(stdout).to.match(/This call has changed 1 node\./);
    expectDone(fleet.names);
    expectUntouched(then, ['n-01', 'n-03', 'n-04']);
  });

  it('applies the plans that were read, and refuses one that is stale', async () => {
    fleet = makeFleet(3);
    expect((await batch('plan', ...TO, '--run', fleet.run)).code).to.equal(0);
    expect(execFileSync('ls', [join(fleet.run, 'plans')], { encoding: 'utf8' }).split('\n')).to.have.length(
      4,
    );
    await run(['apply', '--src', fleet.root('n-02'), '--height', '1029', '--yes']);
    const untouched = trees();
    const stale = await batch('apply', '--yes');
    expect(stale.code).to.equal(3);
    expect(stale.stdout)
      .to.match(/n-02 +refused/)
      .and.to.match(/ERR_PLAN_STALE/);
    expectUntouched(untouched);
    expect((await batch('apply', '--yes', '--skip-refused')).code).to.equal(8);
    expectDone(['n-01', 'n-03']);
  });

  it('asks, and without an answer changes nothing', async () => {
    fleet = makeFleet(2);
    const untouched = trees();
    const { code, stdout, stderr } = await batch('apply', ...TO);
    expect(code).to.equal(3);
    expect(stdout).to.match(/nothing has been changed yet/);
    expect(stderr).to.include('ERR_NOT_CONFIRMED');
    expectUntouched(untouched);
    expect(verdicts()).to.deep.equal({ 'n-01': 'not-started', 'n-02': 'not-started' });
  });

  it('never rolls a node back twice, though it has been started and written since', async () => {
    fleet = makeFleet(2);
    await batch('apply', ...TO, '--yes');
    // The node goes on: it makes segments behind the cut one.
    const source = makeFleet(1);
    for (const name of ['6.keys', '6-0.values', '6.metadata']) {
      const from = join(source.root('n-01'), 'blocks', 'segments', name);
      execFileSync('cp', [
        '-a',
        from,
        join(fleet.root('n-01'), 'blocks', 'segments', name.replace('6', '7')),
      ]);
    }
    source.end();
    const untouched = trees();
    const { code, stdout } = await batch('apply', ...TO, '--yes');
    expect(code).to.equal(0);
    expect(stdout).to.match(/2 done/);
    expectUntouched(untouched);
  });

  it('takes back what the run did, and not what another rollback did; the run is then over', async () => {
    fleet = makeFleet(3);
    await run(['apply', '--src', fleet.root('n-03'), '--height', HEIGHT, '--yes']);
    const old = fleet.tree('n-03');
    const untouched = trees();
    expect((await batch('apply', ...TO, '--yes')).stdout).to.match(/n-03 +nothing/);
    const { code, stdout } = await batch('undo', '--yes');
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/n-03 +nothing/)
      .and.to.match(/This call has changed 2 nodes/);
    expectUntouched(untouched);
    expect(treeDifferences(old, fleet.tree('n-03'))).to.deep.equal([]);
    const over = await batch('apply', ...TO, '--yes');
    expect(over.code).to.equal(3);
    expect(over.stderr)
      .to.match(/taken back/)
      .and.to.match(/--run DIR/);
    expectUntouched(untouched);
  });

  it('takes back what can be taken back, and refuses what was written since', async () => {
    fleet = makeFleet(3);
    const untouched = trees();
    await batch('apply', ...TO, '--yes');
    appendFileSync(join(fleet.root('n-02'), 'blocks', 'segments', '0.keys'), 'written since');
    const { code, stdout } = await batch('undo', '--yes');
    expect(code).to.equal(8);
    expect(stdout)
      .to.match(/n-02 +refused/)
      .and.to.match(/ERR_UNDO_REFUSED/);
    expectUntouched(untouched, ['n-01', 'n-03']);
  });

  it('purges what the run keeps, and says which older rollbacks go with it', async () => {
    fleet = makeFleet(2);
    await run(['apply', '--src', fleet.root('n-01'), '--height', '1029', '--yes']);
    await batch('apply', ...TO, '--yes');
    const asked = await batch('purge', '--json');
    expect(asked.stdout).to.match(/an older rollback goes with it/);
    expect(asked.code).to.equal(3);
    expect((await batch('purge', '--yes')).code).to.equal(0);
    expect((await batch('status')).stdout).to.match(/n-\[01-02\] +done/);
    const { stdout } = await batch('undo', '--yes');
    expect(stdout)
      .to.match(/refused/)
      .and.to.match(/freed|nothing/i);
  });

  it('leaves a rollback alone that the run did not begin and that is not finished', async () => {
    fleet = makeFleet(2);
    const area = join(fleet.root('n-02'), '.litt-rollback');
    // As an older run leaves it that was killed: the fence of another transaction.
    const id = '11111111-1111-4111-8111-111111111111';
    mkdirSync(join(area, id), { recursive: true });
    writeFileSync(
      join(fleet.root('n-02'), 'litt.lock'),
      `litt-rollback: a rollback of this database is under way or was interrupted. Do not start the node.\nTransaction ${id}, begun 2026-01-01T00:00:00.000Z, 1 root.\n`,
    );
    const untouched = trees();
    for (const words of [['apply', ...TO, '--yes'], ['status']]) {
      const { stdout } = await batch(words[0] as string, ...words.slice(1));
      expect(stdout).to.match(/n-02 +unfinished/);
    }
    expect((await batch('status')).code).to.equal(8);
    expectUntouched(untouched);
  });
});
