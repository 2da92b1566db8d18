/** The table builder against the independent reader: what is written is what was laid out. */
import { expect } from 'chai';
import fc from 'fast-check';
import { databaseSpec, runs } from './arbitraries.ts';
import { metadata, readMetadata, readRecords } from './bytes.ts';
import { readImage } from './image.ts';
import { offeredNewestFirst, rollback } from './model.ts';
import { buildDatabase } from './table-builder.ts';
import { removeTempDir, tempDir } from './temp.ts';

describe('the table builder', () => {
  it('writes what it laid out, whatever the roots', () => {
    fc.assert(
      fc.property(databaseSpec({ snapshots: true }), (spec) => {
        const built = buildDatabase(spec, tempDir());
        expect(readImage(built.roots)).to.deep.equal(built.image);
        removeTempDir(built.dir);
      }),
      runs(50),
    );
  });

  it('the model keeps everything when the newest record matches, and nothing when none may stay', () => {
    fc.assert(
      fc.property(databaseSpec(), (spec) => {
        const built = buildDatabase(spec, tempDir());
        for (const table of built.image.values()) {
          const offered = offeredNewestFirst(table);
          const all = rollback(table, () => true, 'keep');
          expect(all.removedRecords).to.equal(0);
          expect(all.keptRecords).to.equal(offered.length);
          expect(rollback(table, () => false, 'delete').keptRecords).to.equal(0);
        }
        removeTempDir(built.dir);
      }),
      runs(50),
    );
  });

  it('metadata and records survive being read back', () => {
    const fields = { version: 4, shards: 3, timestamp: 5n, count: 9, sealed: true, compression: 1 };
    expect(readMetadata(metadata(fields))).to.deep.equal(fields);
    expect(readMetadata(metadata({ ...fields, version: 3, compression: 0 })).version).to.equal(3);
    expect(readRecords(Buffer.alloc(31)).length).to.equal(1);
  });
});
