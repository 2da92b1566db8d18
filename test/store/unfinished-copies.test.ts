/** A copy of a database that was not finished: the temporary file of the program that copied is named. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { readDatabase } from '../../lib/store/database.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { removeTempDir } from '../helpers/temp.ts';

/** Three segments of one shard. */
function build() {
  const { built } = oneTable([plainSegment(2), plainSegment(2), plainSegment(2)]);
  return { built, file: (name: string) => join(built.roots[0]!, 't', 'segments', name) };
}

describe('a copy that was not finished', () => {
  for (const copy of ['.2-0.values.X1y2Z3', '2-0.values.part']) {
    it(`of the newest segment is told with it: ${copy}`, () => {
      const { built, file } = build();
      renameSync(file('2-0.values'), file(copy));
      writeFileSync(file('12-0.values.part'), '');
      const [table] = readDatabase(realFs, built.roots).tables;
      expect(table?.orphans[0]?.unfinished).to.deep.equal([file(copy)]);
      removeTempDir(built.dir);
    });
  }

  for (const name of ['1-0.values', '1.keys', '1.metadata']) {
    it(`of a segment in the middle is named: ${name}`, () => {
      const { built, file } = build();
      renameSync(file(name), file(`.${name}.X1y2Z3`));
      let error: unknown;
      try {
        readDatabase(realFs, built.roots);
      } catch (thrown) {
        error = thrown;
      }
      if (!(error instanceof RollbackError)) return expect.fail('accepted');
      expect(error.code).to.equal('ERR_FILE_MISSING');
      expect(error.why).to.contain(`A copy was not finished: ${file(`.${name}.X1y2Z3`)}. `);
      expect(error.next).to.contain('Copy the database again, to the end');
      removeTempDir(built.dir);
    });
  }
});
