/** Plans with a log-index that were forged, or that are out of date: refused, and nothing is changed. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback, type RollbackPlan } from '../../lib/index.ts';
import { digestOf } from '../../lib/plan/digest.ts';
import { planToText } from '../../lib/report/plan-text.ts';
import { LogIndexCopy, logIndexCase, unpackLogIndex } from '../helpers/log-index.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { treeDifferences, treeOf } from '../helpers/tree.ts';

const CASE = 'logidx-killed';

// biome-ignore lint/suspicious/noExplicitAny: a forged plan may be anything
type Forge = (plan: any, copy: LogIndexCopy) => void;

describe('a plan with a log-index', () => {
  let unpacked: string;
  let copy: LogIndexCopy;
  let plan: RollbackPlan;

  before(() => {
    unpacked = unpackLogIndex(logIndexCase(CASE));
  });
  after(() => removeTempDir(unpacked));
  beforeEach(async () => {
    copy = new LogIndexCopy(CASE, unpacked);
    plan = await copy.plan();
  });
  afterEach(() => removeTempDir(copy.dir));

  const forgeries: Readonly<Record<string, Forge>> = {
    'another log': ({ logIndex }) => {
      logIndex.step.file.path = '000099.log';
    },
    'a path that leaves the directory': ({ logIndex }) => {
      logIndex.step.file.path = '../littdb/receipts/segments/0.keys';
    },
    'a file that is not a log': ({ logIndex }) => {
      logIndex.step.file.path = 'MANIFEST-000006';
    },
    'other bytes': ({ logIndex }) => {
      logIndex.step.append = `${logIndex.step.append.slice(0, -2)}ff`;
    },
    'fewer bytes that stay': ({ logIndex }) => {
      logIndex.step.keep -= 1;
    },
    'one more log': ({ logIndex }) => {
      logIndex.step.from = null;
      logIndex.step.keep = 0;
    },
    'another height in words': ({ logIndex }) => {
      logIndex.newest.after = '49';
    },
    'another height than the receipts': ({ tables }) => {
      tables[0].heights.target = '49';
    },
    'another directory': (forged, { dir }) => {
      forged.logIndex.dir = join(dir, 'db');
    },
    'another root': ({ logIndex }) => {
      logIndex.root = 3;
    },
    'a step that it says it does not take': ({ logIndex }) => {
      logIndex.verdict = 'keep';
    },
    'its step among those of a table': ({ tables, logIndex }) => {
      tables[0].steps.push(logIndex.step);
    },
    'a file left out of its fingerprint': (forged) => {
      forged.fingerprint = forged.fingerprint.filter(([, path]: string[]) => path !== '000005.sst');
    },
  };
  for (const [what, forge] of Object.entries(forgeries)) {
    it(`is refused with ${what}, and nothing is changed`, async () => {
      const tree = treeOf(copy.dir);
      const forged = JSON.parse(JSON.stringify(plan)) as RollbackPlan;
      forge(forged, copy);
      const error = await rejection(applyPlan({ ...forged, digest: digestOf(forged) }));
      expect(error.code).to.be.oneOf(['ERR_PLAN_INVALID', 'ERR_PLAN_STALE', 'ERR_LOG_INDEX']);
      expect(treeDifferences(tree, treeOf(copy.dir))).to.deep.equal([]);
    });
  }

  it('is refused where a file of the log-index was written, added or replaced since', async () => {
    const changes: readonly ((dir: string) => void)[] = [
      (dir) => writeFileSync(join(dir, '000007.log'), 'x', { flag: 'a' }),
      (dir) => writeFileSync(join(dir, '000010.log'), ''),
      (dir) => renameSync(join(dir, '000005.sst'), join(dir, '000006.sst')),
    ];
    for (const change of changes) {
      const other = new LogIndexCopy(CASE, unpacked);
      const planned = await other.plan();
      change(other.logIndex);
      const tree = treeOf(other.dir);
      const error = await rejection(applyPlan(planned));
      expect(error.code).to.equal('ERR_PLAN_STALE');
      expect(error.what).to.contain('log-index');
      expect(treeDifferences(tree, treeOf(other.dir))).to.deep.equal([]);
      removeTempDir(other.dir);
    }
  });

  it('says what becomes of it, also step by step', async () => {
    const text = planToText(plan, { width: 200, verbose: true });
    expect(text).to.contain('log-index: newest 71 → 50\n');
    expect(text).to.match(/ append +66 B(ytes)? to .*\/log-index\/000007\.log behind 96\.\d KiB/);
    const { roots, logIndex } = copy;
    const above = await planRollback({ roots, logIndex, target: { kind: 'height', height: 100n } });
    expect(planToText(above, {})).to.contain('log-index: nothing to do, newest 71\n');
  });
});
