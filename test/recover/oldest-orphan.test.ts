/** A rollback that drops an incomplete segment at the old end changes nothing of what follows it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback, undoRollback } from '../../lib/index.ts';
import { buildDatabase, type SegmentSpec } from '../helpers/table-builder.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';

describe('undo of a rollback that dropped the oldest segment', () => {
  it('leaves the snapshot links of the others where they are', async () => {
    const segment: SegmentSpec = {
      version: 4,
      shards: 1,
      compression: 0,
      rootOrder: 0,
      groups: [{ shard: 0, size: 20, secondaries: 0, pad: 0 }],
    };
    const { dir, roots, snapshotDir } = buildDatabase(
      {
        seed: 3,
        roots: 1,
        tables: [
          {
            name: 't',
            first: 0,
            segments: [segment, segment, segment, segment],
            tail: null,
            keymap: true,
            watermark: 1,
            collecting: true,
            snapshot: { consumed: false, lower: null },
          },
        ],
      },
      tempDir(),
    );
    const before = databaseTree(dir);
    const plan = await planRollback({ roots, snapshotDir, target: { kind: 'drop-last', groups: 1 } });
    const orphans = plan.tables[0]?.steps.filter((s) => s.op === 'remove-file' && s.reason === 'orphan');
    expect(orphans?.length).to.be.greaterThan(0);
    const links = readdirSync(join(roots[0] as string, 't', 'snapshot'));
    expect(links).to.include('1.keys');
    await applyPlan(plan);
    await undoRollback(roots, { snapshotDir });
    expect(treeDifferences(before, databaseTree(dir))).to.deep.equal([]);
    removeTempDir(dir);
  });
});
