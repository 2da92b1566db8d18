/** The stages of a batch, with work that is only waiting. */
import { expect } from 'chai';
import { FleetBrake } from '../../../streams/fleet/node-source.ts';
import { type FleetFlow, runFleet } from '../../../streams/fleet/pipeline.ts';

type Flow = FleetFlow<number, number, number>;

/** A flow over some nodes that notes what happens, with parts put in. */
function flow(count: number, parts: Partial<Flow> = {}): { flow: Flow; ended: number[] } {
  const ended: number[] = [];
  const whole: Flow = {
    nodes: Array.from({ length: count }, (_, i) => i),
    jobs: 3,
    brake: new FleetBrake(),
    plan: async (node) => node,
    decide: async (planned) => [planned],
    change: async (node) => node,
    onEnded: (node) => ended.push(node),
    ...parts,
  };
  return { flow: whole, ended };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('streams: a batch', () => {
  it('takes each node through every stage, once', async () => {
    const { flow: whole, ended } = flow(200);
    await runFleet(whole);
    expect([...ended].sort((a, b) => a - b)).to.deep.equal(whole.nodes);
  });

  it('never works on more nodes at once than it may', async () => {
    let atOnce = 0;
    let most = 0;
    const work = async (node: number): Promise<number> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      for (let i = 0; i <= node % 5; i++) await turn();
      atOnce -= 1;
      return node;
    };
    await runFleet(flow(100, { plan: work, change: work }).flow);
    expect(most).to.equal(3);
  });

  it('does not hold results back behind a slow node', async () => {
    let release: () => void = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { flow: whole, ended } = flow(6, {
      change: async (node) => {
        if (node === 0) await slow;
        return node;
      },
      onEnded: (node) => {
        ended.push(node);
        if (ended.length === 5) release();
      },
    });
    await runFleet(whole);
    expect(ended.at(-1)).to.equal(0);
  });

  it('opens the gate only when every node has been planned', async () => {
    let planned = 0;
    await runFleet(
      flow(20, {
        plan: async (node) => {
          await turn();
          planned += 1;
          return node;
        },
        decide: async (all) => {
          expect(planned).to.equal(20);
          expect(all).to.have.length(20);
          return [all];
        },
      }).flow,
    );
  });

  it('begins a wave when the one before has ended', async () => {
    const { flow: whole, ended } = flow(5, {
      decide: async (all) => [[4], all.slice(0, 4)],
      change: async (node) => {
        if (node === 4) await turn();
        else expect(ended).to.include(4);
        return node;
      },
    });
    await runFleet(whole);
    expect(ended[0]).to.equal(4);
    expect(ended).to.have.length(5);
  });

  it('begins no node after the brake, and finishes those under way', async () => {
    const begun: number[] = [];
    const { flow: whole, ended } = flow(50, {
      change: async (node) => {
        begun.push(node);
        await turn();
        if (node === 5) whole.brake.stop();
        await turn();
        return node;
      },
    });
    await runFleet(whole);
    expect([...ended].sort()).to.deep.equal([...begun].sort());
    expect(begun.length).to.be.lessThan(12);
  });

  it('changes nothing where the gate stays shut', async () => {
    const { flow: whole, ended } = flow(10, { decide: async () => [] });
    await runFleet(whole);
    expect(ended).to.deep.equal([]);
  });

  it('does not ask for nodes that do not come up', async () => {
    let asked = 0;
    function* endless(): Generator<number> {
      for (;;) yield asked++;
    }
    const { flow: whole } = flow(0, {
      nodes: endless(),
      plan: async (node) => {
        if (node === 10) whole.brake.stop();
        return node;
      },
    });
    await runFleet(whole);
    expect(asked).to.be.lessThan(20);
  });

  for (const stage of ['plan', 'decide', 'change'] as const) {
    it(`ends with the error of a defect in ${stage}`, async () => {
      const { flow: whole } = flow(5, { [stage]: () => Promise.reject(new Error(`broken: ${stage}`)) });
      const error = await runFleet(whole).then(
        () => null,
        (thrown: Error) => thrown,
      );
      expect(error?.message).to.equal(`broken: ${stage}`);
      expect(whole.brake.isOn).to.equal(true);
    });
  }
});
