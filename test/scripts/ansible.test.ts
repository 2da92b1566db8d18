/** The role of scripts/fleet/ansible, as an operator runs it. */
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { damage, differencesOf, makeFleet, rolledBack } from '../helpers/fleet.ts';
import { type Tree, treeDifferences } from '../helpers/tree.ts';
import { AnsibleSite } from './ansible-site.ts';
import { FLEET_SCRIPTS, runTool, type ToolResult, toolOrSkip } from './ops-tools.ts';

const YES = ['-e', 'litt_rollback_yes=true'];

describe('scripts/fleet/ansible', function () {
  this.timeout(600_000);
  let playbook: string;
  let rolled: Tree;
  let site: AnsibleSite;
  let isOpen = false;
  let untouched: ReadonlyMap<string, Tree>;

  before(async function () {
    playbook = toolOrSkip(this, 'ansible-playbook');
    buildOnce();
    rolled = await rolledBack();
  });
  afterEach(() => {
    if (isOpen) site.end();
    isOpen = false;
  });

  function begin(): void {
    site = new AnsibleSite(6, playbook);
    isOpen = true;
    untouched = new Map(site.fleet.names.map((name) => [name, site.fleet.tree(name)]));
  }
  const names = (): readonly string[] => site.fleet.names;
  const others = (...left: readonly string[]): string[] => names().filter((name) => !left.includes(name));
  /** The processes of the services; null where one is stopped. */
  const services = (chosen = names()): (number | null)[] => chosen.map((name) => site.running(name));
  const trees = (chosen = names()): Tree[] => chosen.map((name) => site.fleet.tree(name));
  const expectUntouched = (chosen: readonly string[]): void => {
    for (const name of chosen)
      expect(treeDifferences(untouched.get(name) as Tree, site.fleet.tree(name)), name).to.deep.equal([]);
  };
  const expectDone = (chosen: readonly string[]): void => {
    for (const name of chosen) expect(differencesOf(rolled, site.fleet.tree(name)), name).to.deep.equal([]);
    expect(services(chosen)).to.not.include(null);
  };
  async function play(code: number, name: string, ...args: readonly string[]): Promise<string> {
    const result: ToolResult = await site.play(name, ...args);
    expect(result.code, result.output).to.equal(code);
    return result.output;
  }

  it('all well: every node ends at the height, verified and started; again it touches nothing; undo takes it back', async () => {
    begin();
    const first = await play(0, 'rollback.yml', ...YES);
    expect(first).to.match(/change, blocks ends at 1027 · nodes: 6 /);
    expect(first).to.match(/done, blocks ends at 1027 · nodes: 6 /);
    expectDone(names());
    const then = [services(), trees()];
    await play(0, 'rollback.yml', ...YES);
    expect([services(), trees()]).to.deep.equal(then);
    const looked = await play(0, 'undo.yml', '--check');
    expect(looked).to.match(/change, blocks ends at 1027 · nodes: 6 /);
    expect([services(), trees()]).to.deep.equal(then);
    await play(0, 'undo.yml', ...YES);
    expectUntouched(names());
    expect(services()).to.not.include(null);
    // What was taken back is over.
    const running = services();
    expect(await play(2, 'rollback.yml', ...YES)).to.match(/n-06: .*The run incident-7 was taken back/);
    expectUntouched(names());
    expect(services()).to.deep.equal(running);
  });

  it('one damaged: nothing is changed anywhere; left out, the others are done; repaired, it is the only one changed', async () => {
    begin();
    const repair = damage(site.fleet.root('n-04'));
    const refused = await play(2, 'rollback.yml', ...YES);
    expect(refused).to.match(/n-04: damaged, .*\[ERR_FILE_MISSING\]/);
    expect(refused).to.match(/These hosts cannot go on: n-04\./);
    expectUntouched(others('n-04'));
    expect(new Set(services())).to.deep.equal(new Set([null]));
    const skipped = await play(2, 'rollback.yml', ...YES, '-e', 'litt_rollback_skip_refused=true');
    expect(skipped).to.match(/These hosts are not done: n-04\./);
    expectDone(others('n-04'));
    repair();
    const then = [services(others('n-04')), trees(others('n-04'))];
    await play(0, 'rollback.yml', ...YES);
    expectDone(names());
    expect([services(others('n-04')), trees(others('n-04'))]).to.deep.equal(then);
  });

  it('one killed half-way: no other wave begins; the same command again finishes it and the others', async () => {
    begin();
    site.arm();
    const killed = await play(2, 'rollback.yml', ...YES);
    expect(killed).to.match(/No other wave begins/);
    expectDone(['n-01']);
    expectUntouched(others('n-01', 'n-02'));
    const { fleet } = site;
    expect(treeDifferences(untouched.get('n-02') as Tree, fleet.tree('n-02'))).to.not.deep.equal([]);
    expect(differencesOf(rolled, fleet.tree('n-02'))).to.not.deep.equal([]);
    expect(services(others('n-01'))).to.deep.equal([null, null, null, null, null]);
    const then = services(['n-01']);
    await play(0, 'rollback.yml', ...YES);
    expectDone(names());
    expect(services(['n-01'])).to.deep.equal(then);
  });

  it('check mode: the plan of every node; all run on, and nothing is changed', async () => {
    begin();
    const then = services();
    const output = await play(0, 'rollback.yml', '--check');
    expect(output).to.match(/change, blocks ends at 1027 · nodes: 6 /);
    expectUntouched(names());
    expect(services()).to.deep.equal(then);
  });

  it('limited: the chosen nodes alone; a limit that chooses none is a failure, and so is no answer; undo takes those back', async () => {
    begin();
    await play(0, 'rollback.yml', ...YES, '--limit', 'n-05');
    expectDone(['n-05']);
    expectUntouched(others('n-05'));
    for (const playbookName of ['rollback.yml', 'undo.yml'])
      expect(await play(2, playbookName, ...YES, '--limit', 'other')).to.match(/No host .* is chosen/);
    const running = services();
    expect(await play(2, 'undo.yml', ...YES, '-e', 'litt_rollback_run=incident-8')).to.match(
      /No chosen host has a run incident-8/,
    );
    const other = await play(2, 'rollback.yml', ...YES, '--limit', 'n-05', '-e', 'litt_rollback_height=1029');
    expect(other).to.match(/n-05: Plan the nodes: .*the target was height 1027/);
    const aimless = await play(
      2,
      'rollback.yml',
      ...YES,
      '--limit',
      'n-06',
      '-e',
      '{"litt_rollback_target":{}}',
    );
    expect(aimless).to.match(/Say where all nodes are to end/);
    expect(services()).to.deep.equal(running);
    expect(await play(2, 'rollback.yml', '--limit', 'n-06')).to.match(/Not confirmed/);
    expectUntouched(others('n-05'));
    // The others have nothing to take back, the last one but plans.
    const undone = await play(0, 'undo.yml', ...YES);
    expect(undone).to.match(/n-01: there is no run of this name here/);
    expectUntouched(names());
    expect(services(others('n-05', 'n-06'))).to.deep.equal([running[0], running[1], running[2], running[3]]);
  });

  it('one not reached: nothing is changed anywhere', async () => {
    begin();
    site.addUnreachable('n-07');
    // Ansible itself ends with 4 where a host is not reached.
    const output = await play(4, 'rollback.yml', ...YES);
    expect(output)
      .to.match(/These hosts cannot go on: n-07\./)
      .and.to.match(/n-07: not begun/);
    expectUntouched(names());
  });

  it('without hosts: a failure', async () => {
    begin();
    const { code, output } = await runTool(
      playbook,
      [join(FLEET_SCRIPTS, 'ansible', 'rollback.yml'), '-i', 'localhost,'],
      { cwd: site.fleet.dir },
    );
    expect(code, output).to.equal(2);
    expect(output).to.match(/No host of the group litt_nodes is chosen/);
  });

  it('has nothing that ansible-lint finds in production', async function () {
    const lint = toolOrSkip(this, 'ansible-lint');
    const fleet = makeFleet(1);
    const args = ['--offline', '--nocolor', '--profile', 'production', '.'];
    const env = { ANSIBLE_HOME: fleet.dir, PATH: `${join(playbook, '..')}:${process.env['PATH']}` };
    const { code, output } = await runTool(lint, args, { cwd: join(FLEET_SCRIPTS, 'ansible'), env });
    fleet.end();
    expect(code, output).to.equal(0);
  });
});
