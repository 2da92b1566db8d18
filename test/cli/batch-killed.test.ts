/** Batches whose processes are killed or told to stop at any moment: run again, they end as if nothing had happened. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, run } from '../helpers/command.ts';
import { differencesOf, HEIGHT, linesOf, makeFleet, rolledBack, type TestFleet } from '../helpers/fleet.ts';
import { isAlive, tempDir } from '../helpers/temp.ts';
import type { Tree } from '../helpers/tree.ts';
import { type Running, start } from './process.ts';

const APPLY = (fleet: TestFleet): string[] => [
  'batch',
  'apply',
  fleet.file,
  '--height',
  HEIGHT,
  '--yes',
  '--json',
];

describe('cli: a batch that is killed', function () {
  this.timeout(120_000);
  let rolled: Tree;
  let fleet: TestFleet;

  before(async () => {
    buildOnce();
    rolled = await rolledBack();
  });
  afterEach(() => fleet.end());

  /** Runs the same command until it succeeds; a worker of a killed batch may still hold its node for a moment. */
  async function untilDone(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const { code, stdout } = await run(APPLY(fleet));
      if (code === 0) return;
      expect([3, 8], stdout.split('\n').slice(-3).join('\n')).to.include(code);
    }
    throw new Error('the same command did not come to an end');
  }

  /** Every node as after a single run, and one audit line for each transaction. */
  function expectWhole(): void {
    for (const name of fleet.names) {
      expect(differencesOf(rolled, fleet.tree(name)), name).to.deep.equal([]);
      const lines = readFileSync(join(fleet.root(name), '.litt-rollback', 'audit.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const finished = lines.map((l) => JSON.parse(l)).filter((l) => l.outcome === 'finished');
      expect(new Set(finished.map((l) => l.transaction)).size, name).to.equal(1);
    }
  }

  /** Processes that the batch has forked. */
  function workersOf({ stdout }: Running): number[] {
    const started = stdout()
      .split('\n')
      .filter((l) => l.includes('"started"'));
    return [...new Set(started.map((l) => JSON.parse(l).worker as number))];
  }

  for (const victim of ['the parent', 'a worker', 'both'] as const) {
    it(`kill -9 of ${victim}, at the start of each of some nodes`, async () => {
      for (const at of [1, 5]) {
        fleet = makeFleet(6);
        const running = start(APPLY(fleet));
        await running.saw(`"event":"ended","node":"n-0`).catch(() => {});
        while (running.stdout().split('"started"').length <= at && running.child.exitCode === null)
          await new Promise((resolve) => setTimeout(resolve, 2));
        const workers = workersOf(running);
        if (victim !== 'the parent') process.kill(workers[0] as number, 'SIGKILL');
        if (victim !== 'a worker') running.child.kill('SIGKILL');
        const { code } = await running.result;
        if (victim === 'a worker') expect([0, 8]).to.include(code);
        await untilDone();
        expectWhole();
        for (const pid of workers) await gone(pid);
        if (at !== 5) fleet.end();
      }
    });
  }

  /** Waits until a process is gone. */
  async function gone(pid: number): Promise<void> {
    for (let i = 0; isAlive(pid); i++) {
      if (i > 1000) throw new Error(`process ${pid} is left`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Nodes without files under the names that locks have before they are in their place. */
  function withoutPreparedLocks(): Tree[] {
    const isPrepared = (path: string): boolean =>
      /(^|\/)\.litt\.lock\.[^/]*-new\.litt-rollback-tmp$/.test(path);
    return fleet.names.map((name) => new Map([...fleet.tree(name)].filter(([path]) => !isPrepared(path))));
  }

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`${signal} while nodes are being planned ends it with ${code}, and nothing is changed`, async () => {
      fleet = makeFleet(6);
      const before = withoutPreparedLocks();
      const filter = join(tempDir(), 'slow.mjs');
      writeFileSync(
        filter,
        `export default () => {
           Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
           return false;
         };`,
      );
      const running = start([
        'batch',
        'apply',
        fleet.file,
        '--filter',
        filter,
        '--yes',
        '--json',
        '--progress',
        'always',
      ]);
      await running.saw('"begin"');
      running.child.kill(signal);
      running.child.kill(signal);
      setTimeout(() => running.child.kill(signal), 300);
      expect((await running.result).code).to.equal(code);
      expect(withoutPreparedLocks()).to.deep.equal(before);
      // What a killed worker was about to make into a lock goes with the next look.
      await run(['batch', 'plan', fleet.file, '--height', HEIGHT]);
      expect(fleet.names.map((name) => fleet.tree(name))).to.deep.equal(before);
    });
  }

  it('a signal while nodes are being changed finishes those, begins no other, and the next call does the rest', async () => {
    fleet = makeFleet(20);
    const running = start([...APPLY(fleet), '--jobs', '2']);
    await running.saw('"started"');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.result;
    const last = linesOf(stdout).at(-1);
    // With 130 the signal came before the first change.
    expect(last.changed === 0 ? [130] : [0, 8]).to.include(code);
    for (const { node, verdict } of last.nodes) {
      expect(['done', 'not-started'], node).to.include(verdict);
      const wanted = differencesOf(rolled, fleet.tree(node)).length === 0;
      expect(wanted, node).to.equal(verdict === 'done');
    }
    await untilDone();
    expectWhole();
  });

  it('two batches over the same nodes do each node once, or say that it is in use', async () => {
    fleet = makeFleet(8);
    const other = join(fleet.dir, 'other.run');
    const results = await Promise.all([run(APPLY(fleet)), run([...APPLY(fleet), '--run', other])]);
    for (const { code } of results) expect([0, 3, 8]).to.include(code);
    await untilDone();
    expectWhole();
    const same = await Promise.all([run(APPLY(fleet)), run(APPLY(fleet))]);
    for (const { code, stderr } of same) {
      expect([0, 5]).to.include(code);
      if (code === 5) expect(stderr).to.match(/The run is in use/);
    }
  });

  for (const [name, text, verdict] of [
    ['ends the process', 'process.exit(0); export default () => true;', 'refused'],
    ['kills its process', "process.kill(process.pid, 'SIGKILL'); export default () => true;", 'crashed'],
    ['counts its calls', 'let calls = 0; export default () => ++calls > 20;', 'change'],
  ] as const) {
    it(`a filter that ${name} gives every node the same verdict, and the batch an end`, async () => {
      fleet = makeFleet(3);
      const filter = join(tempDir(), 'filter.mjs');
      writeFileSync(filter, text);
      const { stdout } = await run([
        'batch',
        'plan',
        fleet.file,
        '--filter',
        filter,
        '--json',
        '--jobs',
        '1',
      ]);
      const last = linesOf(stdout).at(-1);
      expect(last.nodes.map((n: { verdict: string }) => n.verdict)).to.deep.equal([
        verdict,
        verdict,
        verdict,
      ]);
      const codes = last.nodes.map((n: { error: { code: string } | null }) => n.error?.code);
      if (verdict === 'crashed') expect(new Set(codes)).to.deep.equal(new Set(['ERR_WORKER']));
      const removed = last.nodes.map(
        (n: { tables: { recordsRemoved: number }[] }) => n.tables[0]?.recordsRemoved,
      );
      expect(new Set(removed).size).to.equal(1);
    });
  }

  it('a run that was killed right before its audit lines has them written by the next call', async () => {
    fleet = makeFleet(2);
    expect((await run(APPLY(fleet))).code).to.equal(0);
    for (const name of fleet.names) rmSync(join(fleet.root(name), '.litt-rollback', 'audit.jsonl'));
    const { code, stdout } = await run(APPLY(fleet));
    expect(code, stdout).to.equal(0);
    expectWhole();
    const again = linesOf((await run(APPLY(fleet))).stdout).at(-1);
    expect(again.changed).to.equal(0);
  });

  it('a run that cannot be written stops no node, and is said', async () => {
    fleet = makeFleet(2);
    await run(['batch', 'plan', fleet.file, '--height', HEIGHT, '--run', fleet.run]);
    // A directory in the place of a file: no user may write there.
    rmSync(join(fleet.run, 'events.jsonl'));
    mkdirSync(join(fleet.run, 'events.jsonl'));
    const { code, stderr } = await run(['batch', 'apply', fleet.file, '--yes']);
    expect(code).to.equal(7);
    expect(stderr).to.match(/Every node is as it should be/);
    expectWhole();
  });

  it('a torn line of events is left behind, and what is told goes on', async () => {
    fleet = makeFleet(1);
    await run(['batch', 'plan', fleet.file, '--height', HEIGHT, '--run', fleet.run]);
    writeFileSync(join(fleet.run, 'events.jsonl'), '{"half":');
    writeFileSync(join(fleet.run, 'summary.json'), '{"nodes":');
    expect((await run(['batch', 'apply', fleet.file, '--yes'])).code).to.equal(0);
    const [torn, ...lines] = readFileSync(join(fleet.run, 'events.jsonl'), 'utf8').trim().split('\n');
    expect(torn).to.equal('{"half":');
    expect(lines.map((l) => JSON.parse(l).message_type)).to.include('summary');
    expectWhole();
  });

  it('a run whose document is torn is refused, and the nodes tell where they stand', async () => {
    fleet = makeFleet(1);
    await run(['batch', 'plan', fleet.file, '--height', HEIGHT, '--run', fleet.run]);
    writeFileSync(join(fleet.run, 'run.json'), '{');
    const { code, stderr } = await run(['batch', 'apply', fleet.file, '--yes']);
    expect(code).to.equal(3);
    expect(stderr).to.match(/document of the run is damaged/);
  });
});
