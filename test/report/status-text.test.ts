import { expect } from 'chai';
import type { UndoCheck } from '../../lib/recover/preview-undo.ts';
import type { StatusReport, TransactionStatus } from '../../lib/recover/status.ts';
import { statusToText } from '../../lib/report/status-text.ts';
import { expectGolden } from './golden.ts';

const NOTHING: StatusReport = {
  roots: ['/data/a', '/data/b c'],
  transactions: [],
  traces: [],
  lostJournals: [],
  blocks: [],
  clockContradictions: [],
  unfinished: false,
  unreadable: [],
};

const undo = (possible: UndoCheck['possible'], parts: Partial<UndoCheck> = {}): UndoCheck => ({
  possible,
  code: null,
  reason: null,
  path: null,
  ...parts,
});

/** A finished rollback that can be undone, with these parts. */
function transaction(parts: Partial<TransactionStatus>): TransactionStatus {
  return {
    id: '01234567-89ab-4def-8123-456789abcdef',
    begunAt: '2026-01-02T03:04:05.678Z',
    target: 'height 1024',
    sequence: 1,
    state: 'applied',
    undo: undo('now'),
    direction: 'forward',
    committed: true,
    stepsKept: 3,
    steps: 16,
    bytesHeld: 10_000,
    rootsGiven: 2,
    roots: 2,
    missingRoots: [],
    snapshotDir: null,
    ...parts,
  };
}

const textOf = (parts: Partial<StatusReport>): string => statusToText({ ...NOTHING, ...parts });

describe('report/status-text', () => {
  it('tells of every state of a finished rollback, with whole commands', () => {
    const refused = {
      code: 'ERR_UNDO_REFUSED',
      reason: 'The database is not as it was',
      path: '/x',
    } as const;
    const transactions = [
      transaction({}),
      transaction({ undo: undo('after-newer') }),
      transaction({ undo: undo('refused', refused) }),
      transaction({ undo: undo('incomplete-source'), snapshotDir: '/data/snapshots' }),
      transaction({
        state: 'needs-roots',
        undo: undo('incomplete-source'),
        rootsGiven: 2,
        roots: 3,
        missingRoots: ['/data/c'],
      }),
      transaction({ state: 'partial', undo: undo('refused', { reason: 'It has been freed in part' }) }),
    ];
    expectGolden('status-finished', textOf({ transactions }));
  });

  it('tells of an unfinished one, of its locks, and of what is left or lost', () => {
    const text = textOf({
      transactions: [
        transaction({ state: 'unfinished', direction: 'backward' }),
        transaction({
          state: 'unfinished',
          committed: false,
          undo: undo('refused', { reason: 'Not begun' }),
        }),
      ],
      traces: ['/data/a/.litt-rollback/x'],
      lostJournals: ['/data/a/litt.lock'],
      clockContradictions: [{ newer: 'one', older: 'two' }],
      blocks: [
        { kind: 'rollback-lock', path: '/data/a/litt.lock', pid: null },
        { kind: 'bolt', path: '/data/a/t/segments/bolt.keys', pid: null },
        { kind: 'held', path: '/data/b c/litt.lock', pid: 4711 },
      ],
      unfinished: true,
    });
    expectGolden('status-unfinished', text);
  });

  it('never advises purge while roots are missing', () => {
    for (const state of ['needs-roots', 'unfinished', 'applied', 'partial'] as const) {
      const missing = transaction({ state, missingRoots: ['/data/c'], rootsGiven: 1, roots: 2 });
      expect(textOf({ transactions: [missing] })).not.to.contain('purge');
    }
  });

  it('says that there is nothing', () => {
    expect(textOf({})).to.equal('No unfinished or undoable rollback.\n');
  });
});
