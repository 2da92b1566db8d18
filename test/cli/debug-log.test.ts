/** LITT_ROLLBACK_DEBUG: what it writes, where it may lie, and that it decides nothing. */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { database, finish, lastJson, type Result, scratchFile } from './process.ts';

const LINE = /^(\d+) \+(\d{4,}\.\d{3}) ms {2}(== [a-z ]+( (".*"|\d+))*|[a-zA-Z]+ {2}.* {2}\d+\.\d{3} ms)$/;

const debug = (file: string) => ({ env: { LITT_ROLLBACK_DEBUG: file } });

/** The lines of a log, each checked for its form, without process and time. */
function linesOf(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  expect(lines.pop()).to.equal('');
  for (const line of lines) expect(line).to.match(LINE);
  return lines.map((line) => line.replace(/^\d+ \S+ ms {2}/, ''));
}

/** The phases of a log in their order, a step like the one before told once. */
function phasesOf(lines: readonly string[]): string[] {
  const all = lines.flatMap((line) => /^== ([a-z ]+[a-z])/.exec(line)?.[1] ?? []);
  return all.filter((phase, i) => !(phase.startsWith('step') && all.indexOf(phase) < i));
}

const log = (): string => join(tempDir('litt-log-'), 'debug.log');

describe('cli: the debug log', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  it('tells plan, apply, undo, resume and purge call by call, and lets only its owner read it', async () => {
    const db = database('single-root');
    const file = log();
    const runs = [
      [
        ['plan', '--drop-last', '1'],
        ['start', 'lock', 'plan table', 'exit'],
      ],
      [
        ['apply', '--drop-last', '1', '--yes'],
        ['start', 'lock', 'plan table', 'begin', 'step', 'step result', 'flush', 'verify', 'end', 'exit'],
      ],
      [['undo'], ['start', 'undo', 'lock', 'begin', 'step', 'step result', 'flush', 'end', 'exit']],
      [['resume'], ['start', 'resume', 'exit']],
      [['purge'], ['start', 'purge', 'lock', 'exit']],
    ] as const;
    let seen = 0;
    for (const [words, phases] of runs) {
      const { code, stderr } = await finish([...words, ...db.src], debug(file));
      expect([code, stderr], words[0]).to.deep.equal([0, '']);
      const lines = linesOf(file).slice(seen);
      seen += lines.length;
      expect([...new Set(phasesOf(lines))], words[0]).to.deep.equal(phases);
      expect(lines[0]).to.contain(`"${words[0]}"`).and.to.contain(JSON.stringify(db.roots[0]));
      expect(lines.join('\n')).to.contain('== exit 0').and.to.contain('lstat  "');
      const changes = lines.filter((line) => /^(fsync|rename|truncate) {2}.* ok {2}/.test(line));
      if (words[0] === 'apply' || words[0] === 'undo') expect(changes.length).to.be.greaterThan(5);
    }
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('shows the call that failed, and how the command ended', async () => {
    const file = log();
    const { code } = await finish(['inspect', '--src', join(tempDir(), 'gone')], debug(file));
    expect(code).to.equal(3);
    const text = linesOf(file).join('\n');
    expect(text).to.match(/^realpath {2}".*gone" {2}ENOENT {2}/m);
    expect(text).to.contain('== error "ERR_ROOT_NOT_FOUND"').and.to.contain('== exit 3');
  });

  it('makes no difference to results, and does not exist when it is off', async () => {
    const db = database('single-root');
    const before = treeOf(db.dir);
    const cwd = tempDir();
    const words = ['plan', ...db.src, '--drop-last', '1'];
    const [off, empty, on] = [
      await finish(words, { cwd }),
      await finish(words, { cwd, ...debug('') }),
      await finish(words, { cwd, ...debug(log()) }),
    ];
    expect(off.code).to.equal(0);
    expect(empty).to.deep.equal(off);
    expect(on).to.deep.equal(off);
    expect(readdirSync(cwd)).to.deep.equal([]);
    expectUntouched(db.dir, before);
  });

  it('is not made for an unknown command', async () => {
    const file = log();
    for (const words of [['--version'], ['plan', '--help'], ['plan', '--odd']])
      await finish(words, debug(file));
    expect(existsSync(file)).to.equal(false);
  });

  it('is refused inside of a database, and where it cannot be opened', async () => {
    const db = database('snapshots');
    const root = db.roots[0]!;
    const dir = tempDir();
    symlinkSync(root, join(dir, 'root'));
    symlinkSync(join(dir, 'target'), join(dir, 'link.log'));
    writeFileSync(join(dir, 'one'), 'two names');
    linkSync(join(dir, 'one'), join(dir, 'other'));
    writeFileSync(join(dir, 'notes'), 'mine\n');
    mkdirSync(join(root, '.litt-rollback', 'deep'), { recursive: true });
    const before = [treeOf(db.dir), treeOf(dir)] as const;
    const wrong = {
      'directory of a database': [
        join(root, 'x.log'),
        join(root, '.litt-rollback', 'x.log'),
        join(root, '.litt-rollback', 'deep', 'x.log'),
        join(dir, 'root', 'x.log'),
        join(db.snapshotDir!, 'x.log'),
      ],
      'standard output is for results': ['-'],
      EISDIR: [dir],
      ENOENT: [join(dir, 'no', 'x.log')],
      ELOOP: [join(dir, 'link.log')],
      'another name': [join(dir, 'other')],
      'not a debug log of this program': [join(dir, 'notes')],
    };
    for (const [why, files] of Object.entries(wrong)) {
      for (const file of files) {
        const words = ['plan', '--json', ...db.src, '--snapshot-dir', db.snapshotDir!, '--drop-last', '1'];
        const { code, stdout, stderr } = await finish(words, { cwd: dir, ...debug(file) });
        expect([code, stdout], file).to.deep.equal([2, '']);
        expect(stderr).to.contain(why);
        expect(lastJson(stderr)).to.include({ code: 'ERR_USAGE' });
      }
    }
    expectUntouched(db.dir, before[0]);
    expectUntouched(dir, before[1]);
  });

  it('is refused in a root that only the plan file names', async () => {
    const db = database('single-root');
    const plan = scratchFile('plan.json', '');
    expect((await finish(['plan', ...db.src, '--drop-last', '1', '--out', plan])).code).to.equal(0);
    const before = treeOf(db.dir);
    const words = ['apply', plan, '--yes'];
    expect((await finish(words, debug(join(db.roots[0]!, 'x.log')))).code).to.equal(2);
    expectUntouched(db.dir, before);
    expect((await finish(words, debug(log()))).code).to.equal(0);
  });

  it('ends with one warning on a full disk, and the command goes on', async function () {
    if (!existsSync('/dev/full')) this.skip();
    const db = database('single-root');
    const words = ['apply', ...db.src, '--drop-last', '1', '--yes'];
    const { code, stdout, stderr } = await finish(words, debug('/dev/full'));
    expect([code, stderr]).to.deep.equal([0, 'warning: the debug log "/dev/full" ends here: ENOSPC\n']);
    expect(stdout).to.contain('Done: ');
    expect((await finish(['verify', ...db.src])).code).to.equal(0);
  });

  it('does not stop the command when its directory goes meanwhile', async () => {
    const db = database('single-root');
    const file = log();
    const removing = `import { rmSync } from 'node:fs';
      rmSync(${JSON.stringify(join(file, '..'))}, { recursive: true });
      let n = 0;
      export default () => ++n > 3;`;
    const words = ['plan', ...db.src, '--filter', scratchFile('filter.mjs', removing)];
    const { code, stderr } = await finish(words, debug(file));
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(existsSync(file)).to.equal(false);
  });

  it('is shared by commands that run at the same time, line by line', async () => {
    const db = database('single-root');
    const file = log();
    writeFileSync(file, '1 +0000.000 ms  == start "what was there stays"\n');
    const one = (): Promise<Result> => finish(['verify', ...db.src], debug(file));
    for (const { code } of await Promise.all([one(), one()])) expect(code).to.equal(0);
    const lines = linesOf(file);
    expect(lines[0]).to.contain('what was there stays');
    for (const mark of ['== start ', '== exit 0'])
      expect(lines.slice(1).filter((line) => line.startsWith(mark))).to.have.length(2);
    const pids = readFileSync(file, 'utf8').match(/^\d+(?= )/gm);
    expect(new Set(pids).size).to.equal(3);
  });
});
