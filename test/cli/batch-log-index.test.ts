/** A batch over nodes with a log-index: it goes back and forth with the receipts, or stays where the fleet file says so. */
import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, run } from '../helpers/command.ts';
import { fleetText, linesOf } from '../helpers/fleet.ts';
import { logIndexCase, unpackLogIndex } from '../helpers/log-index.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

const RECEIPTS = 'data/ledger/receipt/littidx';

describe('cli: a batch over nodes with a log-index', function () {
  this.timeout(60_000);
  let dir: string;
  const file = (): string => join(dir, 'fleet.yaml');

  before(buildOnce);
  beforeEach(() => {
    dir = tempDir('litt-fleet-');
  });
  afterEach(() => removeTempDir(dir));

  /** A copy of a fixture's home. */
  function home(name: string, fixture: string): void {
    const unpacked = unpackLogIndex(logIndexCase(fixture));
    execFileSync('cp', ['-a', join(unpacked, 'db/home'), join(dir, name)]);
    removeTempDir(unpacked);
  }

  const batch = (command: string, ...words: string[]) => run(['batch', command, file(), ...words, '--json']);
  const verdicts = (stdout: string): string[] =>
    linesOf(stdout)
      .at(-1)
      .nodes.map((n: { verdict: string }) => n.verdict);

  it('takes it back and forth, of a home and where the fleet file names it', async () => {
    home('a', 'logidx-home');
    home('b', 'logidx-home');
    // Not beside its root: then only the fleet file, and later the saved plan, say where it is.
    renameSync(join(dir, 'b', RECEIPTS, 'log-index'), join(dir, 'b', 'index'));
    const b = `{ name: b, src: [b/${RECEIPTS}/littdb], options: { log-index: b/index } }`;
    writeFileSync(file(), fleetText(['{ name: a, home: a }', b]));
    const trees = ['a', 'b'].map((name) => databaseTree(join(dir, name)));
    const applied = await batch('apply', '--height', '1031', '--yes');
    expect(verdicts(applied.stdout)).to.deep.equal(['done', 'done']);
    for (const [name, place] of [
      ['a', join(RECEIPTS, 'log-index')],
      ['b', 'index'],
    ] as const) {
      const index = join(dir, name, place);
      const report = await run([
        'verify',
        '--src',
        join(dir, name, RECEIPTS, 'littdb'),
        '--log-index',
        index,
        '--json',
      ]);
      expect(JSON.parse(report.stdout).logIndex.newest, name).to.equal('1031');
    }
    for (const command of ['status', 'verify', 'resume'])
      expect(verdicts((await batch(command)).stdout), command).to.deep.equal(['done', 'done']);
    expect((await batch('undo', '--yes')).code).to.equal(0);
    for (const [i, name] of ['a', 'b'].entries())
      expect(treeDifferences(trees[i]!, databaseTree(join(dir, name))), name).to.deep.equal([]);
  });

  it('refuses a node whose log-index cannot be taken back, unless the fleet file keeps it', async () => {
    home('d', 'logidx-damaged');
    const target = ['--height', '25'];
    writeFileSync(file(), fleetText(['{ name: d, home: d }']));
    const refused = await batch('plan', ...target);
    expect(refused.code).to.equal(3);
    expect(refused.stdout).to.include('ERR_LOG_INDEX').and.to.include('--log-index keep');
    writeFileSync(file(), fleetText(['{ name: d, home: d, options: { log-index: keep } }']));
    const index = databaseTree(join(dir, 'd', RECEIPTS, 'log-index'));
    expect(verdicts((await batch('apply', ...target, '--yes')).stdout)).to.deep.equal(['done']);
    expect(treeDifferences(index, databaseTree(join(dir, 'd', RECEIPTS, 'log-index')))).to.deep.equal([]);
  });
});
