/** Faults that are put into a copy of the program on purpose, each at one place: a sweep must find every one. */

/** Replaces a text that occurs exactly once in a file of the project. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A fault, and where it must be found. */
export interface Break {
  readonly name: string;
  readonly edits: readonly Edit[];
  readonly sweep: 'kill' | 'errors' | 'beside' | 'power';
  readonly scenario: 'apply' | 'undo';
  /** The calls at which it is looked for. */
  readonly at: RegExp;
}

const TRANSACTION = 'lib/journal/transaction.ts';
const FORWARD = 'lib/journal/execute-step.ts';
const DURABLE_FS = 'lib/store/durable-fs.ts';
/** Calls in the middle of the steps. */
const STEPS = /\/kept\/2\./;
const INVERSE_STEPS = /\/25\.keys"/;

/** What a rollback does wrong. */
const FORWARD_BREAKS: readonly Break[] = [
  {
    name: 'no bolts',
    edits: [
      {
        file: 'lib/store/bolt.ts',
        from: 'const { uid, gid } = fs.lstat(segmentsDir);',
        to: 'if (id.length > 0) return;\n  const { uid, gid } = fs.lstat(segmentsDir);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: STEPS,
  },
  {
    name: 'the ordinary lock is left',
    edits: [
      {
        file: TRANSACTION,
        from: 'for (const root of participants.roots) raiseFence(fs, root, fence, context.ownsLock);',
        to: 'for (const root of participants.roots) void root;',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: STEPS,
  },
  {
    name: 'committed before the bolts',
    edits: [
      {
        file: TRANSACTION,
        from: 'placeBolts(context);\n  refuseIntruders(context);\n  check();\n  markAll(context, COMMITTED_MARK);',
        to: 'refuseIntruders(context);\n  check();\n  markAll(context, COMMITTED_MARK);\n  placeBolts(context);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: /UNFINISHED/,
  },
  {
    name: 'done before the steps',
    edits: [
      {
        file: TRANSACTION,
        from: 'markAll(context, COMMITTED_MARK);',
        to: 'for (const mark of [COMMITTED_MARK, DONE_MARK]) markAll(context, mark);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: STEPS,
  },
  {
    name: 'bolts drawn before the end is marked',
    edits: [
      {
        file: TRANSACTION,
        from: 'markAll(context, DONE_MARK);\n  for (const dir of boltDirs(context)) removeBolt(fs, dir, participants.id);',
        to: 'for (const dir of boltDirs(context)) removeBolt(fs, dir, participants.id);\n  markAll(context, DONE_MARK);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: /\/\.done\./,
  },
  {
    name: 'unlocked before the journal is closed',
    edits: [
      {
        file: TRANSACTION,
        from: 'for (const area of inReverse(participants.areas)) renameDocument(fs, area, JOURNAL_FILE, UNDO_FILE);\n  unlock(context);',
        to: 'unlock(context);\n  for (const area of participants.areas) renameDocument(fs, area, JOURNAL_FILE, UNDO_FILE);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: /\/undo\.json"/,
  },
  {
    name: 'cut before the tail is saved',
    edits: [
      {
        file: FORWARD,
        from: 'this.saveTail(step, index, path, stat);',
        to: 'if (index < 0) this.saveTail(step, index, path, stat);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: /\/kept\/3\.new/,
  },
  {
    name: 'removed without being kept',
    edits: [{ file: FORWARD, from: 'this.fs.rename(path, undoCopy);', to: 'this.fs.removeTree(path);' }],
    sweep: 'kill',
    scenario: 'apply',
    at: STEPS,
  },
  {
    name: 'a step that was carried out stops the next run',
    edits: [
      {
        file: FORWARD,
        from: '// Moved before a crash: the names may not have been durable yet.',
        to: 'if (index >= 0) throw keptAndPresentError(step, path, undoCopy);',
      },
    ],
    sweep: 'kill',
    scenario: 'apply',
    at: STEPS,
  },
];

/** What an undo does wrong, and what only other sweeps than kills can see. */
const OTHER_BREAKS: readonly Break[] = [
  {
    name: 'undone before the inverse steps',
    edits: [
      {
        file: TRANSACTION,
        from: 'markAll(context, UNDOING_MARK, clear);',
        to: 'markAll(context, UNDOING_MARK, clear);\n  markAll(context, UNDONE_MARK);',
      },
    ],
    sweep: 'kill',
    scenario: 'undo',
    at: INVERSE_STEPS,
  },
  {
    name: 'an undo without a journal',
    edits: [
      { file: TRANSACTION, from: 'renameDocument(fs, area, UNDO_FILE, JOURNAL_FILE);', to: 'void area;' },
    ],
    sweep: 'kill',
    scenario: 'undo',
    at: INVERSE_STEPS,
  },
  {
    name: 'a failed fsync is passed over',
    edits: [
      {
        file: DURABLE_FS,
        from: 'fsync: (fd) => onFile(fd, () => nodeFs.fsyncSync(fd)),',
        to: 'fsync: (fd) => {\n    try {\n      nodeFs.fsyncSync(fd);\n    } catch {}\n  },',
      },
    ],
    sweep: 'errors',
    scenario: 'apply',
    at: /^fsync.*\.journal\.json/,
  },
  {
    name: 'claims do not count',
    edits: [
      {
        file: 'lib/journal/claim.ts',
        from: 'if (last !== null) refuseLiving(last, force);\n    const',
        to: 'if (last !== null && last.number < 0) refuseLiving(last, force);\n    const',
      },
    ],
    sweep: 'beside',
    scenario: 'apply',
    at: /\/kept\/2\.tail/,
  },
  {
    // Either alone is hidden by these file systems: one sync makes all names before it durable. The simulator tells.
    name: 'nothing is synced',
    edits: [
      {
        file: DURABLE_FS,
        from: 'fsync: (fd) => onFile(fd, () => nodeFs.fsyncSync(fd)),',
        to: 'fsync: () => {},',
      },
      { file: DURABLE_FS, from: 'naming(path, () => nodeFs.fsyncSync(fd));', to: 'naming(path, () => fd);' },
    ],
    sweep: 'power',
    scenario: 'apply',
    at: /./,
  },
];

/** Every fault. */
export const BREAKS: readonly Break[] = [...FORWARD_BREAKS, ...OTHER_BREAKS];
