/** Refusals that need a database of their own. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyWith } from '../../lib/apply/apply.ts';
import { encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { applyPlan, type PlanOptions, planRollback, undoRollback, verifyDatabase } from '../../lib/index.ts';
import { findTransactions } from '../../lib/journal/find.ts';
import { previewUndo } from '../../lib/recover/preview-undo.ts';
import { undoWith } from '../../lib/recover/undo.ts';
import { type DurableFs, realFs } from '../../lib/store/durable-fs.ts';
import { lockDatabase } from '../../lib/store/lock-database.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { planOptions, rollBack, unpackNamed } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

/** Applies the case's plan on a file system with something changed. */
async function applyOn(name: string, change: Partial<DurableFs>) {
  const unpacked = unpackNamed(name);
  const plan = await planRollback(planOptions(unpacked));
  const before = treeOf(unpacked.dir);
  const locks = await lockDatabase(plan.roots, plan.snapshotDir ?? undefined);
  const error = await rejection(applyWith({ ...realFs, ...change }, plan, locks));
  locks.restore();
  return { error, before, dir: unpacked.dir };
}

describe('refusals before the first change', () => {
  it('too little room', async () => {
    const { error, before, dir } = await applyOn('many-roots', { freeBytes: () => 10_000 });
    expect(error.code).to.equal('ERR_PREFLIGHT');
    expect(error.message).to.contain('9 KiB are free');
    expectUntouched(dir, before);
    removeTempDir(dir);
  });

  it('too little room for an undo, which status says as well', async () => {
    const unpacked = unpackNamed('many-roots');
    const roots = unpacked.databases[0] as readonly string[];
    const older = await planRollback(planOptions(unpacked));
    await applyPlan(older);
    await applyPlan(
      await planRollback({ ...planOptions(unpacked), target: { kind: 'drop-last', groups: 1 } }),
    );
    const before = treeOf(unpacked.dir);
    const fs = { ...realFs, freeBytes: () => 9000 };
    const locks = await lockDatabase(roots);
    const error = await rejection(undoWith(fs, locks.dirs, locks));
    locks.restore();
    expect(error.code).to.equal('ERR_PREFLIGHT');
    expect(error.what).to.contain('to undo: 8 KiB are free');
    const command = `litt-rollback purge ${roots.map((root) => `--src ${root}`).join(' ')} --id ${older.id}`;
    expect(error.next).to.contain(`\`${command}\``);
    expectUntouched(unpacked.dir, before);
    const found = findTransactions(fs, roots);
    expect(previewUndo(fs, roots, found, undefined).refusal?.code).to.equal('ERR_PREFLIGHT');
    expect(previewUndo({ ...fs, freeBytes: () => null }, roots, found, undefined).refusal).to.equal(null);
    removeTempDir(unpacked.dir);
  });

  it('a directory that may not be written', async () => {
    const { error, before, dir } = await applyOn('many-roots', {
      mayWrite: (path) => !path.endsWith('segments'),
    });
    expect(error.code).to.equal('ERR_PREFLIGHT');
    expect(error.place.path).to.match(/segments$/);
    expectUntouched(dir, before);
    removeTempDir(dir);
  });

  it('a newest segment that a copy was about to complete, which verify tells as well', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    const segments = join(root!, '0', 'segments');
    const newest = Math.max(...readdirSync(segments).map((name) => Number.parseInt(name, 10)));
    const copy = join(segments, `.${newest}-0.values.X1y2Z3`);
    renameSync(join(segments, `${newest}-0.values`), copy);
    const error = await rejection(planRollback(planOptions(unpacked)));
    expect(error.code).to.equal('ERR_ORPHAN_WITH_DATA');
    expect(error.why).to.contain(`A copy was not finished: ${copy}. `);
    const { tables } = await verifyDatabase([root!]);
    const findings = tables.flatMap((t) => t.findings.map((f) => f.problem));
    expect(findings.filter((f) => f.endsWith(`a copy was not finished: ${copy}`))).to.have.length(1);
    removeTempDir(unpacked.dir);
  });

  it('a chain that ends below its watermark', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    writeFileSync(join(root!, '0', 'gc-watermark'), '9\n');
    const error = await rejection(planRollback(planOptions(unpacked)));
    expect(error.code).to.equal('ERR_CHAIN_BELOW_WATERMARK');
    removeTempDir(unpacked.dir);
  });

  it('an oldest segment below the watermark that has its key file, where nothing matched', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    writeFileSync(join(root!, '0', 'gc-watermark'), '1\n');
    const segments = join(root!, '0', 'segments');
    rmSync(join(segments, '0-0.values'));
    const fate = async (options: Partial<PlanOptions>): Promise<unknown> =>
      (await planRollback({ ...planOptions(unpacked), ...options })).tables[0]?.segments[0];
    const unmatched = { target: { kind: 'filter', filter: () => false }, onNoMatch: 'keep' } as const;
    // A match shows that these are the roots that were meant.
    expect(await fate({})).to.include({ segment: 0, fate: 'orphan' });
    expect((await rejection(fate(unmatched))).code).to.equal('ERR_ORPHAN_WITH_DATA');
    expect(await fate({ ...unmatched, dropOrphans: true })).to.include({ segment: 0, fate: 'orphan' });
    // Collection begins with the key file.
    rmSync(join(segments, '0.keys'));
    expect(await fate(unmatched)).to.include({ segment: 0, fate: 'orphan' });
    removeTempDir(unpacked.dir);
  });

  it('a set of roots that remembers more than are given', async () => {
    const unpacked = unpackNamed('many-roots');
    const roots = unpacked.databases[0] as readonly string[];
    await rollBack(unpacked);
    // A root that holds nothing which counts, but belongs to the set.
    const target = { kind: 'drop-last', groups: 1 } as const;
    for (const root of roots) {
      const error = await rejection(planRollback({ roots: roots.filter((r) => r !== root), target }));
      expect(['ERR_ROOTS_UNCERTAIN', 'ERR_FILE_MISSING', 'ERR_ROOT_FORGOTTEN']).to.include(error.code);
    }
    const plan = await planRollback({ roots, target });
    expect(plan.tables.every((t) => t.outcome === 'cut')).to.equal(true);
    removeTempDir(unpacked.dir);
  });

  it('files over several roots, and no keymap that vouches for them', async () => {
    const unpacked = unpackNamed('many-roots');
    const roots = unpacked.databases[0] as readonly string[];
    for (const root of roots) rmSync(join(root, 'blobs', 'keymap'), { recursive: true, force: true });
    const error = await rejection(planRollback(planOptions(unpacked)));
    expect([error.code, error.place.table]).to.deep.equal(['ERR_ROOTS_UNCERTAIN', 'blobs']);
    const plan = await planRollback({ ...planOptions(unpacked), allRoots: true });
    expect(plan.tables).to.have.length(3);
    removeTempDir(unpacked.dir);
  });

  it('a group that is never closed, in what would be kept', async () => {
    const unpacked = unpackNamed('secondary-match');
    const [root] = unpacked.databases[0] as readonly string[];
    const path = join(root!, '0', 'segments', '1.keys');
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 16 + bytes.readUInt16BE(at + 1))
      if (bytes[at] === 3) bytes[at] = 2;
    writeFileSync(path, bytes);
    const error = await rejection(planRollback(planOptions(unpacked)));
    expect([error.code, error.place.segment]).to.deep.equal(['ERR_GROUP', 1]);
    const plan = await planRollback({ ...planOptions(unpacked), acceptDamage: true });
    expect(plan.tables[0]?.notices.join()).to.contain('damage accepted');
    expect(plan.tables[0]?.acceptedDamage).to.equal(true);
    removeTempDir(unpacked.dir);
  });

  it('a snapshot directory that is one of the roots', async () => {
    const unpacked = unpackNamed('snapshots');
    const [root] = unpacked.databases[0] as readonly string[];
    const error = await rejection(planRollback({ ...planOptions(unpacked), snapshotDir: root }));
    expect(error.code).to.equal('ERR_SNAPSHOT_DIR_WRONG');
    removeTempDir(unpacked.dir);
  });
});

describe('an apply whose result is not what the plan says', () => {
  it('leaves the database shut, and undo possible', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    const plan = await planRollback(planOptions(unpacked));
    const stray = join(root!, '0', 'segments', '4.keys.swap');
    // Another program writes into the database between the last step and the verification.
    const onProgress = (): void => writeFileSync(stray, '');
    const error = await rejection(applyPlan(plan, { onProgress }));
    expect([error.code, error.kind]).to.deep.equal(['ERR_RESULT_WRONG', 'unfinished']);
    expect((await rejection(planRollback(planOptions(unpacked)))).code).to.equal('ERR_UNFINISHED');
    removeTempDir(unpacked.dir);
  });
});

describe('a journal that this version did not write', () => {
  it('is refused, and nothing is done', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    const { planId } = await rollBack(unpacked);
    const area = join(root!, '.litt-rollback', planId);
    writeFileSync(join(area, 'undo.json'), encodeChecksummed({ format: 'something else' }));
    const before = treeOf(unpacked.dir);
    expect((await rejection(undoRollback([root!]))).code).to.equal('ERR_JOURNAL');
    expectUntouched(unpacked.dir, before);
    removeTempDir(unpacked.dir);
  });
});
