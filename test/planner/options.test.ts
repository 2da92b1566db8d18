/** What plain JavaScript may pass, and TypeScript would not. */
import { expect } from 'chai';
import { openDatabase, type PlanOptions, planRollback } from '../../lib/index.ts';
import { lowestOf } from '../../lib/plan/step-effects.ts';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const dropOne = { kind: 'drop-last', groups: 1 };

const MISTAKES: readonly Record<string, unknown>[] = [
  { target: dropOne, onNoMatch: 'Refuse' },
  { target: dropOne, check: 'ALL' },
  { target: dropOne, stragglers: null },
  { target: dropOne, tables: 't' },
  { target: dropOne, maxRemove: 5 },
  { target: dropOne, maxRemove: { record: 5 } },
  { target: dropOne, maxRemove: { records: Number.NaN } },
  { target: dropOne, roots: '/data/block' },
  {},
  { target: { kind: 'newest' } },
  { target: { kind: 'key', key: '0a0b' } },
  { target: { kind: 'keys', keys: null } },
  { target: { kind: 'keys', keys: { t: '0a0b' } } },
  { target: { kind: 'keys', keys: { t: ['0a0b'] } } },
];

describe('options of the library that are mistakes', () => {
  for (const mistake of MISTAKES) {
    it(`${JSON.stringify(mistake)}`, async () => {
      const { built } = oneTable([plainSegment(2), plainSegment(3)]);
      const before = treeOf(built.dir);
      const options = { roots: built.roots, ...mistake } as unknown as PlanOptions;
      expect((await rejection(planRollback(options))).code).to.equal('ERR_USAGE');
      expectUntouched(built.dir, before);
      removeTempDir(built.dir);
    });
  }

  it('roots that are not a list', async () => {
    const error = await rejection(openDatabase('/data/block' as unknown as string[]));
    expect(error.message).to.contain('roots must be an array of paths');
  });
});

describe('the lowest of many segments', () => {
  it('is found among more than a call takes arguments', () => {
    expect(lowestOf(Array.from({ length: 300_000 }, (_, i) => 300_000 - i))).to.equal(1);
    expect(lowestOf([])).to.equal(null);
  });
});
