import { expect } from 'chai';
import { forgeries, seal, unseal } from './forgery.ts';

describe('forged documents', () => {
  it('differ from the right one in one field, and are whole', () => {
    const right = {
      id: 'a',
      list: [
        { op: 'x', n: 1 },
        { op: 'x', n: 2 },
      ],
    };
    const made = forgeries(seal(right));
    const texts = made.map(({ bytes }) => JSON.stringify(unseal(bytes())));
    expect(new Set(texts).size).to.be.greaterThan(20);
    expect(texts).to.not.contain(JSON.stringify(right));
    expect(made.map((m) => m.name)).to.include.members([
      '.id another',
      '.list less',
      '.list[](x).n left out',
    ]);
    expect(unseal(made.find((m) => m.name === '.list[](x).n another')!.bytes())).to.deep.equal({
      ...right,
      list: [
        { op: 'x', n: 2 },
        { op: 'x', n: 2 },
      ],
    });
  });
});
