import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce, run } from '../helpers/command.ts';
import {
  damage,
  differencesOf,
  fleetText,
  HEIGHT,
  linesOf,
  makeFleet,
  rolledBack,
  type TestFleet,
} from '../helpers/fleet.ts';
import { type Tree, treeDifferences, treeOf } from '../helpers/tree.ts';

const TO = ['--height', HEIGHT];

describe('cli: what batch is told', function () {
  this.timeout(60_000);
  let fleet: TestFleet;
  let rolled: Tree;

  before(async function () {
    this.timeout(120_000);
    buildOnce();
    rolled = await rolledBack();
  });
  afterEach(() => fleet.end());

  const batch = (command: string, ...words: string[]) => run(['batch', command, fleet.file, ...words]);
  const expectDone = (names: readonly string[]): void => {
    for (const name of names) expect(differencesOf(rolled, fleet.tree(name)), name).to.deep.equal([]);
  };
  const summary = () => JSON.parse(readFileSync(join(fleet.run, 'summary.json'), 'utf8'));
  const verdicts = (): Record<string, string> =>
    Object.fromEntries(summary().nodes.map((n: { node: string; verdict: string }) => [n.node, n.verdict]));

  it('applies and verifies the canary alone, and its failure ends the batch', async () => {
    fleet = makeFleet(4);
    expect((await batch('plan', ...TO, '--run', fleet.run)).code).to.equal(0);
    const { stdout } = await batch('apply', '--yes', '--canary', 'n-03', '--json');
    const events = linesOf(stdout).filter((e) => e.message_type === 'node');
    const started = events.filter((e) => e.event === 'started').map((e) => e.node);
    const ended = events.findIndex((e) => e.event === 'ended' && e.node === 'n-03');
    expect(started[0]).to.equal('n-03');
    expect(events.findIndex((e) => e.event === 'started' && e.node !== 'n-03')).to.be.greaterThan(ended);
    expectDone(fleet.names);
    expect((await batch('apply', ...TO, '--yes', '--canary', 'n-99')).code).to.equal(2);
  });

  it('tells everything in JSON lines, numbered and without anything on standard error', async () => {
    fleet = makeFleet(3);
    damage(fleet.root('n-02'));
    const { code, stdout, stderr } = await batch('apply', ...TO, '--yes', '--skip-refused', '--json');
    const events = linesOf(stdout);
    expect(code).to.equal(8);
    expect(stderr).to.equal('');
    expect(events.map((e) => e.seq)).to.deep.equal(events.map((_, i) => i + 1));
    expect(new Set(events.map((e) => e.version))).to.deep.equal(new Set([1]));
    expect(events[0]).to.include({ message_type: 'batch', event: 'begin', nodes: 3, target: 'height 1027' });
    expect(events.find((e) => e.message_type === 'gate')).to.deep.include({ go: true, blocking: ['n-02'] });
    const failed = events.find((e) => e.node === 'n-02' && e.event === 'planned');
    expect(failed.error).to.include({ code: 'ERR_FILE_MISSING', kind: 'damaged', exit_code: 4 });
    const last = events.at(-1);
    expect(last).to.deep.include({
      message_type: 'summary',
      exit_code: 8,
      counts: { done: 2, damaged: 1 },
      changed: 2,
    });
    expect(last.nodes).to.have.length(3);
    const saved = linesOf(readFileSync(join(fleet.run, 'events.jsonl'), 'utf8'));
    expect(saved).to.deep.equal(events.filter((e) => e.message_type !== 'progress'));
  });

  it('refuses another target and another fleet than those of the run', async () => {
    fleet = makeFleet(2);
    await batch('plan', ...TO, '--run', fleet.run);
    const other = await batch('apply', '--height', '1028', '--yes');
    expect(other.code).to.equal(3);
    expect(other.stderr)
      .to.match(/target was height 1027, and is height 1028/)
      .and.to.include('ERR_RUN');
    writeFileSync(
      fleet.file,
      fleetText(['{ name: n-01, src: [n-01/root] }', '{ name: x, src: [n-02/root] }']),
    );
    const moved = await batch('apply', '--yes');
    expect(moved.code).to.equal(3);
    expect(moved.stderr).to.match(/node n-02 is gone; node x is new/);
  });

  it('refuses a target whose file is missing before any node is looked at', async () => {
    fleet = makeFleet(2);
    for (const target of ['--filter', '--keys-file']) {
      const { code, stdout, stderr } = await batch('apply', target, join(fleet.dir, 'missing'), '--yes');
      expect(code).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr).to.include('ERR_TARGET_UNREADABLE');
    }
  });

  it('says once what concerns several nodes', async () => {
    fleet = makeFleet(3);
    const { stdout } = await batch('plan', '--height', '99999999');
    expect(stdout).to.match(/Note on n-\[01-03\]: height 99,999,999 lies above everything/);
    expect(stdout).to.not.include('batch apply');
  });

  it('makes no run where something else lies, or in a database', async () => {
    fleet = makeFleet(1);
    const file = join(fleet.dir, 'notes');
    writeFileSync(file, 'something else');
    const link = join(fleet.dir, 'link');
    symlinkSync(join(fleet.dir, 'nowhere'), link);
    const full = join(fleet.dir, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'notes'), 'something else');
    const inside = join(fleet.root('n-01'), 'here.run');
    const untouched = treeOf(fleet.dir);
    for (const [run_, code] of [
      [file, 2],
      [link, 2],
      [full, 3],
      [inside, 2],
    ] as const) {
      const result = await batch('apply', ...TO, '--yes', '--run', run_);
      expect(result.code, `${run_}: ${result.stderr}`).to.equal(code);
    }
    expect(treeDifferences(untouched, treeOf(fleet.dir))).to.deep.equal([]);
  });

  it('writes a page for people, and replaces nothing but such a page', async () => {
    fleet = makeFleet(3);
    const page = join(fleet.dir, 'page.html');
    for (const _time of ['first', 'again']) {
      expect((await batch('plan', ...TO, '--html', page)).code).to.equal(0);
      expect(readFileSync(page, 'utf8')).to.match(/^<!doctype html>[\s\S]*n-\[01-03\]/);
    }
    const single = ['plan', '--src', fleet.root('n-01'), ...TO, '--html'];
    expect((await run([...single, page])).code).to.equal(0);
    expect(readFileSync(page, 'utf8')).to.match(/class="strip"/);
    const notes = join(fleet.dir, 'notes');
    writeFileSync(notes, 'something else');
    for (const path of [notes, join(fleet.root('n-01'), 'page.html')]) {
      expect((await batch('apply', ...TO, '--yes', '--html', path)).code, path).to.equal(2);
      expect((await run([...single, path])).code, path).to.equal(2);
    }
    expect(readFileSync(notes, 'utf8')).to.equal('something else');
  });

  it('refuses targets that are counted from an end, and says why', async () => {
    fleet = makeFleet(1);
    for (const words of [['--drop-last', '3'], ['--keep-first=3']]) {
      const { code, stderr } = await batch('apply', ...words, '--yes');
      expect(code).to.equal(2);
      expect(stderr).to.match(/cannot be the target of a batch/);
    }
    expect((await batch('apply', '--yes')).code).to.equal(2);
    expect((await batch('undo', '--yes')).code).to.equal(2);
  });

  it('tells an error that ends it in a line of the results, too', async () => {
    fleet = makeFleet(1);
    for (const words of [
      ['status', '--run', join(fleet.dir, 'missing')],
      ['apply', ...TO],
    ] as const) {
      const { code, stdout, stderr } = await batch(words[0], ...words.slice(1), '--json');
      const last = linesOf(stdout).at(-1);
      expect(last).to.deep.equal(JSON.parse(stderr));
      expect(last.exit_code).to.equal(code);
    }
  });

  it('chooses nodes by name and label, and keeps what was said of the others', async () => {
    fleet = makeFleet(3);
    writeFileSync(
      fleet.file,
      fleetText(fleet.names.map((n, i) => `{ name: ${n}, src: [${n}/root], labels: { role: r${i % 2} } }`)),
    );
    await batch('apply', ...TO, '--yes', '--only', 'role=r1');
    expectDone(['n-02']);
    const { stdout } = await batch('apply', ...TO, '--yes', '--except', 'n-03', '--except', 'n-02');
    expect(stdout).to.match(/n-\[01-02\] +done/);
    expect(verdicts()).to.deep.equal({ 'n-01': 'done', 'n-02': 'done' });
    expect((await batch('apply', ...TO, '--yes', '--only', 'other')).code).to.equal(2);
  });
});
