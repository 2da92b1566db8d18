import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EXIT_CODES } from '../../lib/cli/exit-codes.ts';
import { encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { thisProcess } from '../../lib/store/process-identity.ts';
import { buildOnce } from '../helpers/command.ts';
import { PROJECT } from '../structure/source.ts';
import { countLines } from '../structure/style-rules.ts';
import { allOptions, documentText, namedOptions, plain, programCommands } from './documents.ts';
import { section, tableRows } from './markdown.ts';
import { Place } from './place.ts';
import { expectSession } from './session.ts';

const README = documentText('README.md');

/** More than a person reads before the first run. */
const MOST_LINES = 200;

describe('README: what it lists', () => {
  it('is short', () => {
    expect(countLines(README)).to.be.at.most(MOST_LINES);
  });

  it('has the table of exit codes that the program has', () => {
    expect(tableRows(section(README, '## Exit codes')).map((row) => row.map(plain))).to.deep.equal(
      EXIT_CODES,
    );
  });

  it('has every target, and no other', () => {
    const plan = programCommands().find((c) => c.name() === 'plan')!;
    const targets = plan.options.filter((o) => o.helpGroupHeading?.startsWith('Target'));
    const told = tableRows(section(README, '## Targets')).map(([target]) => namedOptions(target ?? '')[0]);
    expect(told).to.have.members(targets.map((o) => o.long));
  });

  it('names no option that is not there', () => {
    const all = allOptions();
    expect(namedOptions(README).filter((option) => !all.includes(option))).to.deep.equal([]);
  });
});

/** A rollback that is killed after its first step. */
const KILLED = `node -e "import('litt-rollback').then(async ({ applyPlan, planRollback }) => {
  const target = { kind: 'height', height: 1024n };
  const plan = await planRollback({ roots: ['/data/block'], target });
  await applyPlan(plan, { onProgress: () => process.kill(process.pid, 'SIGKILL') });
})"`;

/** A place whose database is half rolled back, and a copy of how it was. */
function killedPlace(): Place {
  const place = new Place();
  place.run('cp -a /data/block /data/before');
  expect(() => place.run(KILLED))
    .to.throw()
    .with.property('signal', 'SIGKILL');
  return place;
}

describe('README: what it shows', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('happens: every command of the session prints what stands there', () => {
    expectSession(README, new Place('block'), 4);
  });

  it('locks: a rollback that was killed is shut, and its lock says what to do', () => {
    const place = killedPlace();
    for (const shut of ['verify', 'plan --drop-last 1', 'apply --height 1024']) {
      expect(() => place.run(`litt-rollback ${shut} --src /data/block`))
        .to.throw(/ERR_UNFINISHED/)
        .with.property('status', 6);
    }
    const status = place.show('litt-rollback status --src /data/block');
    expect(status.status).to.equal(6);
    expect(status.output).to.contain('Unfinished');
    expect(place.run('ls /data/block/*/segments')).to.contain('UNFINISHED-ROLLBACK--');
    expect(place.run('cat /data/block/litt.lock')).to.contain('Do not start the node').and.not.contain('PID');
  });

  it('finishes: resume finishes it', () => {
    const place = killedPlace();
    place.run('litt-rollback resume --src /data/block');
    expect(place.run('litt-rollback verify --src /data/block')).to.contain(' 109 records');
  });

  it('goes back: undo reverts it', () => {
    const place = killedPlace();
    place.run('litt-rollback undo --src /data/block');
    place.run('diff -r --exclude=.litt-rollback /data/before /data/block');
  });

  it('asks: a rollback that another container began is resumed by force only', () => {
    const place = killedPlace();
    const elsewhere = encodeChecksummed({ ...thisProcess(), pid: 1, started: '1', space: 'pid:[1]' });
    place.write('elsewhere', elsewhere.toString());
    place.run('cp elsewhere /data/block/.litt-rollback/*-*/runner.1');
    const resume = 'litt-rollback resume --src /data/block';
    expect(() => place.run(resume)).to.throw(/ERR_LOCKED[\s\S]*--force-unlock/);
    place.run(`${resume} --force-unlock`);
    expect(place.run('litt-rollback verify --src /data/block')).to.contain(' 109 records');
  });

  it('needs nothing installed on a node but dist and package.json', () => {
    const place = new Place();
    for (const part of ['dist', 'package.json']) {
      cpSync(join(PROJECT, part), join(place.dir, 'node', part), { recursive: true });
    }
    const command = 'node node/dist/bin/litt-rollback.js';
    expect(place.run(`${command} --version`)).to.match(/^\d+\.\d+\.\d+\n$/);
    place.run(`${command} plan --src /data/block --drop-last 1 --out plan.json`);
    expect(place.run(`${command} apply plan.json --yes`)).to.contain('Done: ');
    expect(place.run(`${command} verify --src /data/block`)).to.contain('Verified');
  });
});
