/** Random databases and targets against the naive model. LITT_ROLLBACK_RUNS sets the number of runs. */
import { expect } from 'chai';
import fc from 'fast-check';
import { applyPlan, openDatabase, planRollback, type RollbackPlan } from '../../lib/index.ts';
import { databaseSpec, runs } from '../helpers/arbitraries.ts';
import {
  call,
  expectedCalls,
  expectPlanSays,
  gather,
  lacksDataOf,
  modelRecords,
  newestGroups,
  tablesCutBelow,
} from '../helpers/expectations.ts';
import { properSubsets } from '../helpers/fixtures.ts';
import { linkTree } from '../helpers/links.ts';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { rejection } from '../helpers/refusals.ts';
import { problemsAfterwards, type Scenario, type Staged, scenario, stage } from '../helpers/scenario.ts';
import { buildDatabase, type DatabaseSpec, type TableSpec } from '../helpers/table-builder.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

/** Stages a scenario, uses it, and removes it when nothing was wrong. */
async function staged(chosen: Scenario, use: (it: Staged) => Promise<void>): Promise<void> {
  const it = stage(chosen);
  await use(it);
  removeTempDir(it.built.dir);
}

/** A plan as it is after it was saved and read again. */
function saved(plan: RollbackPlan): RollbackPlan {
  return JSON.parse(JSON.stringify(plan)) as RollbackPlan;
}

describe('random rollbacks', function () {
  this.timeout(300_000);

  it('leave what the model says, purely planned, and a second plan has no steps', async () => {
    let refused = 0;
    const property = fc.asyncProperty(scenario, (chosen) =>
      staged(chosen, async (it) => {
        if (it.refusal !== null) {
          refused += 1;
          expect((await rejection(planRollback(it.options))).code).to.equal(it.refusal);
          expectUntouched(it.built.dir, it.before);
          return;
        }
        const plan = await planRollback(it.options);
        expectUntouched(it.built.dir, it.before, 'planning is pure: the tree');
        expectPlanSays(plan, it);
        await applyPlan(saved(plan));
        expect(problemsAfterwards(it).join('\n')).to.equal('');
        const again = await planRollback(it.options);
        expect(again.tables.flatMap((table) => table.steps)).to.deep.equal([]);
      }),
    );
    await fc.assert(property, runs(150));
    if (runs(150).numRuns >= 150) expect(refused, 'refusals are met, too').to.be.greaterThan(0);
  });

  it('leave hard-linked copies alone', async () => {
    const property = fc.asyncProperty(scenario, (chosen) =>
      staged(chosen, async (it) => {
        if (it.refusal !== null) return;
        const backup = tempDir('litt-backup-');
        for (const [i, root] of it.built.roots.entries()) linkTree(root, `${backup}/${i}`);
        const contents = [...treeOf(backup)].map(([path, entry]) => [path, entry.sha256]);
        const linked = { ...it, before: treeOf(it.built.dir) };
        await applyPlan(await planRollback(it.options));
        expect(problemsAfterwards(linked).join('\n')).to.equal('');
        expect([...treeOf(backup)].map(([path, entry]) => [path, entry.sha256])).to.deep.equal(contents);
        removeTempDir(backup);
      }),
    );
    await fc.assert(property, runs(30));
  });

  it('ask the filter once for each record, newest first, and never after the match', async () => {
    const property = fc.asyncProperty(scenario, (chosen) =>
      staged(chosen, async (it) => {
        if (it.refusal !== null) return;
        const asked: string[] = [];
        const filter = (table: string, key: Buffer, isPrimary: boolean): boolean => {
          asked.push(call(table, { key, kind: isPrimary ? 0 : 2 }));
          return it.matches(table, key, isPrimary);
        };
        await planRollback({ ...it.options, target: { kind: 'filter', filter } });
        expect(asked).to.deep.equal(expectedCalls(it));
      }),
    );
    await fc.assert(property, runs(40));
  });

  it('remove exactly the newest groups with drop-last', async () => {
    const property = fc.asyncProperty(scenario, fc.integer({ min: 1, max: 4 }), (chosen, groups) =>
      staged(chosen, async ({ built, options }) => {
        const names = [...built.image.keys()];
        const newest = new Map(names.map((name) => [name, newestGroups(built.image, name)]));
        if ([...newest.values()].some((ends) => ends.length <= groups)) return;
        const below = names.some(
          (name) => newest.get(name)![groups]!.segment < (built.image.get(name)!.watermark ?? 0),
        );
        const planned = planRollback({ ...options, target: { kind: 'drop-last', groups } });
        if (below) expect((await rejection(planned)).code).to.equal('ERR_BELOW_WATERMARK');
        else {
          const removed = (await planned).tables.map((table) => [table.table, table.removed.records]);
          const expected = names.map((name) => [name, newest.get(name)![groups - 1]!.records]);
          expect(removed).to.have.deep.members(expected);
        }
      }),
    );
    await fc.assert(property, runs(60));
  });

  it('are refused when they remove more than allowed, and not when they remove exactly as much', async () => {
    const property = fc.asyncProperty(scenario, (chosen) =>
      staged(chosen, async (it) => {
        if (it.refusal !== null) return;
        const removed = [...it.model.values()].reduce((sum, result) => sum + result.removedRecords, 0);
        await planRollback({ ...it.options, maxRemove: { records: removed } });
        if (removed === 0) return;
        const options = { ...it.options, maxRemove: { records: removed - 1 } };
        expect((await rejection(planRollback(options))).code).to.equal('ERR_MAX_REMOVE');
        expectUntouched(it.built.dir, it.before);
      }),
    );
    await fc.assert(property, runs(40));
  });
});

