import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Command } from 'commander';
import { EXIT_CODES } from '../../lib/cli/exit-codes.ts';
import { buildProgram } from '../../lib/cli/program.ts';
import { ERROR_CODES, type ErrorKind, RollbackError } from '../../lib/errors.ts';
import { buildOnce } from '../helpers/command.ts';
import { fixtureCases, unpack } from '../helpers/fixtures.ts';
import { tempDir } from '../helpers/temp.ts';
import { codeBlocks, consoleSteps, README, section, shownCommands, tableRows } from './readme.ts';
import { PROJECT, sourcesIn } from './source.ts';

const plain = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');

describe('README: what it lists', () => {
  it('has the table of exit codes that the program has', () => {
    expect(tableRows(section('## Exit codes')).map((row) => row.map(plain))).to.deep.equal(EXIT_CODES);
  });

  it('names every option that there is, and no other', () => {
    const named = new Set(README.match(/(?<![\w-])--[a-z][a-z-]+/g));
    // These belong to other commands that it shows.
    named.delete('--reflink');
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

/** A directory that stands for `/`: README's database lies in its `data/block`. */
function place(): string {
  const fixture = fixtureCases().find((c) => c.name === 'blocks')!;
  const dir = tempDir('litt-readme-');
  mkdirSync(join(dir, 'data'));
  cpSync(unpack(fixture).databases[0]![0]!, join(dir, 'data', 'block'), { recursive: true });
  return dir;
}

const moved = (text: string, dir: string): string => text.replaceAll('/data/', `${dir}/data/`);

const movedBack = (text: string, dir: string): string => text.replaceAll(`${dir}/data/`, '/data/');

/** A line `…` stands for any lines. */
function matches(output: string, expected: string): boolean {
  const escaped = expected.split('\n').map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('\n').replace(/^…\n/gm, '(?:.*\\n)*?')}$`).test(output);
}

describe('README: what it shows', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('happens: every command of the session prints what stands there', () => {
    const dir = place();
    const tool = join(dir, 'litt-rollback');
    writeFileSync(tool, `#!/bin/sh\nexec "${process.execPath}" "${PROJECT}dist/bin/litt-rollback.js" "$@"\n`);
    chmodSync(tool, 0o755);
    const env = { ...process.env, PATH: `${dir}:${process.env['PATH']}`, NO_COLOR: '1', COLUMNS: '' };
    const steps = consoleSteps();
    expect(steps.length).to.be.greaterThan(8);
    for (const { command, output } of steps) {
      const printed = execFileSync('bash', ['-c', moved(command, dir)], { cwd: dir, env, encoding: 'utf8' });
      const said = movedBack(printed, dir);
      if (!matches(said, output)) expect(said, command).to.equal(output);
    }
  });

  it('runs: the examples for the library, as plain JavaScript on the built package', () => {
    const blocks = codeBlocks();
    const examples = blocks.flatMap((b, i) => (b.language === 'js' ? [[b, blocks[i + 1]] as const] : []));
    expect(examples).to.have.length(2);
    for (const [example, output] of examples) {
      expect(output?.language).to.equal('text');
      const dir = place();
      mkdirSync(join(dir, 'node_modules'));
      symlinkSync(PROJECT, join(dir, 'node_modules', 'litt-rollback'));
      writeFileSync(join(dir, 'example.mjs'), moved(example.text, dir));
      const said = execFileSync(process.execPath, ['example.mjs'], { cwd: dir, encoding: 'utf8' });
      expect(said).to.equal(output?.text);
    }
  });

  it('needs nothing installed on a node but dist and package.json', () => {
    const dir = place();
    for (const name of ['dist', 'package.json'])
      cpSync(join(PROJECT, name), join(dir, name), { recursive: true });
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [join(dir, 'dist', 'bin', 'litt-rollback.js'), ...args], {
        cwd: dir,
        encoding: 'utf8',
      });
    expect(run('--version')).to.match(/^\d+\.\d+\.\d+\n$/);
    const root = join(dir, 'data', 'block');
    run('plan', '--src', root, '--drop-last', '1', '--out', 'plan.json');
    expect(run('apply', 'plan.json', '--yes')).to.contain('Done: ');
    expect(run('verify', '--src', root)).to.contain('Verified');
  });
});
