/** An undo that begins where the end of an apply was interrupted: behind the bolts, before the document's new name. */
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { planRollback } from '../../lib/index.ts';
import { undoOpen } from '../../lib/recover/undo.ts';
import { BOLT_FILE } from '../../lib/store/bolt.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { planOptions, unpackNamed } from '../helpers/transactions.ts';
import { CrashNow, FaultyFs } from '../proof/simulator/faulty-fs.ts';
import { filesIn } from '../proof/simulator/small-files.ts';
import { loadTree } from '../proof/simulator/tree-io.ts';

describe('an undo of a rollback whose end was interrupted', () => {
  it('has every bolt back before the first mark says that it is open again', async () => {
    const unpacked = unpackNamed('many-roots');
    const plan = await planRollback(planOptions(unpacked));
    const fs = loadTree(unpacked.dir);
    removeTempDir(unpacked.dir);
    const trial = new FaultyFs(fs.clone());
    await applyWith(trial, plan, plan.roots);
    const renamed = trial.ops.find((op) => op.name === 'rename' && /\/undo\.json$/.test(op.paths[1] ?? ''));
    await dies(applyWith(new FaultyFs(fs, { crashAt: renamed?.index as number }), plan, plan.roots));
    const bolts = (): string[] => filesIn(fs, unpacked.dir).filter((path) => path.endsWith(BOLT_FILE));
    expect(bolts()).to.deep.equal([]);
    const undo = new FaultyFs(fs.clone());
    await undoOpen(undo, plan.roots);
    const marked = undo.ops.find((op) => op.name === 'rename' && /\/undoing$/.test(op.paths[1] ?? ''));
    await dies(undoOpen(new FaultyFs(fs, { crashAt: (marked?.index as number) + 1 }), plan.roots));
    expect(bolts().length).to.equal(plan.roots.length * plan.tables.length);
  });
});

/** The process dies, whatever the program makes of it. */
async function dies(run: Promise<unknown>): Promise<void> {
  const error = await run.then(
    () => null,
    (thrown: unknown) => thrown as Error,
  );
  expect(String((error as Error & { cause?: unknown })?.cause ?? error)).to.contain(new CrashNow().message);
}
