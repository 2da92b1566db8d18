/** What is said of fleet files with mistakes, word for word. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { errorToText } from '../../lib/cli/error-output.ts';
import { exitCodeOf } from '../../lib/cli/exit-codes.ts';
import { readFleet } from '../../lib/fleet/fleet-file.ts';
import { printable } from '../../lib/report/text.ts';
import { expectGolden } from '../report/golden.ts';
import { BAD_FILES } from './bad-files.ts';
import { fleetDir, refusalOf, withoutRights, writeFleet } from './fleet-dir.ts';

/** A file as a golden text shows it: long lines cut, control characters made visible. */
const shown = (text: string): string =>
  text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `    ${printable(line.length > 140 ? `${line.slice(0, 140)}…` : line)}`)
    .join('\n');

describe('fleet files with mistakes', () => {
  const dir = fleetDir();
  const files = Object.values(BAD_FILES).flatMap((group) => Object.entries(group));

  for (const [group, bad] of Object.entries(BAD_FILES)) {
    it(`are told by line and column: ${group}`, () => {
      const texts = Object.entries(bad).map(([what, text]) => {
        const error = refusalOf(() => readFleet(writeFleet(dir, text)));
        expect(error.code, what).to.equal('ERR_FLEET');
        const told = errorToText(error, { json: false, verbose: false, signal: null }).replaceAll(
          dir,
          '<dir>',
        );
        return `## ${what}\n\n${shown(text)}\n\n${told}`;
      });
      expectGolden(`fleet-${group}`, texts.join('\n'));
    });
  }

  it('are more than sixty, each refused as a mistake in usage, with a line and a column for each mistake', () => {
    expect(files.length).to.be.greaterThan(60);
    for (const [what, text] of files) {
      const error = refusalOf(() => readFleet(writeFleet(dir, text)));
      expect(exitCodeOf(error, null), what).to.equal(2);
      expect(error.details, what).not.to.have.length(0);
      for (const detail of error.details) expect(detail, what).to.match(/^line \d+, column \d+: \S/);
    }
  });
});

describe('a fleet file that cannot be read', () => {
  const dir = fleetDir();
  const whatOf = (path: string): string => {
    const error = refusalOf(() => readFleet(path));
    expect(error.code).to.equal('ERR_FLEET');
    return [error.what, ...error.details].join('; ');
  };

  it('is told by what lies there', () => {
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    symlinkSync('loop', join(dir, 'loop'));
    expect(whatOf(join(dir, 'lost.yaml'))).to.equal('The fleet file does not exist');
    expect(whatOf(dir)).to.equal('The fleet file is not a regular file');
    expect(whatOf(fifo)).to.equal('The fleet file is not a regular file');
    expect(whatOf(join(dir, 'loop'))).to.contain('The fleet file cannot be read: ');
  });

  it('is told by its bytes', () => {
    const text = 'version: 1\nnodes:\n  - { name: a, home: data/é }\n';
    expect(whatOf(writeFleet(dir, Buffer.from(text, 'latin1')))).to.equal(
      'The fleet file has a mistake; line 3, column 27: the byte \\xe9 is not UTF-8: save the file as UTF-8',
    );
    expect(whatOf(writeFleet(dir, Buffer.from(`\ufeff${text}`, 'utf16le')))).to.contain('is UTF-16');
    expect(whatOf(writeFleet(dir, Buffer.alloc(5 << 20, '#')))).to.contain('more than 4 MiB');
  });

  it('is told by who may read it', () => {
    const path = writeFleet(dir, 'version: 1\n', 'secret.yaml');
    chmodSync(dir, 0o755);
    chmodSync(path, 0);
    expect(withoutRights(() => whatOf(path))).to.match(/^The fleet file cannot be read: .*EACCES/);
  });

  it('is a path that is not a text, or empty', () => {
    for (const path of ['', 7, null, ['fleet.yaml']])
      expect(refusalOf(() => readFleet(path as string)).code).to.equal('ERR_USAGE');
  });

  it('is a pattern in a directory that this user may not list, or look into', () => {
    mkdirSync(join(dir, 'closed/n-1/home'), { recursive: true });
    const path = writeFleet(
      dir,
      'version: 1\nnodes:\n  - { name: "n{1}", home: closed/n-*/home, expect: 1 }\n',
    );
    chmodSync(dir, 0o755);
    for (const [closed, told] of [
      ['closed', 'closed'],
      ['closed/n-1', 'closed/n-1/home'],
    ] as const) {
      chmodSync(join(dir, closed), 0);
      expect(withoutRights(() => whatOf(path))).to.match(new RegExp(`${told} cannot be looked into: EACCES`));
      chmodSync(join(dir, closed), 0o755);
    }
    expect(withoutRights(() => readFleet(path).nodes)).to.have.length(1);
  });
});
