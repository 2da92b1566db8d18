/**
 * A walk in which every batch has a buffer of its own, which is overwritten when the batch is released: a stage or a
 * matcher that holds one reads nothing but 0xff from then on. In the program it would read the next batch, maybe alike.
 */
import highland from 'highland';
import { transform } from 'through2';
import type { Segment } from '../../lib/store/types.ts';
import type { WalkOptions } from '../../streams/pipeline.ts';
import type { WalkResult } from '../../streams/plan-sink.ts';
import type { RecordBatch } from '../../streams/record-batch.ts';
import { describeStages, type Stages } from './implementations.ts';

/** walkTable() with such batches. `after` is a further stage behind the filter. */
export function walkOverwriting(
  stages: Stages,
  options: WalkOptions,
  after: (batch: RecordBatch) => void = () => {},
): Promise<WalkResult> {
  const underWay: RecordBatch[] = [];
  class OverwritingGate extends stages.BatchGate {
    override release(): void {
      for (const { buffer, offsets } of underWay.splice(0)) {
        buffer.fill(0xff);
        offsets.fill(-1);
      }
      super.release();
    }
  }
  const copied = (batch: RecordBatch): RecordBatch => {
    const copy = { ...batch, buffer: Buffer.from(batch.buffer), offsets: batch.offsets.slice() };
    underWay.push(copy);
    return copy;
  };
  const walk = new OverwritingGate();
  return new Promise((resolve, reject) => {
    highland<Segment>(stages.segmentSource(options.segments, walk))
      .through(stages.reverseRecords({ ...options, walk }))
      .through(stage(copied))
      .through(stages.filterRecords(options.matcher))
      .through(
        stage((batch) => {
          after(batch);
          return batch;
        }),
      )
      .through(stages.pivotDetector(walk))
      .stopOnError((error) => {
        walk.stop();
        reject(error);
      })
      .pipe(stages.planSink(resolve));
  });
}

/** Groups tests that walk over each implementation, as the program does and with such batches. */
export function describeWalks(
  title: string,
  tests: (walk: Stages['walkTable'], stages: Stages) => void,
): void {
  describeStages(title, (stages) => {
    tests(stages.walkTable, stages);
    describe('with batches that are overwritten when they are released', () =>
      tests((options) => walkOverwriting(stages, options), stages));
  });
}

const stage = (work: (batch: RecordBatch) => RecordBatch): NodeJS.ReadWriteStream =>
  transform({ objectMode: true, highWaterMark: 1 }, (batch: RecordBatch, _encoding, done) =>
    done(null, work(batch)),
  );
