/** A saved plan is read back as it was made, or not at all. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, type RollbackPlan, readPlanFile, writePlanFile } from '../../lib/index.ts';
import { digestOf } from '../../lib/plan/digest.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { forgedFields } from '../proof/fuzz/fields.ts';
import { makeWorld } from '../proof/fuzz/forged/world.ts';

describe('plan/file', () => {
  let dir: string;
  let plan: RollbackPlan;
  const read = (value: unknown): Promise<RollbackPlan> => {
    const path = join(dir, 'forged.json');
    writeFileSync(path, JSON.stringify(value));
    return readPlanFile(path);
  };

  before(async () => {
    dir = tempDir();
    ({ plan } = await makeWorld(dir));
  });
  after(() => removeTempDir(dir));

  it('reads what it has saved, and the document of plan --json', async () => {
    const path = join(tempDir(), 'plan.json');
    await writePlanFile(path, plan);
    expect(await readPlanFile(path)).to.deep.equal(plan);
    expect(await read({ message_type: 'plan', plan })).to.deep.equal(plan);
  });

  it('gives a frozen plan: it is not checked again', async () => {
    const whole = await read(plan);
    expect(() => Object.assign(whole.tables[0]!, { comment: 'edited' })).to.throw(TypeError);
    const edited = { ...whole, target: 'another' };
    expect((await rejection(applyPlan(edited))).code).to.equal('ERR_PLAN_INVALID');
  });

  it('does not mind in which order the fields stand', async () => {
    const { format, version, ...rest } = plan;
    const turned = Object.fromEntries(Object.entries({ ...rest, version, format }).reverse());
    expect(Object.keys(turned)[0]).to.equal('format');
    expect(await read(turned)).to.deep.equal(plan);
  });

  it('refuses a plan with any one field edited', async () => {
    let edits = 0;
    for (const { name, plan: forged } of forgedFields(JSON.parse(JSON.stringify(plan)))) {
      const error = await rejection(read(forged));
      expect(error.code, name).to.equal('ERR_PLAN_INVALID');
      edits++;
    }
    expect(edits).to.be.greaterThan(2000);
  });

  it('says of an edited plan that it is not as it was saved', async () => {
    const path = join(tempDir(), 'plan.json');
    await writePlanFile(path, plan);
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace('"acceptedDamage": false', '"acceptedDamage": true'),
    );
    const error = await rejection(readPlanFile(path));
    expect(error.message).to.match(/changed after it was saved/);
    const edited = JSON.parse(readFileSync(path, 'utf8')) as RollbackPlan;
    expect(await read({ ...edited, digest: digestOf(edited) })).to.deep.include({ id: plan.id });
  });
});
