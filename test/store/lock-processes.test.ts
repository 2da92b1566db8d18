/** Locks between real processes: races, exits, kills, and another user's. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import nodeFs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parseLockText } from '../../lib/format/lock-text.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { acquireLocks, inspectLock } from '../../lib/store/lock.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

const isRoot = process.geteuid?.() === 0;
const lockText = (pid: number): string => `PID: ${pid}\nTimestamp: 2026-01-01T00:00:00Z\n`;
const deadPid = (): number => spawnSync('true').pid;

const LOCK = JSON.stringify(new URL('../../lib/store/lock.ts', import.meta.url).href);
const FS = JSON.stringify(new URL('../../lib/store/durable-fs.ts', import.meta.url).href);
const PREAMBLE = `
  const { acquireLocks, inspectLock, installLockCleanup } = await import(${LOCK});
  const { realFs } = await import(${FS});
  const [dir] = process.argv.slice(1);
  const attempt = (run) => { try { return run(); } catch (e) { console.log(e.code + ' ' + e.message); } };
`;

/** Where `--import tsx` resolves. */
const cwd = fileURLToPath(new URL('../..', import.meta.url));

function nodeArguments(code: string, args: readonly string[]): string[] {
  return ['--import', 'tsx', '--input-type=module', '-e', PREAMBLE + code, '--', ...args];
}

/** Runs code to its end as another process; `asNobody` without any privilege. */
function run(code: string, dir: string, asNobody = false): { status: number | null; stdout: string } {
  const args = nodeArguments(code, [dir]);
  const options = { encoding: 'utf8', cwd, env: { ...process.env, TSX_DISABLE_CACHE: '1' } } as const;
  if (!asNobody) return spawnSync(process.execPath, args, options);
  const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, ...args];
  return spawnSync('setpriv', drop, options);
}

interface Running {
  readonly child: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
}

/** Children of the current test: a failed one must not leave them waiting for ever. */
const started: ChildProcess[] = [];

function start(code: string, args: readonly string[]): Running {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, nodeArguments(code, args), { cwd, stdio: [...stdio] });
  started.push(child);
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const waiter = waiting.shift();
      if (waiter === undefined) lines.push(part);
      else waiter(part);
    }
  });
  const line = (): Promise<string> =>
    new Promise((resolve) => {
      const ready = lines.shift();
      if (ready === undefined) waiting.push(resolve);
      else resolve(ready);
    });
  return { child, line };
}

async function end(running: Running, signal?: NodeJS.Signals): Promise<void> {
  const exited = once(running.child, 'exit');
  if (signal === undefined) running.child.stdin?.end();
  else running.child.kill(signal);
  await exited;
}

