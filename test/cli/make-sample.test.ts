import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { GROUP_BYTES, makeSample, primaryKey, type SampleOptions } from '../../scripts/make-sample.ts';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { finish, jsonLines } from './process.ts';

describe('scripts/make-sample', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  const variants: Partial<SampleOptions>[] = [
    {},
    { records: 1000, segments: 7, shards: 3, roots: 3, tables: ['a', 'b'] },
    { records: 250_000, segments: 1, shards: 2, roots: 2 },
    { records: 20, segments: 3, unsealed: true, valueSize: 0 },
    { records: 4, segments: 5, shards: 4 },
  ];
  for (const variant of variants) {
    it(`writes a sound database: ${JSON.stringify(variant)}`, async () => {
      const sample = makeSample({ dir: tempDir(), ...variant });
      const src = sample.roots.flatMap((root) => ['--src', root]);
      const verified = await finish(['verify', ...src, '--json']);
      expect(verified.code, verified.stdout + verified.stderr).to.equal(0);
      const { tables } = JSON.parse(verified.stdout) as { tables: { records: number }[] };
      expect(tables.every((t) => t.records === sample.groups * 2)).to.equal(true);
      const planned = await finish(['plan', ...src, '--key', primaryKey(0).toString('hex')]);
      expect(planned.code, planned.stderr).to.equal(0);
    });
  }

  it('has the keys and sizes that it says', async () => {
    const { roots, keyFiles } = makeSample({ dir: tempDir(), records: 600, segments: 2 });
    expect(keyFiles.map((f) => statSync(f).size)).to.deep.equal([150 * GROUP_BYTES, 150 * GROUP_BYTES]);
    const { stdout } = await finish(['keys', '--src', roots[0]!, '--json', '--oldest-first', '--limit', '3']);
    const keys = jsonLines(stdout).map((line) => (line as unknown as { key: string }).key);
    expect(keys[0]).to.equal(primaryKey(0).toString('hex'));
    expect(keys[1]).to.have.length(64);
    expect(keys[2]).to.equal(primaryKey(1).toString('hex'));
  });

  it('refuses value files beyond what an address can name', () => {
    expect(() => makeSample({ dir: tempDir(), records: 200, valueSize: 2 ** 26 })).to.throw(RangeError);
  });

  it('can be called from the command line', () => {
    const script = fileURLToPath(new URL('../../scripts/make-sample.ts', import.meta.url));
    const dir = tempDir();
    const call = (...args: string[]): string =>
      execFileSync(process.execPath, ['--import', 'tsx', script, ...args], { encoding: 'utf8' });
    expect(call('--help')).to.contain('--records');
    expect(call(dir, '--key-bytes', '76K', '--roots', '2', '--table', 'x')).to.contain('2000 records');
    expect(readdirSync(join(dir, 'root1', 'x', 'segments'))).to.deep.equal(['0-0.values']);
  });
});
