/** A saved plan that is applied again, or to another state of the database than it was made from. */
import { cpSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, readPlanFile } from '../../lib/index.ts';
import { buildOnce } from '../helpers/command.ts';
import { rejection } from '../helpers/refusals.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { answers, database, finish } from './process.ts';

/** A database with a saved plan, and a copy of it as it was. */
async function planned(): Promise<{ root: string; dir: string; copy: string; file: string; id: string }> {
  const { roots, dir, src } = database('blocks');
  const [copy, file] = [tempDir(), join(tempDir(), 'plan.json')];
  cpSync(roots[0]!, copy, { recursive: true, preserveTimestamps: true });
  await answers(['plan', ...src, '--height', '1024', '--out', file], 0);
  return { root: roots[0]!, dir, copy, file, id: (await readPlanFile(file)).id };
}

/** Puts files of the copy back, as a person with a backup does. */
function putBack(from: string, to: string, which: RegExp): void {
  for (const name of readdirSync(join(from, 'blocks', 'segments')).filter((n) => which.test(n)))
    cpSync(join(from, 'blocks', 'segments', name), join(to, 'blocks', 'segments', name));
}

const again = (file: string, ...more: string[]): string[] => ['apply', file, '--yes', ...more];

describe('cli: a saved plan that was applied', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('has nothing left to do, and says when that was', async () => {
    const { dir, file, id } = await planned();
    await answers(again(file), 0);
    const before = treeOf(dir);
    const said = await answers(again(file), 0);
    expect(said).to.match(
      /^Nothing to do: this plan was applied here already, at 20\S+Z, as transaction \S+\.\n$/,
    );
    expect(said).to.contain(id);
    expect(await answers(again(file, '--quiet'), 0, 'applied here already', id)).to.equal('');
    expect(await answers(['apply', file, '--detailed-exitcode'], 0)).to.equal(said);
    const { already_applied, outcome } = JSON.parse(await answers(again(file, '--json'), 0));
    expect(already_applied).to.include({ transaction: id });
    expect(outcome).to.include({
      planId: id,
      done: 0,
      alreadyDone: outcome.steps,
      bytesRemoved: 0,
      undoable: true,
    });
    expect(outcome.notices[0]).to.contain('nothing to do');
    expectUntouched(dir, before);
  });

  it('has nothing left to do either when it keeps nothing, and when records were written since', async () => {
    const { root, copy, file, id } = await planned();
    await answers(again(file, '--no-undo'), 0);
    expect(await answers(again(file), 0)).to.contain(id);
    // As a node does that goes on: segments of the old numbers are there again.
    putBack(copy, root, /^[3-6][.-]/);
    expect(await answers(again(file), 0)).to.contain('applied here already');
  });

  it('is refused where that was taken back, or where older files were put in place', async () => {
    const { root, file } = await planned();
    await answers(again(file), 0);
    await answers(['undo', file], 0);
    // Undo may restore every file as it was: then the plan fits again.
    const touched = new Date('2020-01-01T00:00:00Z');
    utimesSync(join(root, 'blocks', 'segments', '0.keys'), touched, touched);
    await answers(again(file), 3, 'ERR_PLAN_STALE', 'and taken back at 20');
    const other = await planned();
    await answers(again(other.file), 0);
    putBack(other.copy, other.root, /./);
    await answers(again(other.file), 3, 'ERR_PLAN_STALE', 'an older copy');
  });

  it('tells the library so, too', async () => {
    const { file, id } = await planned();
    const plan = await readPlanFile(file);
    await applyPlan(plan);
    const error = await rejection(applyPlan(plan));
    expect(error.code).to.equal('ERR_PLAN_STALE');
    expect(error.why).to.contain('applied here already').and.to.contain(id);
  });
});

describe('cli: a saved plan of another state', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('is refused before it is shown, and before anybody is asked', async () => {
    const { root, dir, file } = await planned();
    utimesSync(join(root, 'blocks', 'segments', '0.keys'), new Date(), new Date());
    const before = treeOf(dir);
    for (const words of [['apply', file], again(file), ['apply', file, '--dry-run']]) {
      const { code, stdout, stderr } = await finish(words);
      expect([code, stdout], stderr).to.deep.equal([3, '']);
      expect(stderr).to.contain('ERR_PLAN_STALE').and.not.contain('already');
    }
    expectUntouched(dir, before);
  });
});
