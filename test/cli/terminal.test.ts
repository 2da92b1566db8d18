/** What a narrow terminal, a locale without UTF-8 and a program get to see. */
import { join } from 'node:path';
import { expect } from 'chai';
import { planRollback, verifyDatabase } from '../../lib/index.ts';
import { inAscii, lacksUtf8 } from '../../lib/report/ascii.ts';
import type { Progress } from '../../lib/types.ts';
import { makeSample } from '../../scripts/make-sample.ts';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { unpackNamed } from '../helpers/transactions.ts';
import { answers, database, finish, installed, jsonLines, onTerminal, scratchFile } from './process.ts';

/** The lines of a terminal, without its control sequences. */
function linesOf(printed: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
  return printed.replace(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '').split('\n');
}

describe('cli: on a terminal of 80 columns', function () {
  this.timeout(120_000);
  before(function () {
    buildOnce();
    if (process.platform !== 'linux' || !installed('script')) this.skip();
  });

  /** Lines that are longer and could have been broken: a path, a command and a key stay whole. */
  async function tooLong(...args: readonly string[]): Promise<string[]> {
    const { stdout } = await onTerminal(args, { columns: 80 }).result;
    expect(stdout, args.join(' ')).to.match(/\S/);
    const isWhole = (line: string): boolean => /litt-rollback |\/\S{50}/.test(line);
    return linesOf(stdout).filter((line) => line.length > 80 && !isWhole(line));
  }

  it('breaks lines at the width, in results and in errors', async () => {
    const { src } = database('blocks');
    const home = join(unpackNamed('node-home').dir, 'db', 'home');
    const runs = [
      ['plan', ...src, '--height', '1024'],
      ['plan', ...src, '--height', '99999'],
      [
        'plan',
        ...src,
        '--filter',
        scratchFile('a-filter-of-a-rather-long-name-to-be-shown.mjs', 'export default () => true'),
      ],
      ['plan', ...src, '--before', '2020-01-01'],
      ['plan', ...src, '--stragglers', 'keep'],
      ['inspect', ...src, '--heights', '--verbose'],
      ['inspect', '--home', home],
      ['keys', ...src],
      ['verify', ...src],
      ['apply', ...src, '--height', '1024', '--yes'],
      ['status', ...src],
      ['undo', ...src],
      ['undo', ...src],
      ['--help'],
    ];
    for (const args of runs) expect(await tooLong(...args), args.join(' ')).to.deep.equal([]);
  });

  it('shows the ends of long keys, and all of them with --verbose or in a file', async () => {
    const { src } = database('blocks');
    const { stdout } = await onTerminal(['keys', ...src, '--height', '1024'], { columns: 80 }).result;
    expect(stdout)
      .to.contain('620000000000000400')
      .and.to.match(/68bd8d0fcc7…[0-9a-f]{11}\r/);
    expect(stdout).to.contain('--verbose and --json show them whole');
    const hash = '68bd8d0fcc73e28e0f95bde1e1ece1305ccf6144d26d6d39c6ea44de82778676a7';
    expect(await answers(['keys', ...src, '--height', '1024'], 0)).to.contain(hash);
    const verbose = await onTerminal(['keys', ...src, '--height', '1024', '--verbose'], { columns: 80 })
      .result;
    expect(verbose.stdout).to.contain(hash).and.not.to.contain('shortened');
    const wide = await onTerminal(['keys', ...src, '--height', '1024'], { columns: 200 }).result;
    expect(wide.stdout).to.contain(hash);
  });

  it('lists the newest hundred records, and says how to see all', async () => {
    const { src } = database('blocks');
    const listed = async (...more: string[]): Promise<string[]> =>
      linesOf((await onTerminal(['keys', ...src, ...more], { columns: 80 }).result).stdout);
    const some = await listed();
    expect(some.filter((line) => /^ +\d/.test(line))).to.have.length(100);
    expect(some.join('\n')).to.contain('the newest 100 records of table blocks; --limit all shows all');
    expect((await listed('--limit', 'all')).filter((line) => /^ +\d/.test(line))).to.have.length(274);
    expect((await listed('--oldest-first')).join('\n')).to.contain('the oldest 100 records');
  });

  it('has no word of a limit where nothing was left out', async () => {
    const { roots } = makeSample({ dir: tempDir(), records: 100 });
    const { stdout } = await onTerminal(['keys', '--src', roots[0]!], { columns: 80 }).result;
    expect(stdout).not.to.contain('--limit');
  });
});

