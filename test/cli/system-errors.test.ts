/** What the system refuses to a command that only reads, and names that are not text. */
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { applyPlan, planRollback, undoRollback } from '../../lib/index.ts';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { planOptions, unpackNamed } from '../helpers/transactions.ts';
import { database, finish, installed, lastJson } from './process.ts';

const asOther = { prefix: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] };

describe('cli: a user who may look at a part', () => {
  before(function () {
    if (process.getuid?.() !== 0 || !installed('setpriv')) this.skip();
    this.timeout(120_000);
    buildOnce();
  });

  /** A database with a finished rollback, readable to every user except for `.litt-rollback`. */
  async function applied(name: string): Promise<ReturnType<typeof database>> {
    const db = database(name);
    const { code, stderr } = await finish(['apply', ...db.src, '--drop-last', '1', '--yes', '--all-roots']);
    expect(code, stderr).to.equal(0);
    execFileSync('chmod', ['-R', 'a+rX', db.dir]);
    return db;
  }

  it('is told which file it may not read, and the rest: our own directory', async () => {
    const db = await applied('single-root');
    const own = join(db.roots[0]!, '.litt-rollback');
    chmodSync(own, 0o700);
    const inspect = await finish(['inspect', '--json', ...db.src], asOther);
    expect(inspect.code, inspect.stderr).to.equal(7);
    const report = lastJson(inspect.stdout) as unknown as {
      tables: unknown[];
      status: { unreadable: { path: string }[] };
    };
    expect(report.tables).to.have.length(1);
    expect(report.status.unreadable.map((u) => u.path)).to.deep.equal([own]);
    const status = await finish(['status', ...db.src], asOther);
    expect(status.code).to.equal(7);
    expect(status.stdout).to.contain('Not all can be told').and.not.to.contain('Untouched');
    for (const { stderr } of [inspect, status])
      expect(stderr).to.contain(own).and.to.contain('EACCES, permission denied').and.to.contain('ERR_IO');
  });

  it('is told the rest of a rollback whose kept files it may not see, and of other roots', async () => {
    const db = await applied('many-roots');
    const [id] = readdirSync(join(db.roots[1]!, '.litt-rollback')).filter((name) =>
      /^[0-9a-f-]{36}$/.test(name),
    );
    const kept = join(db.roots[1]!, '.litt-rollback', id!, 'kept');
    chmodSync(kept, 0o700);
    const status = await finish(['status', ...db.src], asOther);
    expect(status.code, status.stderr).to.equal(7);
    expect(status.stdout).to.contain(id).and.to.contain(kept);
    chmodSync(join(db.roots[2]!, '.litt-rollback', id!, 'undo.json'), 0o600);
    const less = await finish(['status', '--json', ...db.src], asOther);
    expect(less.code).to.equal(7);
    const report = lastJson(less.stdout) as unknown as { transactions: unknown[]; unreadable: unknown[] };
    expect([report.transactions.length, report.unreadable.length]).to.deep.equal([1, 2]);
  });

  it('is told of an unfinished rollback by its lock, where its journal may not be read', async () => {
    const db = await applied('single-root');
    const [root] = db.roots as [string];
    writeFileSync(join(root, 'litt.lock'), 'litt-rollback: a rollback is under way\n', { mode: 0o644 });
    chmodSync(join(root, '.litt-rollback'), 0o700);
    const { code, stdout } = await finish(['status', ...db.src], asOther);
    expect(code).to.equal(7);
    expect(stdout).to.contain(join(root, 'litt.lock'));
  });

  it('is told of the other tables where one may not be entered', async () => {
    const db = database('many-roots');
    execFileSync('chmod', ['-R', 'a+rX', db.dir]);
    const [first, ...others] = readdirSync(db.roots[0]!).filter((name) => !name.startsWith('.'));
    chmodSync(join(db.roots[0]!, first!), 0o700);
    const { code, stdout, stderr } = await finish(['inspect', '--json', ...db.src], asOther);
    expect(code, stderr).to.equal(7);
    const report = lastJson(stdout) as unknown as {
      tables: { table: string }[];
      damaged: { table: string; code: string }[];
    };
    expect(report.tables.map((t) => t.table)).to.have.members(others.filter((n) => !n.endsWith('.lock')));
    expect(report.damaged.map((t) => [t.table, t.code])).to.deep.equal([[first, 'ERR_IO']]);
    expect(stderr).to.contain(join(db.roots[0]!, first!));
  });
});

