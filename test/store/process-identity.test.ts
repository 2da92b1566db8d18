/** Whether the process recorded for a transaction still works on it: decided by more than a process number. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { livenessOf, thisProcess } from '../../lib/store/process-identity.ts';

describe('store/process-identity', () => {
  const here = thisProcess();

  it('knows this process, and one that runs', () => {
    expect(livenessOf(here)).to.equal('running');
    expect(livenessOf(JSON.parse(JSON.stringify(here)))).to.equal('running');
  });

  it('takes a number that has ended for dead', () => {
    const { pid } = spawnSync('true');
    expect(livenessOf({ ...here, pid })).to.equal('dead');
  });

  it('takes a number that was given out again for dead: the process began at another time', () => {
    expect(livenessOf({ ...here, started: String(Number(here.started) - 1) })).to.equal('dead');
  });

  it('takes everything from before the last boot for dead, whatever its number space', () => {
    expect(livenessOf({ ...here, boot: 'another boot' })).to.equal('dead');
    expect(livenessOf({ ...here, boot: 'another boot', space: 'pid:[1]' })).to.equal('dead');
  });

  it('cannot tell of another number space: the same number is another process there', () => {
    expect(livenessOf({ ...here, space: 'pid:[1]' })).to.equal('unknown');
  });

  it('cannot tell of text that is not the record of a process', () => {
    const { boot: _boot, ...withoutBoot } = here;
    for (const odd of [null, 7, 'x', {}, [], withoutBoot, { ...here, pid: '1' }, { ...here, pid: -1 }])
      expect(livenessOf(odd), JSON.stringify(odd)).to.equal('unknown');
  });
});
