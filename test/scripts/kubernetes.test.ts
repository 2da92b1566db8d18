/** The manifests of scripts/fleet/kubernetes: what they say, and what their commands do to a copy of a node's home. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { COMMAND } from '../cli/process.ts';
import { codeBlocks } from '../docs/markdown.ts';
import { buildOnce } from '../helpers/command.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { databaseTree, unpackNamed } from '../helpers/transactions.ts';
import { treeDifferences } from '../helpers/tree.ts';
import { Crash } from './crash.ts';
import { FLEET_SCRIPTS, runTool, toolOrSkip } from './ops-tools.ts';

const DIR = join(FLEET_SCRIPTS, 'kubernetes');
const MANIFESTS = ['job.yaml', 'shell.yaml'] as const;
const HEIGHT = '1031';

/** The parts of a pod that the tests look at. */
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
}

const textOf = (name: string): string => readFileSync(join(DIR, name), 'utf8');

/** A manifest as the page makes it for one node. */
function filledIn(name: string, { node = 'val-0', height = HEIGHT } = {}): string {
  const line = codeBlocks(textOf('README.md'))
    .flatMap((block) => block.text.split('\n'))
    .find((text) => text.includes('sed ') && text.includes(name)) as string;
  const sed = (line.split(' | ')[0] as string).replace('1024', height);
  return execFileSync('sh', ['-c', `node=${node}; ${sed}`], { cwd: DIR, encoding: 'utf8' });
}

describe('scripts/fleet/kubernetes: the manifests', () => {
  it('have nothing left to replace', () => {
    for (const name of MANIFESTS) expect(filledIn(name), name).to.not.match(/: .*\b(NODE|HEIGHT|IMAGE)\b/);
  });

  it('mount the claim of the node as its home, as the user of the node, and are never started again', () => {
    const job = parse(filledIn('job.yaml'));
    const pod = job.spec.template.spec;
    expect(job.metadata.name).to.equal('litt-rollback-val-0-1031');
    expect([job.spec.backoffLimit, pod.restartPolicy]).to.deep.equal([0, 'Never']);
    for (const spec of [pod, parse(filledIn('shell.yaml')).spec]) {
      expect(spec.volumes).to.deep.equal([
        { name: 'home', persistentVolumeClaim: { claimName: 'data-val-0' } },
      ]);
      expect(spec.securityContext).to.include({ runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 });
      for (const container of [...(spec.initContainers ?? []), ...spec.containers])
        expect(container.volumeMounts).to.deep.equal([{ name: 'home', mountPath: '/sei' }]);
    }
  });

  for (const version of ['1.31', '1.37'])
    it(`are strictly what Kubernetes ${version} takes`, async function () {
      this.timeout(60_000);
      const validate = toolOrSkip(this, 'kubernetes-validate');
      const files = MANIFESTS.map((name) => join(DIR, name));
      const args = ['--strict', '-k', version, ...files];
      const { code, output } = await runTool(validate, args, { cwd: DIR });
      expect(code, output).to.equal(0);
    });
});

describe('scripts/fleet/kubernetes: the commands of the Job', function () {
  this.timeout(120_000);
  let dir: string;
  let home: string;
  let crash: Crash;
  before(buildOnce);
  beforeEach(() => {
    ({ dir } = unpackNamed('node-home'));
    home = join(dir, 'db', 'home');
    crash = new Crash(tempDir());
  });
  afterEach(() => removeTempDir(dir));

  /** Runs the containers one after the other, as a pod does. @returns the exit code of each that ran */
  function runJob(): (number | null)[] {
    const { initContainers, containers } = parse(filledIn('job.yaml')).spec.template.spec;
    const codes: (number | null)[] = [];
    for (const { command, args } of [...initContainers, ...containers] as Container[]) {
      expect(command).to.deep.equal(['litt-rollback']);
      const words = args.map((word) => (word === '/sei' ? home : word));
      const env = { ...process.env, NODE_OPTIONS: crash.nodeOptions };
      const { status } = spawnSync(process.execPath, [COMMAND, ...words], { env, stdio: 'ignore' });
      codes.push(status);
      if (status !== 0) break;
    }
    return codes;
  }

  it('roll an untouched home back; run again they change nothing', () => {
    const untouched = databaseTree(home);
    expect(runJob()).to.deep.equal([0, 0]);
    const rolled = databaseTree(home);
    expect(treeDifferences(untouched, rolled)).to.not.deep.equal([]);
    expect(runJob()).to.deep.equal([0, 0]);
    expect(treeDifferences(rolled, databaseTree(home))).to.deep.equal([]);
  });

  it('finish what a killed pod has left', () => {
    crash.arm();
    expect(runJob()).to.deep.equal([0, null]);
    const status = (): number | null =>
      spawnSync(process.execPath, [COMMAND, 'status', '--home', home], { stdio: 'ignore' }).status;
    expect(status()).to.equal(6);
    expect(runJob()).to.deep.equal([0, 0]);
    expect(status()).to.equal(0);
  });

  it('end with the exit code of the program', () => {
    execFileSync('sh', ['-c', `rm "$(find '${home}' -name '1-0.values' | head -n 1)"`]);
    expect(runJob()).to.deep.equal([0, 4]);
  });
});
