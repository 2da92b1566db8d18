import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempDir } from '../helpers/temp.ts';
import { PROJECT } from '../structure/source.ts';

const NEEDED = [
  'lib',
  'streams',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'test/fixtures/engine/blocks',
];

/** What a script left. */
interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of a project with other programs in front of those that are installed. */
function runScript(script: string, project: string, firstInPath: string): Result {
  const env = { ...process.env, PATH: `${firstInPath}:${process.env['PATH']}` };
  const { status, stdout, stderr } = spawnSync('bash', [script], { cwd: project, env, encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** A copy of the project that has its own list of what is installed, and an npm that notes what it is asked. */
function clone(): { readonly dir: string; readonly demo: () => Result; readonly asked: () => string[] } {
  const dir = tempDir('litt-clone-');
  for (const part of NEEDED) cpSync(join(PROJECT, part), join(dir, part), { recursive: true });
  const modules = join(PROJECT, 'node_modules');
  mkdirSync(join(dir, 'node_modules'));
  for (const name of readdirSync(modules)) {
    if (name !== '.package-lock.json') symlinkSync(join(modules, name), join(dir, 'node_modules', name));
  }
  const bin = join(dir, 'shims');
  mkdirSync(bin);
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  const lines = [
    '#!/bin/sh',
    `echo "$1" >>"${dir}/asked"`,
    `if [ "$1" = ci ]; then touch node_modules/.package-lock.json; else exec "${npm}" "$@"; fi`,
  ];
  writeFileSync(join(bin, 'npm'), `${lines.join('\n')}\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  return {
    dir,
    demo: () => runScript('scripts/demo', dir, bin),
    asked: () =>
      existsSync(join(dir, 'asked')) ? readFileSync(join(dir, 'asked'), 'utf8').trim().split('\n') : [],
  };
}

describe('scripts/demo', function () {
  this.timeout(240_000);

  it('installs once, and again only when the lock file is newer; it shows a dry run, and goes back', () => {
    const { dir, demo, asked } = clone();
    const { code, stdout, stderr } = demo();
    expect(code, stderr).to.equal(0);
    expect(asked()).to.deep.equal(['ci', 'run']);
    const shown = [
      'dry run, nothing was changed',
      'Done: ',
      'Verified',
      '$ litt-rollback undo',
      'No file differs',
    ];
    const places = shown.map((text) => stdout.indexOf(text));
    expect(places).to.deep.equal([...places].sort((a, b) => a - b));
    expect(places[0]).to.be.greaterThan(0);
    expect(demo().code).to.equal(0);
    expect(asked()).to.deep.equal(['ci', 'run', 'run']);
    const later = Date.now() / 1000 + 60;
    utimesSync(join(dir, 'package-lock.json'), later, later);
    expect(demo().code).to.equal(0);
    expect(asked()).to.deep.equal(['ci', 'run', 'run', 'ci', 'run']);
  });
});

describe('the scripts of README', () => {
  /** A directory with a node of another version in it, and an npm that does nothing. */
  function nodeOf(version: string): string {
    const dir = tempDir('litt-node-');
    const preload = join(dir, 'version.cjs');
    const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`;
    writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });\n`);
    writeFileSync(join(dir, 'node'), `#!/bin/sh\nexec "${process.execPath}" --require "${preload}" "$@"\n`);
    writeFileSync(join(dir, 'npm'), '#!/bin/sh\nexit 9\n');
    for (const program of ['node', 'npm']) chmodSync(join(dir, program), 0o755);
    return dir;
  }

  it('need the Node that the package needs, and say which one there is', () => {
    const { engines } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
    expect(engines.node).to.equal('>=20.19');
    for (const script of ['scripts/demo', 'scripts/test']) {
      for (const version of ['18.20.4', '20.18.3']) {
        const { code, stderr } = runScript(script, PROJECT, nodeOf(version));
        expect([code, stderr]).to.deep.equal([2, `needs Node 20.19 or newer, this is ${version}\n`]);
      }
    }
  });

  it('go on with a newer one', () => {
    for (const version of ['20.19.0', '22.0.0', '100.1.0']) {
      const check = ['-c', '. scripts/require-node.sh && echo goes on'];
      const env = { ...process.env, PATH: `${nodeOf(version)}:${process.env['PATH']}` };
      expect(execFileSync('bash', check, { cwd: PROJECT, env, encoding: 'utf8' })).to.equal('goes on\n');
    }
  });
});
