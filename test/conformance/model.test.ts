/** The naive model of test/helpers, held against every fixture that the real engine wrote. */
import { expect } from 'chai';
import { compareToListing } from '../helpers/compare.ts';
import { fixtureCases, targetKeys, unpack } from '../helpers/fixtures.ts';
import { type DatabaseImage, hashOfKeys, listing, readImage, servedNewestFirst } from '../helpers/image.ts';
import { type Matcher, rollback } from '../helpers/model.ts';
import { removeTempDir } from '../helpers/temp.ts';

describe('the naive model gives what the engine served', () => {
  const cases = fixtureCases().filter((fixture) => fixture.expect === 'ok');
  for (const fixture of cases) {
    it(fixture.name, () => {
      const unpacked = unpack(fixture);
      const keys = targetKeys(fixture);
      const matches: Matcher = (table, key) => (keys[table] ?? []).some((k) => key.equals(k));
      const after: DatabaseImage = new Map();
      for (const roots of unpacked.databases) {
        for (const [name, table] of readImage(roots)) after.set(name, rollback(table, matches, 'keep').after);
      }
      expect(compareToListing(listing(after), fixture.after ?? {}, { mayMiss: true })).to.deep.equal([]);
      for (const [name, engine] of Object.entries(fixture.engine ?? {})) {
        const served = servedNewestFirst(after.get(name)!);
        expect(served.length, `${name}: keys served`).to.equal(engine.iterated);
        expect(hashOfKeys(served), `${name}: hash`).to.equal(engine.sha256OfKeysNewestFirst);
      }
      removeTempDir(unpacked.dir);
    });
  }
  it('covers every case that must succeed', () => expect(cases.length).to.equal(27));
});
