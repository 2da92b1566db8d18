import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readLogIndex } from '../../lib/logindex/read.ts';
import { changeOf } from '../../lib/logindex/rewind.ts';
import { PebbleRefusal } from '../../lib/pebble/refusal.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { logIndexCases, unpackLogIndex } from '../helpers/log-index.ts';
import { removeTempDir } from '../helpers/temp.ts';

const ENDS = { trailer: 'trailer', bare: 'bare', invalid: 'broken' } as const;

describe('logindex: the indexes of the real store', () => {
  for (const one of logIndexCases()) {
    it(`${one.name}: ${one.what}`, async () => {
      const dir = unpackLogIndex(one);
      const place = join(dir, one.logIndex);
      const reading = readLogIndex(realFs, place);
      if (one.logIndexBefore === undefined) {
        const error = await reading.then(() => null).catch((e: unknown) => e);
        expect(error).to.be.instanceOf(PebbleRefusal);
        expect((error as PebbleRefusal).message).to.contain('000002.log: damage inside');
      } else {
        const before = one.logIndexBefore;
        const state = await reading;
        expect(state).to.deep.include({
          newest: BigInt(before.latestVersion),
          oldest: BigInt(before.earliestVersion),
          nextSequence: before.nextSequence,
          nextLog: before.nextFile,
        });
        expect(state.newestLog.number).to.equal(before.liveLogs.at(-1));
        expect(state.newestLog.end).to.include({
          kind: ENDS[before.newestLogEnds],
          valid: before.newestLogValidBytes,
        });
        const change = changeOf(state, BigInt(one.target.height));
        const expected = one.logIndexChange ?? null;
        if (change === null || expected === null) expect(change).to.equal(expected);
        else {
          const old = change.from === null ? Buffer.alloc(0) : readFileSync(join(place, change.name));
          const bytes = Buffer.concat([old.subarray(0, change.keep), change.append]);
          expect([change.name, change.from !== null, bytes.length]).to.deep.equal([
            expected.file,
            expected.replacesFile,
            expected.bytes,
          ]);
          expect(createHash('sha256').update(bytes).digest('hex')).to.equal(expected.sha256);
        }
      }
      removeTempDir(dir);
    });
  }
});
