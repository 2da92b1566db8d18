import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Command } from 'commander';
import { EXIT_CODES } from '../../lib/cli/exit-codes.ts';
import { buildProgram } from '../../lib/cli/program.ts';
import { ERROR_CODES, type ErrorKind, RollbackError } from '../../lib/errors.ts';
import { encodeChecksummed } from '../../lib/format/checksummed-json.ts';
import { thisProcess } from '../../lib/store/process-identity.ts';
import { buildOnce } from '../helpers/command.ts';
import { keyedTable } from '../helpers/keyed-table.ts';
import { matches, Place } from './place.ts';
import { codeBlocks, consoleSteps, README, section, shownCommands, tableRows } from './readme.ts';
import { PROJECT, sourcesIn } from './source.ts';

/** The rollback that README applies. */
const APPLY = 'apply --src /data/block --key 620000000000000400';

/** The same, killed after its first step. */
const KILLED = `node -e "import('litt-rollback').then(async ({ applyPlan, planRollback }) => {
  const target = { kind: 'key', key: Buffer.from('620000000000000400', 'hex') };
  const plan = await planRollback({ roots: ['/data/block'], target });
  await applyPlan(plan, { onProgress: () => process.kill(process.pid, 'SIGKILL') });
})"`;

const SAME_AS_BEFORE = 'diff -r --exclude=.litt-rollback /data/before /data/block';

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

describe('README: what it lists', () => {
  it('has the table of exit codes that the program has', () => {
    expect(tableRows(section('## Exit codes')).map((row) => row.map(plain))).to.deep.equal(EXIT_CODES);
  });

  it('names every option that there is, and no other', () => {
    const named = new Set(README.match(/(?<![\w-])--[a-z][a-z-]+/g));
    for (const foreign of ['--reflink', '--exclude']) named.delete(foreign); // cp's and diff's
    expect([...named]).to.have.members(
      [...optionsByCommand().values()].flatMap((all) => [...all]).filter(once()),
    );
  });

  it('gives options to no command that does not take them', () => {
    const options = optionsByCommand();
    const wrong = shownCommands().filter(([name, ...words]) =>
      words.some((word) => word.startsWith('--') && options.get(name ?? '')?.has(word) !== true),
    );
    expect(wrong).to.deep.equal([]);
    expect(shownCommands().length).to.be.greaterThan(8);
  });

  it('tells every refusal, damage and lock under the exit code that it has', () => {
    const headings: [string, ErrorKind][] = [
      ['### Exit 3: refused', 'refused'],
      ['### Exit 4: damaged', 'damaged'],
      ['### Exit 5: locked', 'locked'],
    ];
    for (const [heading, kind] of headings) {
      const told = tableRows(section(heading)).map(([, says]) => /`(ERR_\w+)`/.exec(says ?? '')?.[1]);
      const codes = ERROR_CODES.filter((code) => new RollbackError(code, { what: '' }).kind === kind);
      expect(told).to.have.members(codes);
    }
  });

  it('quotes what the program says', () => {
    const program = sourcesIn('lib', 'streams')
      .map((m) => m.text)
      .join('\n');
    const rows = ['### Exit 3: refused', '### Exit 4: damaged', '### Exit 5: locked'].flatMap((heading) =>
      tableRows(section(heading)),
    );
    const quoted = rows.map(([, says]) => /^"(.+)"/.exec(says ?? '')?.[1] ?? `nothing quoted: ${says}`);
    expect(quoted.filter((text) => !program.includes(text))).to.deep.equal([]);
  });

  it('names only codes that there are', () => {
    const named = README.match(/\bERR_\w+/g) ?? [];
    expect(named.filter((code) => code !== 'ERR_CODES' && !isCode(code))).to.deep.equal([]);
  });
});

const isCode = (word: string): boolean => (ERROR_CODES as readonly string[]).includes(word);

/** A filter that lets each text pass once. */
function once(): (text: string) => boolean {
  const seen = new Set<string>();
  return (text) => seen.size < seen.add(text).size;
}

/** The long options of each command, those that every command takes included. */
function optionsByCommand(): Map<string, Set<string>> {
  const program = buildProgram(
    async () => {},
    () => {},
  );
  const longs = (command: Command): string[] => command.options.map((o) => o.long ?? '');
  const everywhere = [...longs(program), '--help'];
  return new Map(program.commands.map((c) => [c.name(), new Set([...longs(c), ...everywhere])]));
}

