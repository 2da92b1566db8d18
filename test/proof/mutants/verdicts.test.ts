import { expect } from 'chai';
import { type Judged, judgeAll } from './verdicts.ts';

describe('verdicts on mutants', () => {
  const verdict = { name: '', states: 3, covered: false };
  const drop = { ...verdict, kind: 'without' } as const;
  const fates = (...list: Parameters<typeof judgeAll>[0]): Judged['fate'][] =>
    judgeAll(list).map((v) => v.fate);

  it('excuse nothing that no rule names', () => {
    expect(fates({ ...drop, site: 'a:1', caught: 'so' })).to.deep.equal(['caught']);
    expect(fates({ ...drop, site: 'a:1', caught: null })).to.deep.equal(['lives']);
    expect(fates({ ...drop, site: 'a:1', caught: null, covered: true })).to.deep.equal(['covered']);
    expect(fates({ ...drop, site: 'a:1', caught: null, states: 0, covered: true })).to.deep.equal(['lives']);
  });

  it('go by the line that syncs where a caller has nothing for it to do', () => {
    const caught = { ...drop, site: 'a:1 < b:2', caught: 'so' };
    const idle = { ...drop, site: 'a:1 < c:3', caught: null, states: 0, covered: true };
    expect(fates(caught, idle)).to.deep.equal(['caught', 'idle']);
  });

  it('excuse a swap by what its sync is when it is left out', () => {
    const swap = { ...verdict, kind: 'late', site: 'a:1', caught: null } as const;
    expect(fates({ ...drop, site: 'a:1', caught: 'so' }, swap)).to.deep.equal(['caught', 'free']);
    expect(fates({ ...drop, site: 'a:1', caught: null }, swap)).to.deep.equal(['lives', 'lives']);
    expect(fates(swap)).to.deep.equal(['lives']);
  });
});
