/** The sweeps as a gate runs them, where a machine cannot run them; and the faults that show that they can fail. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { tempDir } from '../helpers/temp.ts';
import { BREAKS, brokenSources } from '../proof/sweep/breaks.ts';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

describe('scripts/prove', () => {
  for (const [proof, what] of [
    ['real kernel', 'all sweeps'],
    ['sweeps of broken builds', 'sweeps of broken builds'],
  ] as const) {
    it(`says what it skips and why, in the table too, and does not fail for that: ${proof}`, () => {
      const words = ['--import', 'tsx', 'scripts/prove.ts', '--only', proof];
      const env = { ...process.env, PATH: tempDir() };
      const { status, stdout, stderr } = spawnSync(process.execPath, words, {
        cwd: PROJECT,
        env,
        encoding: 'utf8',
      });
      expect(status, stderr).to.equal(0);
      const told = `skipped: ${what}: strace is not installed (apt-get install strace)`;
      expect(stdout.split('What was tried').map((part) => part.includes(told))).to.deep.equal([true, true]);
    });
  }

  it('finds the place of every fault that a sweep must find', () => {
    expect(BREAKS.length).to.be.greaterThan(10);
    for (const [{ name }, texts] of brokenSources(PROJECT)) {
      for (const [path, text] of texts)
        expect(text, name).not.to.equal(readFileSync(`${PROJECT}${path}`, 'utf8'));
    }
  });
});

describe('scripts/crash-sim', () => {
  const drawn = (words: readonly string[], set: Readonly<Record<string, string>>): string | undefined => {
    const { LITT_ROLLBACK_NIGHTLY: _, ...env } = process.env;
    const command = ['--import', 'tsx', 'scripts/crash-sim.ts', ...words, '--help'];
    const settings = { cwd: PROJECT, env: { ...env, ...set }, encoding: 'utf8' } as const;
    return /databases to draw \(default (\d+)\)/.exec(
      spawnSync(process.execPath, command, settings).stdout,
    )?.[1];
  };

  it('draws the nightly size for --nightly and for LITT_ROLLBACK_NIGHTLY=1', () => {
    expect(drawn([], {})).to.equal('12');
    expect(drawn([], { LITT_ROLLBACK_NIGHTLY: '0' })).to.equal('12');
    expect(drawn(['--nightly'], {})).to.equal('120');
    expect(drawn([], { LITT_ROLLBACK_NIGHTLY: '1' })).to.equal('120');
  });
});
