import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeSample } from '../../scripts/make-sample.ts';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { finish, lastJson, start } from './process.ts';

const SEGMENTS = 60;

/** A database of many small segments. */
function manySegments(): { dir: string; src: string[] } {
  const dir = tempDir('litt-signals-');
  const { roots } = makeSample({ dir, records: SEGMENTS * 20, segments: SEGMENTS, roots: 2, shards: 2 });
  return { dir, src: roots.flatMap((root) => ['--src', root]) };
}

/** A filter that takes its time, and says when it was called first. */
function slowFilter(): string {
  const path = join(tempDir(), 'slow.mjs');
  writeFileSync(
    path,
    `let said = false;
    export default () => {
      if (!said) process.stderr.write('filter called\\n');
      said = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      return false;
    };`,
  );
  return path;
}

describe('cli: signals', function () {
  this.timeout(60_000);
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    for (const words of [['plan'], ['apply', '--yes'], ['plan', '--no-lock']]) {
      it(`${words.join(' ')}: ${signal} before any change ends it with ${expected}`, async () => {
        const db = manySegments();
        const before = treeOf(db.dir);
        const running = start([
          ...words,
          '--json',
          ...db.src,
          '--filter',
          slowFilter(),
          '--on-no-match',
          'delete',
        ]);
        await running.saw('filter called');
        running.child.kill(signal);
        const sent = Date.now();
        const { code, stdout, stderr } = await running.result;
        expect(code, stderr).to.equal(expected);
        expect(Date.now() - sent, 'it reacts soon').to.be.below(4000);
        expect(stdout).to.equal('');
        expect(stderr).to.contain('Nothing was changed');
        expect(lastJson(stderr)).to.include({ code: 'ERR_INTERRUPTED', exit_code: expected });
        expectUntouched(db.dir, before);
      });
    }
  }

  it('verify and keys can be interrupted', async () => {
    const dir = tempDir('litt-signals-');
    const { roots } = makeSample({ dir, records: 4_000_000 });
    const running = start(['keys', '--src', roots[0]!]);
    await running.saw('segment');
    running.child.kill('SIGTERM');
    expect((await running.result).code).to.equal(143);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`${signal} after the first change: the rest is finished, and it says why`, async () => {
      const db = manySegments();
      const args = ['apply', ...db.src, '--drop-last', `${(SEGMENTS - 1) * 10}`, '--yes'];
      const running = start([...args, '--progress', 'always']);
      await running.saw('applying');
      running.child.kill(signal);
      const { code, stdout, stderr } = await running.result;
      expect(code, stderr).to.equal(0);
      expect(stdout).to.contain('Done: ');
      expect(stderr).to.contain(`${signal} received`).and.to.contain('half-cut');
      const verified = await finish(['verify', ...db.src]);
      expect(verified.code, verified.stdout).to.equal(0);
      expect((await finish(['plan', ...db.src, '--drop-last', '0', '--detailed-exitcode'])).code).to.equal(0);
    });
  }
});
