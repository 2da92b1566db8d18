import { expect } from 'chai';
import { changesAnything } from '../../lib/plan/changes.ts';
import { nothingToDo } from '../../lib/report/plan-summary.ts';
import { planToText } from '../../lib/report/plan-text.ts';
import { expectGolden } from './golden.ts';
import { crowdedTable, cutTable, fate, plan, record, removeFile, tablePlan } from './sample-plans.ts';

describe('report/plan-text', () => {
  it('shows a cut in words, a bar and numbers', () => {
    const command = ['litt-rollback', 'apply', '--src', '/data/my litt', '--key', '0a0b'];
    expectGolden(
      'plan-cut',
      planToText(plan({ tables: [cutTable()] }), { applyCommand: command, width: 110 }),
    );
  });

  it('shows everything that can stand beside a cut', () => {
    const crowded = plan({
      tables: [crowdedTable(), cutTable()],
      roots: ['/data/a', '/data/b'],
      snapshotDir: '/data/snapshots',
      tablesOutside: ['Chunks', 't_2'],
      notices: [
        'A notice of the whole plan that is long enough to be broken into several lines on a narrow screen.',
      ],
    });
    expectGolden('plan-crowded', planToText(crowded, { width: 80, mode: 'apply', verbose: true }));
  });

  it('says that it cannot be undone, where nothing is kept for that', () => {
    const changing = plan({ tables: [cutTable()] });
    expect(planToText(changing, { keepUndo: false }).split('\n').slice(-3).join(' ')).to.match(
      /^Undo +it cannot be undone: with --no-undo nothing is kept/,
    );
    expect(planToText(changing, { keepUndo: true })).not.to.contain('undone');
    expect(planToText(plan({ tables: [] }), { keepUndo: false })).not.to.contain('undone');
  });

  it('uses colours only when asked', () => {
    const text = planToText(plan({ tables: [cutTable()] }), { color: true });
    expect(text).to.contain('\u001b[32m█');
    expectGolden('plan-colour', text);
  });

  it('says that there is nothing to do, and what the newest record is', () => {
    const table = tablePlan({
      table: 'blobs',
      lastKept: record(6, 39, '0a0b', 3),
      pivot: record(6, 39, '0a0b', 3),
      kept: { segments: 7, records: 284, keyBytes: 9000, valueBytes: 90_000 },
      segments: [fate(0, 'kept', 99_000, 0)],
    });
    const nothing = plan({ tables: [table] });
    expect(changesAnything(nothing)).to.equal(false);
    expect(nothingToDo(nothing)).to.contain('segment 6, record 39');
    expectGolden('plan-nothing', planToText(nothing, { applyCommand: ['litt-rollback', 'apply'] }));
  });

  it('tells every outcome of a table', () => {
    const kept = { segments: 1, records: 5, keyBytes: 100, valueBytes: 200 };
    const nothing = { segments: 0, records: 0, keyBytes: 0, valueBytes: 0 };
    const step = removeFile('x', '1.keys.swap', 'leftover');
    const tables = [
      tablePlan({
        table: 'delete',
        outcome: 'delete',
        removed: kept,
        segments: [fate(0, 'removed', 0, 300)],
        steps: [step],
      }),
      tablePlan({ table: 'keep', outcome: 'keep', kept, segments: [fate(0, 'kept', 300, 0)] }),
      tablePlan({ table: 'keep-tidy', outcome: 'keep', kept, steps: [step] }),
      tablePlan({
        table: 'repair',
        outcome: 'repair',
        kept,
        lastKept: record(0, 4, 'ff'),
        pivot: record(0, 4, 'ff'),
        steps: [step],
      }),
      tablePlan({ table: 'empty', outcome: 'keep', kept: nothing }),
    ];
    expectGolden('plan-outcomes', planToText(plan({ tables })));
  });

  it('does not offer to apply what cannot be applied', () => {
    const options = { applyCommand: ['litt-rollback', 'apply'] };
    const unlocked = planToText(plan({ tables: [cutTable()], unlocked: true }), options);
    expect(unlocked).to.contain('Planned without locks').and.not.to.contain('Apply it');
    const beside = planToText(plan({ tables: [cutTable()], unlocked: true, approximate: true }), options);
    expect(beside).to.contain('Approximate: the database is in use').and.not.to.contain('Apply it');
  });

  it('lets no control character of a path or a notice through', () => {
    const hostile = plan({
      tables: [tablePlan({ ...cutTable(), notices: ['bad \u001b[2J'] })],
      roots: ['/data/\u001b[31mlitt\n'],
      target: 'the newest record that ./\u0007.mjs accepts',
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(planToText(hostile, { verbose: true })).not.to.match(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('keeps every line within the width, keys and paths excepted', () => {
    for (const width of [60, 80, 120]) {
      const lines = planToText(plan({ tables: [crowdedTable()] }), { width }).split('\n');
      expect(Math.max(...lines.filter((l) => !l.includes('segments ')).map((l) => l.length))).to.be.at.most(
        width + 50,
      );
    }
  });
});