describe('README: what it shows', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('happens: every command of the session prints what stands there', () => {
    const place = new Place();
    const steps = consoleSteps();
    expect(steps.length).to.be.greaterThan(8);
    for (const { command, output } of steps) {
      const said = place.run(command);
      if (!matches(said, output)) expect(said, command).to.equal(output);
    }
  });

  it('finishes: a rollback that was killed is shut, and resume finishes it, undo takes it back', () => {
    for (const command of ['resume', 'undo']) {
      const place = new Place();
      place.run(`cp -a /data/block /data/before`);
      expect(() => place.run(KILLED))
        .to.throw()
        .with.property('signal', 'SIGKILL');
      for (const shut of ['verify --src /data/block', 'plan --src /data/block --drop-last 1', APPLY]) {
        expect(() => place.run(`litt-rollback ${shut}`))
          .to.throw(/ERR_UNFINISHED/)
          .with.property('status', 6);
      }
      expect(place.run('ls /data/block/*/segments')).to.contain('UNFINISHED-ROLLBACK--');
      expect(place.run('cat /data/block/litt.lock')).to.not.contain('PID');
      place.run(`litt-rollback ${command} --src /data/block`);
      if (command === 'undo') place.run(SAME_AS_BEFORE);
      else expect(place.run('litt-rollback verify --src /data/block')).to.contain(' 109 records');
    }
  });

  it('asks: a rollback that another container began is resumed by force only', () => {
    const place = new Place();
    expect(() => place.run(KILLED))
      .to.throw()
      .with.property('signal', 'SIGKILL');
    const elsewhere = encodeChecksummed({ ...thisProcess(), pid: 1, started: '1', space: 'pid:[1]' });
    place.write('elsewhere', elsewhere.toString());
    place.run('cp elsewhere /data/block/.litt-rollback/*-*/runner.1');
    expect(() => place.run('litt-rollback resume --src /data/block')).to.throw(/--force-unlock/);
    place.run('litt-rollback resume --src /data/block --force-unlock');
    expect(place.run('litt-rollback verify --src /data/block')).to.contain(' 109 records');
  });

  it('frees: purge removes what undo keeps, and --no-undo keeps nothing', () => {
    const place = new Place();
    place.run(`litt-rollback ${APPLY} --yes`);
    expect(place.run('litt-rollback purge --src /data/block')).to.match(/\d KiB/);
    expect(() => place.run('litt-rollback undo --src /data/block')).to.throw(/ERR_NOTHING_TO_UNDO/);
    place.run('litt-rollback apply --src /data/block --drop-last 1 --yes --no-undo');
    expect(() => place.run('litt-rollback undo --src /data/block')).to.throw(/ERR_NOTHING_TO_UNDO/);
  });

  it('takes back the newest of several rollbacks', () => {
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

  it('runs: the examples for the library, as plain JavaScript on the built package', () => {
    const blocks = codeBlocks();
    const examples = blocks
      .flatMap((b, i) => (b.language === 'js' ? [[b, blocks[i + 1]] as const] : []))
      .filter(([b]) => !b.text.includes('export default'));
    expect(examples).to.have.length(2);
    for (const [example, output] of examples) {
      expect(output?.language).to.equal('text');
      const place = new Place();
      place.write('example.mjs', example.text);
      expect(place.run('node example.mjs')).to.equal(output?.text);
    }
  });

  it('understands: the schema of your own', () => {
    const place = new Place();
    const [schema] = codeBlocks().filter((b) => b.language === 'js' && b.text.includes('export default'));
    place.write('votes.mjs', schema!.text);
    const vote = (n: number): Buffer[] => [Buffer.from([0, 0, 0, 0, 0, 0, 0, n]), Buffer.from(`voter ${n}`)];
    const root = keyedTable([{ groups: [vote(1), vote(2), vote(3)] }], { table: 'votes' });
    const said = place.run(`litt-rollback plan --src ${root} --height 2 --schema votes=votes.mjs`);
    expect(said).to.contain('2 is the last that stays, 3 the first that goes (schema votes)');
    expect(said).to.contain('votes of 3');
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