describe('store/lock with real processes', () => {
  let dir = '';
  let path = '';
  beforeEach(() => {
    dir = tempDir();
    path = join(dir, 'litt.lock');
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    removeTempDir(dir);
  });

  const HOLD = `
    installLockCleanup(acquireLocks(realFs, [dir]));
    console.log('locked');
    process.stdin.resume().on('end', () => process.exit(0));
  `;

  it('keeps others out while it lives, and frees the lock at exit', async () => {
    const holder = start(HOLD, [dir]);
    expect(await holder.line()).to.equal('locked');
    expect(inspectLock(realFs, dir)).to.include({ state: 'held', pid: holder.child.pid });
    expect(() => acquireLocks(realFs, [dir])).to.throw(`process ${holder.child.pid}`);
    await end(holder);
    expect(realFs.readdir(dir)).to.deep.equal([]);
  });

  it('leaves a lock that can be taken over when it is killed', async () => {
    const holder = start(HOLD, [dir]);
    await holder.line();
    await end(holder, 'SIGKILL');
    expect(inspectLock(realFs, dir)).to.include({ state: 'stale', pid: holder.child.pid });
    acquireLocks(realFs, [dir]).release();
    expect(realFs.readdir(dir)).to.deep.equal([]);
  });

  it('puts stale locks back at an unplanned exit, and not when called off', () => {
    const stale = lockText(deadPid());
    nodeFs.writeFileSync(path, stale);
    const thrown = run(`installLockCleanup(acquireLocks(realFs, [dir])); throw new Error('oops');`, dir);
    expect(thrown.status).to.equal(1);
    expect(nodeFs.readFileSync(path, 'utf8')).to.equal(stale);
    const released = run(
      `const l = acquireLocks(realFs, [dir]); installLockCleanup(l); l.release(); process.exit(7);`,
      dir,
    );
    expect(released.status).to.equal(7);
    expect(realFs.readdir(dir)).to.deep.equal([]);
    run(`installLockCleanup(acquireLocks(realFs, [dir]))();`, dir);
    expect(inspectLock(realFs, dir).state).to.equal('stale');
  });

  it('gives one stale lock to exactly one of several processes', async function () {
    this.timeout(120_000);
    const rounds = 60;
    const runners = 4;
    for (let i = 0; i < rounds; i++) {
      nodeFs.mkdirSync(join(dir, String(i)));
      nodeFs.writeFileSync(join(dir, String(i), 'litt.lock'), lockText(deadPid()), { mode: 0o600 });
    }
    const RACE = `
      console.log('ready');
      const begin = Number(await new Promise((go) => process.stdin.once('data', go)));
      let won = [];
      for (let i = 0; i < ${rounds}; i++) {
        while (Date.now() < begin + i * 20);
        try { acquireLocks(realFs, [dir + '/' + i]); won.push(i); }
        catch (e) { if (e.code !== 'ERR_LOCKED') console.log('unexpected ' + e.code + e.message); }
      }
      console.log(JSON.stringify(won));
      process.stdin.on('end', () => process.exit(0));
    `;
    const all = Array.from({ length: runners }, () => start(RACE, [dir]));
    for (const one of all) expect(await one.line()).to.equal('ready');
    for (const one of all) one.child.stdin?.write(String(Date.now() + 100));
    const wins = await Promise.all(all.map(async (one) => JSON.parse(await one.line()) as number[]));
    for (let i = 0; i < rounds; i++) {
      const winners = all.filter((_, n) => wins[n]?.includes(i));
      expect(winners, `round ${i}`).to.have.length(1);
      expect(realFs.readdir(join(dir, String(i)))).to.deep.equal(['litt.lock']);
      const { pid } = parseLockText(nodeFs.readFileSync(join(dir, String(i), 'litt.lock'), 'utf8'));
      expect(pid).to.equal(winners[0]?.child.pid);
    }
    await Promise.all(all.map((one) => end(one)));
  });

  describe('as a user without rights', () => {
    beforeEach(function () {
      if (!isRoot) this.skip();
      nodeFs.chmodSync(dir, 0o777);
    });

    const ACQUIRE = `attempt(() => { acquireLocks(realFs, [dir]).release(); console.log('locked'); });`;

    it('refuses a lock that it may not read', () => {
      nodeFs.writeFileSync(path, lockText(deadPid()), { mode: 0o600 });
      const { stdout } = run(ACQUIRE, dir, true);
      expect(stdout).to.match(/^ERR_LOCK_UNREADABLE .*may not read/);
      const inspected = run(`console.log(JSON.stringify(inspectLock(realFs, dir)));`, dir, true);
      expect(JSON.parse(inspected.stdout)).to.deep.equal({
        state: 'unreadable',
        path,
        text: null,
        since: null,
        pid: null,
      });
    });

    it("counts another user's process as alive", () => {
      nodeFs.writeFileSync(path, lockText(process.pid), { mode: 0o644 });
      expect(run(ACQUIRE, dir, true).stdout).to.match(/^ERR_LOCKED .*is locked by process/);
    });

    it("takes over a dead process's lock that it may read, and can put nothing back under a foreign name", () => {
      nodeFs.writeFileSync(path, lockText(deadPid()), { mode: 0o644 });
      const restore = `attempt(() => { acquireLocks(realFs, [dir]).restore(); console.log('restored'); });`;
      expect(run(restore, dir, true).stdout).to.equal('restored\n');
      expect(realFs.readdir(dir)).to.deep.equal([]);
    });

    it('says what to do when it may not create the lock', () => {
      nodeFs.chmodSync(dir, 0o755);
      expect(run(ACQUIRE, dir, true).stdout).to.match(/^ERR_IO .*EACCES.*litt\.lock.*--no-lock/);
    });
  });
});
