/** Filters and schemas that throw, or are async: blamed on what the caller wrote. */
import { expect } from 'chai';
import { type PlanOptions, planRollback, type RollbackError, type TableSchema } from '../../lib/index.ts';
import { blockRecord, keyedTable } from '../helpers/keyed-table.ts';
import { rejection } from '../helpers/refusals.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const thrower = (): never => {
  throw new TypeError('no idea');
};
/** Not awaited: its rejection must not end the process, which mocha would tell. */
const rejecter = async (): Promise<never> => thrower();

describe('input/callbacks: filters and schemas', () => {
  const refused = async (more: Partial<PlanOptions>): Promise<RollbackError> => {
    const root = keyedTable([{ groups: [blockRecord('b', 1), blockRecord('b', 2), blockRecord('b', 3)] }]);
    const before = treeOf(root);
    const error = await rejection(
      planRollback({ roots: [root], target: { kind: 'height', height: 2n }, ...more }),
    );
    expectUntouched(root, before);
    return error;
  };
  const decode: TableSchema['decode'] = (key, isPrimary) =>
    isPrimary
      ? { height: key.readBigUInt64BE(1), kind: 'b', label: 'b' }
      : { height: null, kind: 'h', label: 'h' };
  const schemas = (schema: object) => ({ schemas: { t: { name: 'mine', decode, ...schema } as never } });

  for (const [what, more, code, words] of [
    [
      'a filter that throws',
      { target: { kind: 'filter', filter: thrower } },
      'ERR_FILTER_FAILED',
      'The filter threw',
    ],
    [
      'an async filter',
      { target: { kind: 'filter', filter: rejecter } },
      'ERR_FILTER_FAILED',
      'must not be async',
    ],
    ['an async decode()', schemas({ decode: rejecter }), 'ERR_SCHEMA_FAILED', 'must not be async'],
    ['an async heights()', schemas({ heights: rejecter }), 'ERR_SCHEMA_FAILED', 'must not be async'],
    [
      'needs that throw',
      schemas({ needs: { what: 'x', matches: thrower } }),
      'ERR_SCHEMA_FAILED',
      'needs.matches()',
    ],
    [
      'async needs',
      schemas({ needs: { what: 'x', matches: rejecter } }),
      'ERR_SCHEMA_FAILED',
      'must not be async',
    ],
    [
      'needs that give no boolean',
      schemas({ needs: { what: 'x', matches: () => 1 } }),
      'ERR_SCHEMA_FAILED',
      'neither true',
    ],
    ['needs that are none', schemas({ needs: { what: 'x' } }), 'ERR_USAGE', 'matches(key, isPrimary)'],
    ['needs without a name', schemas({ needs: { matches: () => true } }), 'ERR_USAGE', 'the text `what`'],
  ] as [string, Partial<PlanOptions>, string, string][]) {
    it(`${what}: named, and nothing is left that could reject later`, async () => {
      const error = await refused(more);
      expect(error.code).to.equal(code);
      expect(error.message).to.contain(words);
    });
  }

  it('needs of a schema of the caller are asked', async () => {
    const error = await refused(schemas({ needs: { what: 'vote', matches: () => false } }));
    expect(error.code).to.equal('ERR_STORE_NEEDS');
  });
});
