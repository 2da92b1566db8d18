/** Arguments and values of options that are of another sort than they must be. */
import { expect } from 'chai';
import * as api from '../../lib/index.ts';
import { rejection } from '../helpers/refusals.ts';

const height = { kind: 'height', height: 11n } as const;

/** The public calls as plain JavaScript knows them. */
const js = api as unknown as Record<string, (...args: unknown[]) => unknown>;

const call = (name: string, ...args: unknown[]): Promise<api.RollbackError> =>
  rejection(Promise.resolve().then(() => js[name]!(...args)));

describe('input/options: a value of another sort', () => {
  const refused = async (options: unknown): Promise<string> => {
    const error = await call('planRollback', options);
    expect(error.code).to.equal('ERR_USAGE');
    return error.what;
  };

  for (const [what, options, words] of [
    [
      'half a height',
      { target: { kind: 'height', height: 1.5 } },
      'height must be a bigint (1010n) or a safe integer, got number 1.5',
    ],
    [
      'a height that a number cannot hold',
      { target: { kind: 'height', height: 2 ** 53 } },
      'a safe integer, got number 9007199254740992',
    ],
    ['a height as a text', { target: { kind: 'height', height: '11' } }, 'got text "11"'],
    ['no height', { target: { kind: 'height' } }, 'got undefined'],
    [
      'a height below 0',
      { target: { kind: 'height', height: -1 } },
      'height must be from 0 to 18446744073709551615, got number -1',
    ],
    [
      'a height of 65 bits',
      { target: { kind: 'height', height: 2n ** 64n } },
      'got bigint 18446744073709551616n',
    ],
    ['a time as a number', { target: { kind: 'before', time: 5 } }, 'time must be a Date, RFC 3339 text'],
    [
      'a time without a zone',
      { target: { kind: 'before', time: '2026-11-25T18:00:00' } },
      'got text "2026-11-25T18:00:00"',
    ],
    ['an invalid Date', { target: { kind: 'before', time: new Date('x') } }, 'got an invalid Date'],
    ['a Date before 1970', { target: { kind: 'before', time: new Date(-1) } }, 'got Date 1969-12-31'],
    ['no target', {}, 'target must be an object like'],
    ['a target of no kind', { target: {} }, "target's kind must be one of"],
    [
      'no function as a filter',
      { target: { kind: 'filter', filter: 'x' } },
      'filter must be a function, got text "x"',
    ],
    ['a key as a text', { target: { kind: 'key', key: '0a' } }, 'A key must be bytes'],
    [
      'a number of groups that is none',
      { target: { kind: 'drop-last', groups: '3' } },
      'groups must be a whole number',
    ],
    ['a signal that is none', { target: height, signal: {} }, 'signal must be an AbortSignal, got an object'],
    [
      'no function as onProgress',
      { target: height, onProgress: true },
      'onProgress must be a function, got true',
    ],
    [
      'a promise of locks',
      { target: height, locks: Promise.resolve() },
      'got a promise (is an await missing?)',
    ],
    [
      'a policy that there is not',
      { target: height, onNoMatch: 'skip' },
      "onNoMatch must be one of 'refuse', 'keep', 'delete', got text \"skip\"",
    ],
    [
      'no text as the snapshot directory',
      { target: height, snapshotDir: true },
      'snapshotDir must be a text that is not empty, got true',
    ],
    [
      'a block of no bytes',
      { target: height, blockBytes: 0 },
      'blockBytes must be a whole number above 0, got number 0',
    ],
    [
      'a home that is a path',
      { target: height, home: '/node' },
      'home must be what findHome() returns, got text "/node"',
    ],
    [
      'null',
      { target: height, schemas: null },
      'schemas must be an object with a schema for each table, got null',
    ],
    ['a text as true', { target: height, allRoots: 'yes' }, 'allRoots must be true or false, got text "yes"'],
  ] as [string, object, string][]) {
    it(what, async () => {
      expect(await refused({ roots: ['/no/such/root'], ...options })).to.contain(words);
    });
  }

  it('no argument at all, or one of another sort', async () => {
    const noRoots = 'roots must be an array of paths, got undefined';
    for (const [name, args, words] of [
      ['planRollback', [], 'options of planRollback must be an object, got undefined'],
      ['planRollback', [{ target: height }], noRoots],
      ['planRollback', [{ target: height, roots: [] }], 'No root was given'],
      [
        'planRollback',
        [{ target: height, roots: [5] }],
        'a root must be a text that is not empty, got number 5',
      ],
      ['applyPlan', [], 'plan must be a plan, from planRollback() or readPlanFile(), got undefined'],
      ['applyPlan', [Promise.resolve({})], 'is an await missing?'],
      ['applyPlan', ['plan.json'], 'got text "plan.json"'],
      ['rollbackLittDB', [], noRoots],
      ['rollbackLittDB', [['/r']], 'filter must be a function, got undefined'],
      ['resumeRollback', [], noRoots],
      ['undoRollback', ['/r'], 'got text "/r"'],
      ['purgeUndo', [], noRoots],
      ['purgeUndo', [['/r'], 'id'], 'The options of purgeUndo must be an object, got text "id"'],
      ['rollbackStatus', [], noRoots],
      ['verifyDatabase', [], noRoots],
      ['openDatabase', [], noRoots],
      ['openDatabase', [['/r'], { groups: [[0, 1]] }], 'groups must name each of the 1 roots once'],
      ['lockDatabase', [], noRoots],
      ['readPlanFile', [], 'path must be a text that is not empty, got undefined'],
      ['writePlanFile', ['/p'], 'plan must be a plan'],
      ['findHome', [], 'the home must be a text that is not empty, got undefined'],
      ['rootsOfHome', [], 'home must be what findHome() returns, got undefined'],
      ['groupsOfHome', ['/node'], 'home must be what findHome() returns, got text "/node"'],
    ] as [string, unknown[], string][]) {
      const error = await call(name, ...args);
      expect(error.code, name).to.equal('ERR_USAGE');
      expect(error.message, name).to.contain(words);
    }
  });
});