describe('reading a random database', () => {
  it('gives the same records in both directions, those that the model offers', async () => {
    const property = fc.asyncProperty(databaseSpec({ mostGroups: 12 }), async (spec: DatabaseSpec) => {
      const built = buildDatabase(spec, tempDir());
      const database = await openDatabase([...built.roots]);
      for (const name of built.image.keys()) {
        const offered = modelRecords(built.image, name);
        expect(await gather(database.records(name, { reverse: true })), name).to.deep.equal(offered);
        expect(await gather(database.records(name)), name).to.deep.equal(offered.reverse());
      }
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(80));
  });
});

describe('the number of a record', () => {
  it('counts every whole record of the key file, in plans and in readers alike', async () => {
    const groups = [0, 1, 1].map((shard) => ({ shard, size: 10, secondaries: 0, pad: 0 }));
    const tail = { lost: [1], unclosed: 0, torn: 0 };
    const { built, records } = oneTable([plainSegment(0, { groups })], { tail });
    const target = { kind: 'key' as const, key: Buffer.from(records[1]!.key, 'hex') };
    const [plan] = (await planRollback({ roots: [...built.roots], target })).tables;
    const numbers: number[] = [];
    for await (const { record } of (await openDatabase([...built.roots])).records('t')) numbers.push(record);
    expect({
      pivot: plan?.pivot?.record,
      lastKept: plan?.lastKept?.record,
      firstRemoved: plan?.firstRemoved?.record,
      numbers,
    }).to.deep.equal({ pivot: 1, lastKept: 1, firstRemoved: 2, numbers: [1, 2] });
  });
});

describe('a random database with missing roots', function () {
  this.timeout(300_000);

  it('is refused by default whenever a missing root holds a file that counts', async () => {
    const property = fc.asyncProperty(databaseSpec({ mostSegments: 4 }), async (drawn: DatabaseSpec) => {
      const spec = withRecords(drawn);
      if (spec.tables.length === 0) return;
      const built = buildDatabase(spec, tempDir());
      const before = treeOf(built.dir);
      for (const roots of properSubsets(built.roots)) {
        const target = { kind: 'filter' as const, filter: () => true };
        const planned = planRollback({ roots, target, onNoMatch: 'refuse' });
        if (lacksDataOf(built.image, roots)) await rejection(planned, `accepted ${roots.join(' ')}`);
        else expectWarned(await planned.catch(() => null), tablesCutBelow(built.image, roots));
        expectUntouched(built.dir, before);
      }
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(40));
  });
});

/** Where the oldest segments may lie in a root that was not given, the plan says so. */
function expectWarned(plan: RollbackPlan | null, tables: readonly string[]): void {
  const warned = plan?.tables.filter((t) => t.notices.some((notice) => /root forgotten/.test(notice)));
  if (warned !== undefined) expect(warned.map((t) => t.table)).to.include.members([...tables]);
}

/** Only tables that hold records for sure: the others are refused for another reason. */
function withRecords(spec: DatabaseSpec): DatabaseSpec {
  const holds = (table: TableSpec): boolean => table.segments.slice(0, -1).some((s) => s.groups.length > 0);
  return { ...spec, tables: spec.tables.filter(holds) };
}
