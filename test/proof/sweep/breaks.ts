/** Faults that are put into a copy of the program on purpose, each at one place: a sweep must find every one. */
import { type ParsedSource, withSources } from '../parse-sources.ts';
import { type Change, changedText } from './change-source.ts';

/** A fault, and where it must be found. */
export interface Break {
  readonly name: string;
  /** Changes of files of the project, by their paths. */
  readonly changes: Readonly<Record<string, readonly Change[]>>;
  readonly sweep: 'kill' | 'errors' | 'beside' | 'power';
  readonly scenario: 'apply' | 'undo';
  /** The calls at which it is looked for. */
  readonly at: RegExp;
}

const TRANSACTION = 'lib/journal/transaction.ts';
const STEPS = 'lib/journal/execute-step.ts';
const CLAIM = 'lib/journal/claim.ts';
const DURABLE_FS = 'lib/store/durable-fs.ts';
/** Calls in the middle of the steps. */
const AT_STEPS = /\/kept\/2\./;
const AT_INVERSE_STEPS = /\/25\.keys"/;

/** What a rollback does wrong, and a kill shows. */
const FORWARD_BREAKS: readonly Omit<Break, 'sweep' | 'scenario'>[] = [
  {
    name: 'no bolts',
    changes: { [TRANSACTION]: [{ leaveOut: 'placeBolt', within: 'placeBolts' }] },
    at: AT_STEPS,
  },
  {
    name: 'the ordinary lock is left',
    changes: {
      [TRANSACTION]: [
        { leaveOut: 'raiseFence', within: 'begin' },
        { leaveOut: 'refuseIntruders', within: 'begin' },
      ],
    },
    at: AT_STEPS,
  },
  {
    name: 'committed before the bolts',
    changes: { [TRANSACTION]: [{ swap: ['placeBolts', 'markAll'], within: 'begin' }] },
    at: /UNFINISHED/,
  },
  {
    name: 'done before the steps',
    changes: {
      [TRANSACTION]: [
        {
          replace: 'markAll',
          within: 'begin',
          by: ({ whole, args: [context] }) => `[${whole}, markAll(${context}, DONE_MARK)]`,
        },
      ],
    },
    at: AT_STEPS,
  },
  {
    name: 'bolts drawn before the end is marked',
    changes: { [TRANSACTION]: [{ swap: ['markAll', 'removeBolt'], within: 'finishForward' }] },
    at: /\/\.done\./,
  },
  {
    name: 'unlocked before the journal is closed',
    changes: { [TRANSACTION]: [{ swap: ['renameDocument', 'unlock'], within: 'finishForward' }] },
    at: /\/undo\.json"/,
  },
  {
    name: 'cut before the tail is saved',
    changes: { [STEPS]: [{ leaveOut: 'saveTail', within: 'cut' }] },
    at: /\/kept\/3\.new/,
  },
  {
    name: 'removed without being kept',
    changes: {
      [STEPS]: [
        {
          replace: 'rename',
          within: 'moveTo',
          by: ({ receiver, args: [path, to] }) => `[${receiver}.removeTree(${path}), ${to}]`,
        },
      ],
    },
    at: AT_STEPS,
  },
  {
    name: 'a step that was carried out stops the next run',
    changes: { [STEPS]: [{ alwaysLeadTo: 'keptAndPresentError', within: 'moveAside' }] },
    at: AT_STEPS,
  },
];

/** What an undo does wrong, and a kill shows. */
const UNDO_BREAKS: readonly Omit<Break, 'sweep' | 'scenario'>[] = [
  {
    name: 'undone before the inverse steps',
    changes: {
      [TRANSACTION]: [
        {
          replace: 'markAll',
          within: 'beginUndo',
          by: ({ whole, args: [context] }) => `[${whole}, markAll(${context}, UNDONE_MARK)]`,
        },
      ],
    },
    at: AT_INVERSE_STEPS,
  },
  {
    name: 'an undo without a journal',
    changes: { [TRANSACTION]: [{ leaveOut: 'renameDocument', within: 'beginUndo' }] },
    at: AT_INVERSE_STEPS,
  },
];

/** What no kill shows, and no simulated disk or process: it takes a real kernel. */
const KERNEL_BREAKS: readonly Break[] = [
  {
    name: 'a failed fsync is passed over',
    changes: {
      [DURABLE_FS]: [
        {
          append: `
const { fsync } = realFs;
Object.assign(realFs, {
  fsync: (fd: number) => {
    try {
      fsync(fd);
    } catch {}
  },
});
`,
        },
      ],
    },
    sweep: 'errors',
    scenario: 'apply',
    at: /^fsync.*\.journal\.json/,
  },
  {
    name: 'claims do not count',
    changes: { [CLAIM]: [{ leaveOut: 'refuseLiving', within: 'claimDir' }] },
    sweep: 'beside',
    scenario: 'apply',
    at: /\/kept\/2\.tail/,
  },
  {
    // Either alone is hidden by these file systems: one sync makes all names before it durable. The simulator tells.
    name: 'nothing is synced',
    changes: {
      [DURABLE_FS]: [{ append: 'Object.assign(realFs, { fsync: () => {}, fsyncDir: () => {} });\n' }],
    },
    sweep: 'power',
    scenario: 'apply',
    at: /./,
  },
];

/** Every fault. */
export const BREAKS: readonly Break[] = [
  ...FORWARD_BREAKS.map((one): Break => ({ ...one, sweep: 'kill', scenario: 'apply' })),
  ...UNDO_BREAKS.map((one): Break => ({ ...one, sweep: 'kill', scenario: 'undo' })),
  ...KERNEL_BREAKS,
];

/** The texts of the files of a project that each fault changes. @throws Error when one has no place */
export function brokenSources(project: string): Map<Break, Map<string, string>> {
  const paths = new Set(BREAKS.flatMap(({ changes }) => Object.keys(changes)));
  const wanted = new RegExp(`^(${[...paths].map((path) => path.replaceAll('.', '\\.')).join('|')})$`);
  return withSources(project, wanted, (sources) => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    return new Map(
      BREAKS.map((one) => [
        one,
        new Map(
          Object.entries(one.changes).map(([path, changes]) => [
            path,
            changedText(byPath.get(path) as ParsedSource, changes),
          ]),
        ),
      ]),
    );
  });
}
