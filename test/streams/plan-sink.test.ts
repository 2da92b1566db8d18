/** The ends of the two pipelines: what a walk found, and steps carried out one by one. */
import { Readable } from 'node:stream';
import { expect } from 'chai';
import type { Step } from '../../lib/types.ts';
import type { Pivot, WalkEvent } from '../../streams/pivot-detector.ts';
import type { WalkResult } from '../../streams/plan-sink.ts';
import type { SurveyedSegment } from '../../streams/record-batch.ts';
import { describeStages } from './implementations.ts';

function step(segment: number): Step {
  const file = { root: 0, path: `t/segments/${segment}.keys` };
  return { op: 'cut-file', table: 't', file, segment, from: 2, to: 1 };
}

const STEPS = [step(3), step(2), step(1)];

describeStages('plan-sink', ({ planSink }) => {
  it('gathers segments and the pivot, and answers once, at the end', async () => {
    const first = {} as SurveyedSegment;
    const second = {} as SurveyedSegment;
    const pivot = { at: second } as Pivot;
    const events: WalkEvent[] = [
      { type: 'segment', at: first },
      { type: 'segment', at: second },
      { type: 'pivot', pivot },
    ];
    const results: WalkResult[] = [];
    await new Promise<void>((resolve, reject) => {
      const sink = planSink((result) => results.push(result));
      Readable.from(events).pipe(sink).on('finish', resolve).on('error', reject);
    });
    expect(results.length).to.equal(1);
    expect(results[0]?.pivot).to.equal(pivot);
    expect(results[0]?.walked).to.have.ordered.members([first, second]);
  });
});

describeStages('apply-sink', ({ applySink, runSteps }) => {
  it('carries out steps in their order, and says so after each', async () => {
    const log: string[] = [];
    const name = (s: Step): string => s.file.path;
    await runSteps(STEPS, {
      execute: (s) => log.push(`do ${name(s)}`),
      onStep: (s) => log.push(`did ${name(s)}`),
    });
    expect(log).to.deep.equal(STEPS.flatMap((s) => [`do ${name(s)}`, `did ${name(s)}`]));
  });

  it('lets other work through between two steps', async () => {
    let turns = 0;
    const turning = setInterval(() => {
      turns += 1;
    }, 0);
    const spin = (): void => {
      const end = Date.now() + 5;
      while (Date.now() < end);
    };
    await runSteps(
      Array.from({ length: 10 }, (_, i) => step(i)),
      { execute: spin },
    );
    clearInterval(turning);
    expect(turns).to.be.greaterThan(3);
  });

  it('stops at the first error and carries out no later step', async () => {
    const done: Step[] = [];
    const failure = new Error('no space');
    const outcome = await runSteps(STEPS, {
      execute: (s) => {
        if (done.length === 1) throw failure;
        done.push(s);
      },
    }).catch((error: unknown) => error);
    expect(outcome).to.equal(failure);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(done).to.deep.equal([STEPS[0]]);
  });

  it('has nothing to do for no steps', async () => {
    await runSteps([], { execute: () => expect.fail('there is no step') });
    expect(applySink({ execute: () => undefined }).writableHighWaterMark).to.equal(1);
  });
});
