/** What a batch decides when every node has been looked at. */
import { expect } from 'chai';
import { decideGate, type GateRule } from '../../lib/fleet/batch-gate.ts';
import type { NodePlanned, PlannedVerdict } from '../../lib/fleet/verdicts.ts';

const RULE: GateRule = { command: 'apply', skipRefused: false, canary: null, jobs: 4 };

const node = (name: string, verdict: PlannedVerdict, needs: NodePlanned['needs'] = []): NodePlanned => ({
  node: name,
  verdict,
  transaction: null,
  tables: [],
  needs,
  notices: [],
  error: null,
});

const names = (waves: readonly (readonly NodePlanned[])[]): string[][] =>
  waves.map((wave) => wave.map((n) => n.node));

describe('fleet: the gate', () => {
  const all = [node('a', 'change'), node('b', 'done'), node('c', 'nothing'), node('d', 'change')];

  it('lets through what is to be changed', () => {
    const { reason, waves, blocking } = decideGate(all, RULE);
    expect(reason).to.equal(null);
    expect(names(waves)).to.deep.equal([['a', 'd']]);
    expect(blocking).to.deep.equal([]);
  });

  for (const verdict of [
    'refused',
    'damaged',
    'locked',
    'unfinished',
    'system',
    'crashed',
    'not-started',
  ] as const) {
    it(`stops for one node that is ${verdict}, and goes on without it where that was allowed`, () => {
      const nodes = [...all, node('x', verdict)];
      const shut = decideGate(nodes, RULE);
      expect(shut).to.deep.include({ blocking: ['x'], waves: [], reason: 'a node cannot be planned: x' });
      const open = decideGate(nodes, { ...RULE, skipRefused: true });
      expect(open.reason).to.equal(null);
      expect(names(open.waves)).to.deep.equal([['a', 'd']]);
    });
  }

  it('takes the canary first, and stops where it cannot be planned, whatever was allowed', () => {
    expect(names(decideGate(all, { ...RULE, canary: 'd' }).waves)).to.deep.equal([['d'], ['a']]);
    expect(names(decideGate(all, { ...RULE, canary: 'b' }).waves)).to.deep.equal([['a', 'd']]);
    const nodes = [...all, node('x', 'locked')];
    const { reason, waves } = decideGate(nodes, { ...RULE, canary: 'x', skipRefused: true });
    expect(reason).to.match(/canary x/);
    expect(waves).to.deep.equal([]);
  });

  it('adds room up over the nodes of a file system, and the reserve over those under way alone', () => {
    const mib = 1024 * 1024;
    const need = (device: string, needed: number, free: number) => [{ device, needed, free }];
    const thousand = Array.from({ length: 1000 }, (_, i) =>
      node(`n${i}`, 'change', need('1', 100, 600 * mib)),
    );
    expect(decideGate(thousand, RULE).reason).to.equal(null);
    const short = [
      node('a', 'change', need('1', 3 * mib, 10 * mib)),
      node('b', 'change', need('1', 6 * mib, 10 * mib)),
    ];
    const { reason, room } = decideGate(short, RULE);
    expect(reason).to.match(
      /too little room on file system 1: the nodes need 11264 KiB, and 10240 KiB are free/,
    );
    expect(room).to.deep.equal(need('1', 9 * mib, 10 * mib));
    const apart = [
      node('a', 'change', need('1', 3 * mib, 10 * mib)),
      node('b', 'change', need('2', 6 * mib, 10 * mib)),
    ];
    expect(decideGate(apart, RULE).reason).to.equal(null);
  });

  for (const command of ['resume', 'undo', 'purge'] as const) {
    it(`${command} goes on with those nodes that it can change`, () => {
      const { reason, waves, blocking } = decideGate([...all, node('x', 'refused')], { ...RULE, command });
      expect(reason).to.equal(null);
      expect(blocking).to.deep.equal(['x']);
      expect(names(waves)).to.deep.equal([['a', 'd']]);
    });
  }

  for (const command of ['plan', 'status', 'verify'] as const) {
    it(`${command} changes no node`, () => {
      expect(decideGate(all, { ...RULE, command }).waves).to.deep.equal([]);
    });
  }

  it('names a few of many nodes', () => {
    const nodes = Array.from({ length: 9 }, (_, i) => node(`n${i}`, 'damaged'));
    expect(decideGate(nodes, RULE).reason).to.equal(
      '9 nodes cannot be planned: n0, n1, n2, n3, n4 and 4 more',
    );
  });
});
