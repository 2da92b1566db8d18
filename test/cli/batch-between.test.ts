/** What happens to nodes between two calls of a batch. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, run } from '../helpers/command.ts';
import { HEIGHT, linesOf, lock, makeFleet, type TestFleet } from '../helpers/fleet.ts';
import { type Tree, treeDifferences } from '../helpers/tree.ts';

const TO = ['--height', HEIGHT];

describe('cli: a batch whose nodes change between two calls', function () {
  this.timeout(60_000);
  let fleet: TestFleet;

  before(function () {
    this.timeout(120_000);
    buildOnce();
  });
  afterEach(() => fleet.end());

  const batch = (command: string, ...words: string[]) => run(['batch', command, fleet.file, ...words]);
  const summaryOf = (stdout: string) => linesOf(stdout).at(-1);
  /** The verdict and the error of a node. */
  const of = (stdout: string, name: string): readonly [string, string | undefined] => {
    const node = summaryOf(stdout).nodes.find((n: { node: string }) => n.node === name);
    return [node.verdict, node.error?.code];
  };
  const trees = (): Tree[] => fleet.names.map((name) => fleet.tree(name));
  const expectUntouched = (then: readonly Tree[]): void => {
    const now = trees();
    for (const [i, tree] of then.entries()) expect(treeDifferences(tree, now[i] as Tree)).to.deep.equal([]);
  };

  it('refuses all where a node was started between plan and apply', async () => {
    fleet = makeFleet(3);
    await batch('plan', ...TO, '--run', fleet.run);
    const then = trees();
    const free = lock(fleet.root('n-02'));
    const { code, stdout } = await batch('apply', '--yes', '--json');
    expect(code).to.equal(3);
    expect(of(stdout, 'n-02')).to.deep.equal(['locked', 'ERR_LOCKED']);
    expect(of(stdout, 'n-01')).to.deep.equal(['not-started', undefined]);
    free();
    expectUntouched(then);
  });

  it('names a node whose disk is gone, and does it when it is back', async () => {
    fleet = makeFleet(3);
    await batch('plan', ...TO, '--run', fleet.run);
    const away = join(fleet.dir, 'away');
    renameSync(fleet.root('n-02'), away);
    const { code, stdout } = await batch('apply', '--yes', '--json', '--skip-refused');
    expect(code).to.equal(8);
    expect(of(stdout, 'n-02')).to.deep.equal(['refused', 'ERR_ROOT_NOT_FOUND']);
    renameSync(away, fleet.root('n-02'));
    const again = await batch('apply', '--yes', '--json');
    expect([again.code, summaryOf(again.stdout).changed]).to.deep.equal([0, 1]);
  });

  it('does not take back a rollback of the run that another one has followed', async () => {
    fleet = makeFleet(2);
    await batch('apply', ...TO, '--yes');
    await run(['apply', '--src', fleet.root('n-02'), '--drop-last', '3', '--yes']);
    const then = fleet.tree('n-02');
    const { code, stdout } = await batch('undo', '--yes', '--json');
    expect(code).to.equal(8);
    expect(of(stdout, 'n-01')).to.deep.equal(['done', undefined]);
    expect(of(stdout, 'n-02')).to.deep.equal(['refused', 'ERR_UNDO_REFUSED']);
    expect(treeDifferences(then, fleet.tree('n-02'))).to.deep.equal([]);
    // When the newer one is taken back, the run's can be.
    await run(['undo', '--src', fleet.root('n-02')]);
    expect((await batch('undo', '--yes')).code).to.equal(0);
    expect((await batch('status')).stdout).to.match(/the run took its rollback back/);
  });

  it('leaves a node alone that had nothing to do, though it has gone on past the target since', async () => {
    fleet = makeFleet(2);
    await run(['apply', '--src', fleet.root('n-01'), ...TO, '--yes']);
    await batch('apply', ...TO, '--yes');
    // The node is put back to where it was: as if it had gone on by itself.
    await run(['undo', '--src', fleet.root('n-01')]);
    const then = trees();
    const { code, stdout } = await batch('apply', ...TO, '--yes', '--json');
    expect(code).to.equal(0);
    expect(of(stdout, 'n-01')).to.deep.equal(['nothing', undefined]);
    expectUntouched(then);
  });
});