/** Words whose last one is a path with a byte that is not UTF-8, which no argument of Node can be. */
const withByte = (path: string): { prefix: string[] } => ({
  prefix: ['sh', '-c', `exec "$@" "$(printf '${path}')"`, 'sh'],
});

/** Names and contents of all files, as bytes. */
const sums = (dir: string): string =>
  execFileSync('sh', ['-c', 'cd "$0" && find . -type f -exec md5sum {} + | sort', dir], {
    encoding: 'latin1',
  });

describe('cli: names that are not text', () => {
  before(function () {
    this.timeout(120_000);
    buildOnce();
  });

  /** Below a directory whose name ends in the byte E9. */
  function moved(from: string): string {
    const dir = tempDir();
    execFileSync('sh', ['-c', `mv "$0" "$(printf '${dir}/d\\351')"`, from]);
    return `${dir}/d\\351`;
  }

  it('are refused for a root, with its bytes, however it is given', async () => {
    const db = database('single-root');
    const path = moved(db.dir);
    const root = `${path}/db/${basename(db.roots[0]!)}`;
    const given = [
      await finish(['inspect', '--src'], withByte(root)),
      await finish(['plan', '--drop-last', '1', '--src'], withByte(root)),
      await finish(['status', '--src'], withByte(root)),
      await finish(['resume', '--src', '.'], {
        prefix: ['sh', '-c', `cd "$(printf '${root}')" && exec "$@"`, 'sh'],
      }),
    ];
    for (const { code, stderr } of given) {
      expect(code, stderr).to.equal(7);
      expect(stderr).to.contain('[ERR_PATH_BYTES]').and.to.contain('d\\xe9').and.to.contain('mount --bind');
    }
  });

  it('are refused for a snapshot directory, a home and a plan', async () => {
    const snapshots = database('snapshots');
    const home = moved(join(unpackNamed('node-home').dir, 'db', 'home'));
    const words = ['plan', '--drop-last', '1', ...snapshots.src];
    const outside = moved(snapshots.snapshotDir as string);
    const given = [
      await finish([...words, '--snapshot-dir'], withByte(outside)),
      await finish(['inspect', '--home'], withByte(home)),
      await finish(['apply', '--yes'], withByte(`${home}/plan.json`)),
    ];
    for (const { code, stderr } of given) {
      expect(code, stderr).to.equal(7);
      expect(stderr).to.contain('[ERR_PATH_BYTES]').and.to.contain('d\\xe9');
    }
    const missing = await finish(['inspect', '--src'], withByte(`${tempDir()}/e\\351`));
    expect(missing.stderr).to.contain('[ERR_ROOT_NOT_FOUND]');
  });

  it('go and come back inside of a database, and are shown as bytes', async () => {
    const unpacked = unpackNamed('single-root');
    const [root] = unpacked.databases[0] as readonly string[];
    const table = join(
      root!,
      readdirSync(root!).find((name) => !name.startsWith('.') && name !== 'litt.lock')!,
    );
    const make = (name: string): void =>
      void execFileSync('sh', ['-c', `echo x > "$(printf '${table}/${name}')"`]);
    make('segments/a\\351.keys.swap');
    execFileSync('mkdir', ['-p', join(table, 'keymap')]);
    make('keymap/b\\351');
    const before = sums(table);
    const plan = await planRollback(planOptions(unpacked));
    expect(JSON.stringify(plan)).to.contain('a\\udce9.keys.swap');
    await applyPlan(plan);
    expect(execFileSync('ls', [join(table, 'segments')], { encoding: 'latin1' })).not.to.contain('\xe9');
    await undoRollback([root!]);
    expect(sums(table)).to.equal(before);
    // What goes for good goes with everything in it.
    await applyPlan(await planRollback(planOptions(unpacked)), { keepUndo: false });
    expect(readdirSync(join(root!, '.litt-rollback')).filter((n) => n.startsWith('trash'))).to.deep.equal([]);
    make('segments/c\\351.keys');
    const { code, stderr } = await finish(['plan', '--drop-last', '1', '--src', root!]);
    expect(code).to.equal(4);
    expect(stderr).to.contain('"c\\xe9.keys"');
  });
});
