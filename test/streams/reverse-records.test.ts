/** Key files that can only be parsed forward, handed on last record first. */
import { truncateSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { realFs } from '../../lib/store/durable-fs.ts';
import type { Table } from '../../lib/store/types.ts';
import type { BatchGate, RecordBatch } from '../../streams/record-batch.ts';
import type { ReverseOptions } from '../../streams/reverse-records.ts';
import { databaseSpec, runs, segmentSpec, tailSpec } from '../helpers/arbitraries.ts';
import {
  oneTable,
  plainSegment,
  readBack,
  readBatches as readBatchesOver,
  watchedFs,
} from '../helpers/probes.ts';
import { rejection } from '../helpers/refusals.ts';
import { blockBytes } from '../helpers/scenario.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { describeStages } from './implementations.ts';

describeStages('reverse-records', (stages) => {
  const readBatches = (
    table: Table,
    options: Omit<ReverseOptions, 'walk'>,
    judge?: (batch: RecordBatch, walk: BatchGate) => Promise<void> | void,
  ) => readBatchesOver(table, options, judge, stages);

  it('gives what the model offers, whatever the block size', async () => {
    const property = fc.asyncProperty(databaseSpec({ mostGroups: 12 }), blockBytes, async (spec, block) => {
      const { built, table, records } = readBack(spec);
      const batches = await readBatches(table, { fs: realFs, blockBytes: block });
      expect(batches.flatMap((batch) => batch.keys)).to.deep.equal(records.map((r) => r.key));
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(150));
  });

  it('never offers a record that sealing would drop, also in the middle of a block', async () => {
    const groups = fc.tuple(segmentSpec(20), tailSpec, blockBytes);
    const property = fc.asyncProperty(groups, async ([segment, tail, block]) => {
      const { built, table, records } = oneTable([segment], { tail });
      const batches = await readBatches(table, { fs: realFs, blockBytes: block });
      expect(batches.flatMap((batch) => batch.keys)).to.deep.equal(records.map((r) => r.key));
      removeTempDir(built.dir);
    });
    await fc.assert(property, runs(150));
  });

  it('reads groups of thousands of records, much longer than a block', async () => {
    const group = { shard: 0, size: 50, secondaries: 5000, pad: 3 };
    const { table, records } = oneTable([plainSegment(0, { groups: [group, group] })]);
    const batches = await readBatches(table, { fs: realFs, blockBytes: 100 });
    expect(batches.flatMap((batch) => batch.keys)).to.deep.equal(records.map((r) => r.key));
    expect(records.length).to.equal(10_002);
  });

  it('reads the longest keys there are between short ones', async () => {
    const pads = [0, 65_527, 1, 65_527, 65_527, 2];
    const groups = pads.map((pad) => ({ shard: 0, size: 1, secondaries: 0, pad }));
    const { table, records } = oneTable([plainSegment(0, { groups })]);
    for (const block of [16, 64, 4096, 65_551, 65_552, 1 << 20]) {
      const batches = await readBatches(table, { fs: realFs, blockBytes: block });
      expect(batches.flatMap((batch) => batch.keys)).to.deep.equal(records.map((r) => r.key));
    }
    expect(records[1]?.key.length).to.equal(2 * 65_535);
  });

  it('hands on one empty batch for a segment without records, and passes over torn bytes', async () => {
    const { table } = oneTable([
      plainSegment(0),
      plainSegment(2, { tornTail: 20 }),
      plainSegment(0, { tornTail: 5 }),
    ]);
    const batches = await readBatches(table, { fs: realFs, blockBytes: 64 });
    expect(batches.map((batch) => [batch.segment, batch.keys.length])).to.deep.equal([
      [2, 0],
      [1, 2],
      [0, 0],
    ]);
  });

  it('opens one key file at a time, newest first, and closes them all', async () => {
    const { table } = oneTable([plainSegment(9), plainSegment(9), plainSegment(9)]);
    const fs = watchedFs();
    await readBatches(table, { fs, blockBytes: 64 });
    expect(new Set(fs.opened)).to.have.all.keys('2.keys', '1.keys', '0.keys');
    expect([...fs.opened]).to.deep.equal([...fs.opened].sort().reverse());
    expect([fs.mostOpen, fs.stillOpen.size]).to.deep.equal([1, 0]);
  });

  it('opens nothing older once the walk has stopped, and closes what it had open', async () => {
    const { table } = oneTable([plainSegment(9), plainSegment(9), plainSegment(9)]);
    const fs = watchedFs();
    const batches = await readBatches(table, { fs, blockBytes: 64 }, (batch, walk) => {
      if (batch.at.segment.index === 1) walk.stop();
    });
    expect(batches.at(-1)?.segment).to.equal(1);
    expect(new Set(fs.opened)).to.have.all.keys('2.keys', '1.keys');
    expect(fs.stillOpen.size).to.equal(0);
  });

  it('reads nothing ahead while a batch is being judged', async () => {
    const { table } = oneTable([plainSegment(30), plainSegment(30)]);
    const fs = watchedFs();
    await readBatches(table, { fs, blockBytes: 64 }, async (batch) => {
      const before = [fs.reads, fs.opened.length, batch.buffer.toString('hex')];
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect([fs.reads, fs.opened.length, batch.buffer.toString('hex')]).to.deep.equal(before);
    });
    expect(fs.reads).to.be.greaterThan(20);
  });

  it('reports every byte twice: surveyed, then handed on', async () => {
    const { table } = oneTable([plainSegment(9), plainSegment(9, { tornTail: 3 })]);
    let bytes = 0;
    await readBatches(table, { fs: realFs, blockBytes: 64, onBytes: (n) => (bytes += n) });
    const sizes = table.segments.map((segment) => segment.keys.size);
    expect(bytes).to.equal(2 * (sizes[0]! + sizes[1]!) - 3);
  });

  it('ends with a typed error when the file becomes shorter', async () => {
    const { table } = oneTable([plainSegment(30)]);
    const { path } = table.segments[0]!.keys;
    const fs = watchedFs();
    const reading = readBatches(table, { fs, blockBytes: 64 }, () => truncateSync(path, 70));
    expect((await rejection(reading)).code).to.equal('ERR_CHANGED_WHILE_READING');
    expect(fs.stillOpen.size).to.equal(0);
  });

  it('reads no further than the size that the plan knows when the file grows', async () => {
    const { table, records } = oneTable([plainSegment(3)]);
    writeFileSync(table.segments[0]!.keys.path, Buffer.alloc(64), { flag: 'a' });
    const batches = await readBatches(table, { fs: realFs });
    expect(batches.flatMap((batch) => batch.keys).length).to.equal(records.length);
  });

  it('stops when it is told to, with every file closed', async () => {
    const { table } = oneTable([plainSegment(30)]);
    const fs = watchedFs();
    const control = new AbortController();
    const reading = readBatches(table, { fs, blockBytes: 64, signal: control.signal }, () => control.abort());
    expect((await rejection(reading)).code).to.equal('ERR_INTERRUPTED');
    expect(fs.stillOpen.size).to.equal(0);
  });
});
