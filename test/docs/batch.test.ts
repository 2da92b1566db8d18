import { expect } from 'chai';
import { Command } from 'commander';
import { addScope } from '../../lib/cli/program-target.ts';
import { EXIT_OF_KIND } from '../../lib/error-codes.ts';
import { scopeSchema } from '../../lib/fleet/fleet-schema.ts';
import { buildOnce } from '../helpers/command.ts';
import { batchCommands, documentText, namedOptions, plain } from './documents.ts';
import { codeBlocks, section, tableRows } from './markdown.ts';
import { Place } from './place.ts';
import { expectSession } from './session.ts';

const DOCUMENT = documentText('docs/batch.md');

const visible = (command: Command): string[] =>
  command.options.filter((o) => !o.hidden).map((o) => o.long ?? '');

describe('docs/batch.md: what it lists', () => {
  it('names every command, and no other', () => {
    const rows = tableRows(section(DOCUMENT, '## Commands')).map(([cell]) => plain(cell));
    const named = rows.filter((cell) => cell.startsWith('batch ')).map((cell) => cell.split(' ')[1]);
    expect([...new Set(named)]).to.have.members(batchCommands().map((c) => c.name()));
  });

  it('says for each option which commands take it', () => {
    const rows = tableRows(section(DOCUMENT, '## Commands')).filter((row) => row.length === 3);
    const told = new Map<string, string[]>(batchCommands().map((c) => [c.name(), []]));
    for (const [named, of] of rows) {
      const commands = of === 'all' ? [...told.keys()] : plain(of).split(', ');
      for (const option of namedOptions(named ?? '')) for (const c of commands) told.get(c)?.push(option);
    }
    for (const command of batchCommands()) {
      expect(told.get(command.name()), command.name()).to.have.members(visible(command));
    }
  });

  it('gives every scope option of plan a name that a fleet file takes, and no other', () => {
    const plan = new Command('plan');
    addScope(plan);
    expect(Object.keys(scopeSchema.shape).map((name) => `--${name}`)).to.have.members(visible(plan));
  });

  it('has the exit codes of the program', () => {
    const rows = tableRows(section(DOCUMENT, '## Exit codes')).map(([code]) => plain(code));
    expect(rows).to.deep.equal(['1', '2', '5', '129, 130, 143', '3', '8', '7', '10', '0']);
    expect(EXIT_OF_KIND).to.include({
      defect: 1,
      usage: 2,
      refused: 3,
      locked: 5,
      system: 7,
      interrupted: 130,
    });
  });
});

describe('docs/batch.md: what it shows', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('happens: every command of the session prints what stands there', () => {
    const place = new Place('block');
    place.run('for n in val-0 rpc-1 rpc-2; do mkdir /data/$n; cp -a /data/block /data/$n/block; done');
    const [fleet] = codeBlocks(DOCUMENT).filter((block) => block.language === 'yaml');
    place.write('fleet.yaml', fleet?.text ?? '');
    expectSession(DOCUMENT, place, 2);
  });
});
