/** Whether whoever is recorded as working on a transaction still does: by more than a process number. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { judgeRunner, thisRunner } from '../../lib/store/runner.ts';

describe('store/runner', () => {
  const here = thisRunner();

  it('knows this process, and one that runs', () => {
    expect(judgeRunner(here)).to.equal('running');
    expect(judgeRunner(JSON.parse(JSON.stringify(here)))).to.equal('running');
  });

  it('takes a number that has ended for dead', () => {
    const { pid } = spawnSync('true');
    expect(judgeRunner({ ...here, pid })).to.equal('dead');
  });

  it('takes a number that was given out again for dead: the process began at another time', () => {
    expect(judgeRunner({ ...here, started: String(Number(here.started) - 1) })).to.equal('dead');
  });

  it('takes everything from before the last boot for dead, whatever its number space', () => {
    expect(judgeRunner({ ...here, boot: 'another boot' })).to.equal('dead');
    expect(judgeRunner({ ...here, boot: 'another boot', space: 'pid:[1]' })).to.equal('dead');
  });

  it('cannot tell of another number space: the same number is somebody else there', () => {
    expect(judgeRunner({ ...here, space: 'pid:[1]' })).to.equal('unknown');
  });

  it('cannot tell of what is no record of a runner', () => {
    const { boot: _boot, ...withoutBoot } = here;
    for (const odd of [null, 7, 'x', {}, [], withoutBoot, { ...here, pid: '1' }, { ...here, pid: -1 }])
      expect(judgeRunner(odd), JSON.stringify(odd)).to.equal('unknown');
  });
});