describe('cli: where the locale has no UTF-8', () => {
  it('is told by the first variable that is set', () => {
    for (const env of [{}, { LANG: 'C' }, { LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }, { LANG: 'de_DE@euro' }])
      expect(lacksUtf8(env), JSON.stringify(env)).to.equal(true);
    for (const env of [
      { LANG: 'C.utf8' },
      { LC_CTYPE: 'en_US.UTF-8', LANG: 'C' },
      { LC_ALL: '', LANG: 'x.UTF-8' },
    ])
      expect(lacksUtf8(env), JSON.stringify(env)).to.equal(false);
    expect(inAscii('█▓▒░·–… é')).to.equal('#=+.--... é');
  });

  it('prints ASCII only, and JSON as it is', async () => {
    const { src } = database('blocks');
    for (const LC_ALL of ['C', 'en_US.ISO-8859-1']) {
      for (const args of [
        ['inspect', ...src],
        ['plan', ...src, '--height', '1024'],
        ['plan', ...src, '--height', '1'],
      ]) {
        const { stdout, stderr } = await finish(args, { env: { LC_ALL } });
        expect(stdout + stderr, args.join(' ')).to.match(/^[ -~\n]*$/);
      }
    }
    const { stdout } = await finish(['plan', ...src, '--height', '1024'], { env: { LC_ALL: 'C' } });
    expect(stdout)
      .to.contain('segments 0-6')
      .and.to.match(/#+\+\.+ {5}# kept {3}\+ cut {3}\. removed/);
    const filter = scratchFile('§–….mjs', 'export default () => true');
    const json = await finish(['plan', '--json', ...src, '--filter', filter], { env: { LC_ALL: 'C' } });
    expect(json.stdout).to.contain(filter);
  });
});

describe('cli: for programs', function () {
  this.timeout(60_000);

  it('an error is one line of JSON, and nothing stands beside it', async () => {
    const { src } = database('blocks');
    for (const args of [
      ['plan', '--nonsense'],
      ['plan', ...src, '--height', '1'],
      ['plan', ...src, '--before', '1h ago', '--table', 'nope'],
      ['undo', ...src],
      ['verify', '--src', '/nowhere', '--verbose'],
      ['apply', ...src, '--height', '1024', '--progress', 'always'],
    ]) {
      const { code, stderr } = await finish([...args, '--json']);
      expect(code, args.join(' ')).to.be.greaterThan(1);
      const documents = jsonLines(stderr);
      expect(
        documents.map((d) => d.message_type),
        stderr,
      ).to.deep.equal(['error']);
    }
  });

  it('times are those that --before takes: what was sealed by then is kept', async () => {
    const { src } = database('blocks');
    const said = await answers(['inspect', ...src], 0);
    const newest = /sealed +(?:\S+ to )?(\S+)\n/.exec(said)?.[1];
    expect(newest).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await answers(['plan', ...src, '--before', newest!], 0)).to.contain('Nothing to do');
  });

  it('has a legend for every shade of the bar', async () => {
    expect(await answers(['inspect', ...database('blocks').src], 0)).to.contain('█ ▓ one segment each');
  });
});

describe('progress', () => {
  /** Expects that each stretch of work is said to be done. */
  function expectReached(reports: readonly Progress[]): void {
    expect(reports.length).to.be.greaterThan(0);
    reports.forEach((report, i) => {
      const next = reports[i + 1];
      const goesOn = next?.phase === report.phase && next.table === report.table && next.done >= report.done;
      if (!goesOn) expect(report.done, JSON.stringify([report, next])).to.equal(report.total);
      expect(report.done).to.be.at.most(report.total);
    });
  }

  it('reaches its totals, though work ends before all of it was needed', async () => {
    const { roots } = makeSample({ dir: tempDir(), records: 5000, segments: 5, roots: 1, shards: 1 });
    const targets = [
      { kind: 'drop-last', groups: 1 },
      { kind: 'drop-last', groups: 700 },
      { kind: 'keep-first', groups: 3 },
    ] as const;
    for (const target of targets) {
      const reports: Progress[] = [];
      await planRollback({ roots, target, blockBytes: 4096, onProgress: (p) => reports.push(p) });
      expectReached(reports);
    }
    const heights = database('blocks').roots;
    const reports: Progress[] = [];
    const target = { kind: 'height', height: 1024n } as const;
    await planRollback({ roots: heights, target, onProgress: (p) => reports.push(p) });
    expectReached(reports);
    const verified: Progress[] = [];
    await verifyDatabase(heights, { onProgress: (p) => verified.push(p) });
    expectReached(verified);
  });
});
