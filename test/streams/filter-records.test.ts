/** The filter's stage: one question for each batch, none after the match, and errors that name the place. */
import { expect } from 'chai';
import { matcherFor } from '../../lib/planner/search/matchers.ts';
import type { RecordTarget } from '../../lib/planner/target.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import type { RollbackFilter } from '../../lib/types.ts';
import type { RecordBatch } from '../../streams/record-batch.ts';
import { oneTable, plainSegment, through, watchedFs } from '../helpers/probes.ts';
import { rejection } from '../helpers/refusals.ts';
import { describeWalks } from './released-batches.ts';

const { table, records } = oneTable([plainSegment(6), plainSegment(0), plainSegment(6)]);

describeWalks('filter-records', (walkTable, { filterRecords }) => {
  function walk(filter: RollbackFilter, fs = watchedFs()) {
    const target: RecordTarget = { kind: 'filter', filter };
    return walkTable({ segments: table.segments, matcher: matcherFor(target, 't'), fs, blockBytes: 64 });
  }

  it('asks the matcher batch by batch, and never again after a match', async () => {
    const asked: number[] = [];
    const stage = filterRecords((batch) => {
      asked.push(batch.count);
      return batch.count === 2 ? 1 : -1;
    });
    const chunks = [1, 2, 3, 4].map((count) => ({ count, match: -1 }) as RecordBatch);
    const batches = await through<RecordBatch>(stage, chunks);
    expect(asked).to.deep.equal([1, 2]);
    expect(batches.map((batch) => batch.match)).to.deep.equal([-1, 1, -1, -1]);
  });

  it('turns what the matcher throws into the error of the stream', async () => {
    const failure = new Error('no');
    const stage = filterRecords(() => {
      throw failure;
    });
    const outcome = await through(stage, [{ count: 1, match: -1 }]).catch((error: unknown) => error);
    expect(outcome).to.equal(failure);
  });

  it('shows every record once, newest first, and none after the match', async () => {
    for (let match = 0; match <= records.length; match += 1) {
      const asked: string[] = [];
      const result = await walk((name, key, isPrimary) => {
        asked.push(`${name} ${key.toString('hex')} ${isPrimary}`);
        return asked.length === match + 1;
      });
      const upTo = records.slice(0, match + 1);
      expect(asked).to.deep.equal(upTo.map((r) => `t ${r.key} ${r.isPrimary}`));
      expect(result.pivot?.key.toString('hex')).to.equal(records[match]?.key);
    }
  });

  it('hands the filter a key that behaves as a Buffer, and whose copy outlives the call', async () => {
    const copies: Buffer[] = [];
    await walk((_name, key) => {
      expect(Buffer.isBuffer(key)).to.equal(true);
      expect(key.readBigUInt64BE(0)).to.equal(BigInt(`0x${key.toString('hex', 0, 8)}`));
      expect(key.subarray(2, 6).toString('hex')).to.equal(key.toString('hex').slice(4, 12));
      expect(key.equals(Buffer.concat([key.subarray(0, 3), key.subarray(3)]))).to.equal(true);
      expect(key.slice(1).length).to.equal(key.length - 1);
      expect([...key].length).to.equal(key.length);
      expect(key.indexOf(key.subarray(8))).to.equal(8);
      expect(new Uint8Array(key)).to.deep.equal(Uint8Array.from(key));
      copies.push(Buffer.from(key));
      return false;
    });
    expect(copies.map((key) => key.toString('hex'))).to.deep.equal(records.map((r) => r.key));
  });

  it('refuses anything but true and false, and says where', async () => {
    for (const answer of [undefined, null, 0, 1, 'yes', {}, Promise.resolve(true)]) {
      const error = await rejection(walk(() => answer as boolean));
      expect(error.code).to.equal('ERR_FILTER_FAILED');
      expect(error.place).to.include({ table: 't', segment: 2, record: 5 });
    }
  });

  it('says in which table, segment and record the filter threw, with every file closed', async () => {
    const fs = watchedFs();
    let calls = 0;
    const failure = new TypeError('not my key');
    const filter = (): boolean => {
      calls += 1;
      if (calls === 9) throw failure;
      return false;
    };
    const error = await rejection(walk(filter, fs));
    expect(error.code).to.equal('ERR_FILTER_FAILED');
    expect(error.place).to.include({ table: 't', segment: 0, record: 3 });
    expect(error.place.offset).to.equal(records[8]!.offset);
    expect(error.cause).to.equal(failure);
    expect(error.message).to.include('not my key');
    expect(calls).to.equal(9);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(fs.stillOpen.size).to.equal(0);
  });

  it('finds listed keys of several lengths as a filter does', async () => {
    const wanted = [records[7]!, records[3]!].map((r) => Buffer.from(r.key, 'hex'));
    const keys = { t: [...wanted, Buffer.from('00'), Buffer.alloc(0), Buffer.alloc(300)] };
    const matcher = matcherFor({ kind: 'keys', keys }, 't');
    const result = await walkTable({ segments: table.segments, matcher, fs: realFs, blockBytes: 100 });
    expect(result.pivot?.key.toString('hex')).to.equal(records[3]!.key);
  });

  it('takes an empty key for a key like any other', async () => {
    const matcher = matcherFor({ kind: 'key', key: Buffer.alloc(0) }, 't');
    const result = await walkTable({ segments: table.segments, matcher, fs: realFs });
    expect(result.pivot).to.equal(null);
  });
});
