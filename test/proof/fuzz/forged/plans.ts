/** Forged plan files: what a person could be handed in the place of a plan. */
import type { Forged, PlanCase } from './plan-cases.ts';
import { addStep, changeStep, dropSteps, edited, stepAt } from './plan-cases.ts';
import { TABLES } from './world.ts';

const CUT = TABLES.cut;

/** Paths that leave their root, or are none. */
const LEAVING: readonly string[] = [
  '../canary/cut/segments/0.keys',
  'cut/../../canary/cut/segments/0.keys',
  'cut/segments/../../../canary/0.removed',
  '/etc/hostname',
  'cut//segments/3.keys',
  'cut/segments/3.keys/',
  'cut/segments/./3.keys',
  'cut/segments/..',
  'cut\\segments\\3.keys',
  'cut/segments/3.keys\0',
  '',
  '.',
  '..',
  'canary',
  'cut',
  'cut/segments',
  'litt.lock',
  '.litt-rollback/root-set.json',
  'cut/keymap/data/000004.log',
  `cut/segments/${'x'.repeat(5000)}`,
];

const pathCases: PlanCase[] = LEAVING.map((path) => ({
  name: `a path: ${JSON.stringify(path.slice(0, 50))}`,
  forge: (world) =>
    changeStep(world, 'segments/3.keys', (step) => {
      step['file'] = { root: 0, path };
    }),
}));

const placeCases: PlanCase[] = [
  ['a root that there is not', 2],
  ['a root far away', 4_294_967_294],
  ['a negative root', -1],
  ['half a root', 0.5],
  ['a root by name', 'roots'],
  ['no root', null],
].map(([name, root]) => ({
  name: `${name}`,
  forge: (world) =>
    changeStep(world, 'segments/3.keys', (step) => {
      step['file'] = { root, path: 'cut/segments/3.keys' };
    }),
}));

const removal = (table: string, path: string, more: Forged = {}): Forged => ({
  op: 'remove-file',
  table,
  file: { root: 0, path },
  size: 7,
  reason: 'newer',
  ...more,
});

const foreignCases: PlanCase[] = [
  {
    name: 'a file of a table outside of the plan',
    forge: (world) => addStep(world, CUT, removal(TABLES.outside, 'outside/segments/3.keys')),
  },
  {
    name: 'a file of a table outside of the plan, as its own',
    forge: (world) => addStep(world, CUT, removal(CUT, 'outside/segments/3.keys')),
  },
  {
    name: 'the keymap of a table outside of the plan',
    forge: (world) =>
      addStep(world, CUT, {
        op: 'remove-directory',
        table: TABLES.outside,
        file: { root: 0, path: 'outside/keymap' },
        reason: 'keymap',
      }),
  },
  {
    name: 'the keymap of another table of the plan, twice in the end',
    forge: (world) =>
      addStep(world, CUT, {
        op: 'remove-directory',
        table: TABLES.sealed,
        file: { root: 0, path: 'sealed/keymap' },
        reason: 'keymap',
      }),
  },
  {
    name: 'the segments directory as a keymap',
    forge: (world) =>
      changeStep(world, 'cut/keymap', (step) => {
        step['file'] = { root: 0, path: 'cut/segments' };
      }),
  },
  {
    name: 'a link in a root',
    forge: (world) =>
      changeStep(world, 'snapshots:cut/segments/1.keys', (step) => {
        step['file'] = { root: 0, path: 'cut/segments/1.keys' };
      }),
  },
  {
    name: 'a link with another target',
    forge: (world) =>
      changeStep(world, 'snapshots:cut/segments/1.keys', (step) => {
        step['target'] = '../../../canary/0.removed';
      }),
  },
  {
    name: 'a table that is a regular expression',
    forge: (world) => addStep(world, CUT, removal('[', 'cut/segments/3.keys')),
  },
  {
    name: 'a table that is a slow regular expression',
    forge: (world) => addStep(world, CUT, removal('(a+)+b', 'a'.repeat(60))),
  },
  {
    name: 'the gc-watermark of a table that is not emptied',
    forge: (world) => addStep(world, CUT, removal(CUT, 'cut/gc-watermark', { size: 2, reason: 'watermark' })),
  },
  {
    name: 'a file that another table of the database has',
    forge: (world) =>
      changeStep(world, 'segments/3.keys', (step) => {
        step['table'] = TABLES.sealed;
      }),
  },
];

const listCases: PlanCase[] = [
  {
    name: 'the same removal twice',
    forge: (world) =>
      edited(world, (plan) => {
        const table = plan.tables.find((t) => t.table === CUT)!;
        table.steps.push({ ...stepAt(plan, 'segments/3.keys') });
      }),
  },
  {
    name: 'the same cut twice',
    forge: (world) =>
      edited(world, (plan) => {
        const table = plan.tables.find((t) => t.table === CUT)!;
        table.steps.push({ ...stepAt(plan, 'segments/1.keys') });
      }),
  },
  {
    name: 'a directory, then a file in it',
    forge: (world) =>
      edited(world, (plan) => {
        const table = plan.tables.find((t) => t.table === CUT)!;
        table.steps.unshift({
          op: 'remove-directory',
          table: CUT,
          file: { root: 0, path: 'cut/snapshot' },
          reason: 'snapshot',
        });
      }),
  },
  {
    name: 'the same table twice',
    forge: (world) => edited(world, (plan) => plan.tables.push(plan.tables[0]!)),
  },
  {
    name: 'the keymap stays',
    forge: (world) => dropSteps(world, (step) => step['reason'] === 'keymap'),
  },
  {
    name: 'the snapshot links stay',
    forge: (world) =>
      dropSteps(world, (step) => String(step['file']).length > 0 && step['op'] === 'remove-link'),
    expect: 'undoable',
  },
  {
    name: 'the hard links of the snapshot stay',
    forge: (world) => dropSteps(world, (step) => step['reason'] === 'snapshot'),
  },
  {
    name: 'a hard link of the snapshot stays',
    forge: (world) => dropSteps(world, (step) => stepNames(step, 'snapshot/1-1.values')),
  },
  {
    name: 'the bounds stay',
    forge: (world) => dropSteps(world, (step) => /bound/.test(String(step['reason']))),
    expect: 'undoable',
  },
  {
    name: 'the metadata stays',
    forge: (world) => dropSteps(world, (step) => step['reason'] === 'metadata'),
    expect: 'undoable',
  },
  {
    name: 'a removed segment stays in part',
    forge: (world) => dropSteps(world, (step) => stepNames(step, 'segments/3.keys')),
  },
  {
    name: 'values before their keys',
    forge: (world) =>
      edited(world, (plan) => {
        for (const table of plan.tables) table.steps.reverse();
      }),
    expect: 'undoable',
  },
  {
    name: 'no fate of any segment',
    forge: (world) =>
      edited(world, (plan) => {
        for (const table of plan.tables) table['segments'] = [];
      }),
    expect: 'undoable',
  },
];

const stepNames = (step: Forged, path: string): boolean =>
  String((step['file'] as { path?: string }).path).endsWith(path);

/** Every plan that was forged by hand. */
export const PLAN_CASES: readonly PlanCase[] = [...pathCases, ...placeCases, ...foreignCases, ...listCases];
