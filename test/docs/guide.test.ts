import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { allOptions, documentText, namedOptions, optionsByCommand } from './documents.ts';
import { section, tableRows } from './markdown.ts';
import { Place } from './place.ts';
import { expectSession } from './session.ts';

const GUIDE = documentText('docs/guide.md');

const APPLY = 'apply --src /data/block --key 620000000000000400';
const SAME_AS_BEFORE = 'diff -r --exclude=.litt-rollback /data/before /data/block';

describe('docs/guide.md: what it lists', () => {
  it('names every option that there is, and no other', () => {
    expect(namedOptions(section(GUIDE, '## Options'))).to.have.members(allOptions());
    expect(namedOptions(GUIDE).filter((option) => !allOptions().includes(option))).to.deep.equal([]);
  });

  it('says for each option which commands take it', () => {
    const options = optionsByCommand();
    const rows = tableRows(section(GUIDE, '## Options')).filter((row) => row.length === 3);
    expect(rows.length).to.be.greaterThan(15);
    for (const [named, of] of rows) {
      const commands = of === 'all' ? [...options.keys()] : (of ?? '').replaceAll('`', '').split(', ');
      for (const option of namedOptions(named ?? '')) {
        const missing = commands.filter((command) => options.get(command)?.has(option) !== true);
        expect(missing, option).to.deep.equal([]);
      }
    }
  });
});

describe('docs/guide.md: what it shows', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('happens: every command of the session prints what stands there', () => {
    expectSession(GUIDE, new Place('block', 'node', 'roots', 'litt'), 15);
  });

  it('frees: purge removes what undo keeps, and --no-undo keeps nothing', () => {
    const place = new Place();
    place.run(`litt-rollback ${APPLY} --yes`);
    expect(place.run('litt-rollback purge --src /data/block --yes')).to.match(/\d KiB/);
    expect(() => place.run('litt-rollback undo --src /data/block')).to.throw(/ERR_NOTHING_TO_UNDO/);
    place.run('litt-rollback apply --src /data/block --drop-last 1 --yes --no-undo');
    expect(() => place.run('litt-rollback undo --src /data/block')).to.throw(/ERR_NOTHING_TO_UNDO/);
  });

  it('reverts the most recent of several rollbacks', () => {
    const place = new Place();
    place.run('litt-rollback apply --src /data/block --drop-last 1 --yes');
    place.run(`cp -a /data/block /data/before && litt-rollback ${APPLY} --yes`);
    place.run('litt-rollback undo --src /data/block');
    place.run(SAME_AS_BEFORE);
  });

  it('refuses: undo, once there are new records', () => {
    const place = new Place();
    place.run(`cp -a /data/block /data/before && litt-rollback ${APPLY} --yes`);
    place.run('cp -a /data/before/blocks/segments/3* /data/block/blocks/segments');
    expect(() => place.run('litt-rollback undo --src /data/block')).to.throw(/ERR_UNDO_REFUSED/);
  });

  it('reads beside a lock, and plans there only without one', () => {
    const place = new Place();
    place.write('data/block/litt.lock', `PID: ${process.pid}\nTimestamp: 2026-01-01T00:00:00Z\n`);
    for (const reading of ['inspect', 'keys', 'verify', 'status']) {
      place.run(`litt-rollback ${reading} --src /data/block`);
    }
    const plan = 'litt-rollback plan --src /data/block --drop-last 1';
    expect(() => place.run(plan)).to.throw(/ERR_LOCKED/);
    expect(place.run(`${plan} --no-lock`)).to.contain('Approximate: ');
  });
});
