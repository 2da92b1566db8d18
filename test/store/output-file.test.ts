/** Files that the user names: where they may lie, what they may replace, and pipes and devices. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'chai';
import { realFs } from '../../lib/store/durable-fs.ts';
import { isStandardOutput, type OutputRule, writeOutput } from '../../lib/store/output-file.ts';
import { rejection } from '../helpers/refusals.ts';
import { tempDir } from '../helpers/temp.ts';
import { unpackNamed } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

const RULE: OutputRule = {
  what: 'list',
  databaseDirs: [],
  isEarlier: (head) => head.toString().startsWith('list of'),
};

const write = (path: string, more: Partial<OutputRule> = {}, text = 'list of new\n'): Promise<void> =>
  writeOutput(realFs, path, Buffer.from(text), { ...RULE, ...more });

/** Expects a usage error, and the path as it was. */
async function refused(path: string, text: string, more: Partial<OutputRule> = {}): Promise<void> {
  const error = await rejection(write(path, more));
  expect([error.code, error.what]).to.deep.equal(['ERR_USAGE', error.what]);
  expect(error.what).to.contain(text);
}

describe('store/output-file', () => {
  it('makes a file, and replaces an earlier one or an empty one', async () => {
    const path = join(tempDir(), 'list');
    await write(path);
    expect(readFileSync(path, 'utf8')).to.equal('list of new\n');
    chmodSync(path, 0o600);
    await write(path, {}, 'list of other\n');
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).to.deep.equal([
      'list of other\n',
      0o600,
    ]);
    writeFileSync(path, '');
    await write(path);
    expect(readFileSync(path, 'utf8')).to.equal('list of new\n');
  });

  it('replaces nothing else, unless it is forced to', async () => {
    const dir = tempDir();
    const [path, other] = [join(dir, 'notes'), join(dir, 'also')];
    writeFileSync(path, 'my list of things\n');
    linkSync(path, other);
    await refused(path, 'The file exists and is not');
    expect(readFileSync(path, 'utf8')).to.equal('my list of things\n');
    await write(path, { force: true });
    expect(readFileSync(path, 'utf8')).to.equal('list of new\n');
    expect(readFileSync(other, 'utf8')).to.equal('my list of things\n');
    await refused(dir, 'is a directory', { force: true });
    await refused(join(dir, 'none', 'list'), 'does not exist', { force: true });
    await refused(join(path, 'list'), 'does not exist', { force: true });
  });

  it('follows links, also to what is not there yet', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'a', 'b'), { recursive: true });
    symlinkSync(join(dir, 'a', 'b'), join(dir, 'short'));
    symlinkSync('short/../list', join(dir, 'link'));
    symlinkSync('link', join(dir, 'far'));
    await write(join(dir, 'far'));
    expect(readFileSync(join(dir, 'a', 'list'), 'utf8')).to.equal('list of new\n');
    expect(readlinkSync(join(dir, 'link'))).to.equal('short/../list');
    await write(join(dir, 'far'), {}, 'list of other\n');
    expect(readFileSync(join(dir, 'a', 'list'), 'utf8')).to.equal('list of other\n');
    expect(lstatSync(join(dir, 'far')).isSymbolicLink()).to.equal(true);
    symlinkSync('round', join(dir, 'about'));
    symlinkSync('about', join(dir, 'round'));
    await refused(join(dir, 'round'), 'circle');
  });

  it('writes into no database: not into the given one, not through links and .., not by force', async () => {
    const { dir, databases, snapshotDir } = unpackNamed('snapshots');
    const [root] = databases[0]!;
    const outside = tempDir();
    symlinkSync(root!, join(outside, 'way'));
    symlinkSync(join(root!, 'plan.json'), join(outside, 'link'));
    mkdirSync(join(outside, '.litt-rollback'));
    mkdirSync(join(root!, '.litt-rollback'));
    const table = readdirSync(root!).find((name) => existsSync(join(root!, name, 'segments')));
    const before = treeOf(dir);
    for (const path of [
      join(root!, 'plan.json'),
      join(root!, 'litt.lock'),
      `${root!}/../${basename(root!)}/x`,
      join(outside, 'way', 'plan.json'),
      `${join(outside, 'way', '.litt-rollback')}/../plan.json`,
      `${join(outside, 'way', table!, 'segments')}/../../plan.json`,
      join(root!, table!, 'segments', '0.metadata'),
      join(outside, 'link'),
      join(outside, '.litt-rollback', 'plan.json'),
      join(snapshotDir!, 'plan.json'),
    ]) {
      const more = { databaseDirs: [root!, snapshotDir!], force: true };
      await refused(path, 'would be written into a database', more);
      expectUntouched(dir, before);
    }
    // A database that the user did not name is protected, too.
    await refused(join(root!, 'plan.json'), 'would be written into a database', { force: true });
    await write(join(tempDir(), 'list'), { databaseDirs: [root!, snapshotDir!] });
    expectUntouched(dir, before);
  });

  it('writes to pipes, and waits for their reader', async () => {
    const dir = tempDir();
    const fifo = join(dir, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const text = 'x'.repeat(300_000);
    const done = write(fifo, {}, text);
    const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'ignore'] });
    let read = '';
    reader.stdout.setEncoding('utf8').on('data', (more: string) => (read += more));
    await Promise.all([done, new Promise((resolve) => reader.on('close', resolve))]);
    expect(read).to.equal(text);
    expect(lstatSync(fifo).isFIFO()).to.equal(true);
  });

  it('can be told to wait no longer', async () => {
    const fifo = join(tempDir(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    const error = await rejection(write(fifo, { signal: controller.signal }));
    expect([error.code, error.why]).to.deep.equal(['ERR_INTERRUPTED', 'Nothing was written']);
  });

  it('writes to devices of characters, never to disks, and replaces neither', async function () {
    const dir = tempDir();
    const [nothing, full, disk] = ['null', 'full', 'disk'].map((name) => join(dir, name));
    try {
      execFileSync('mknod', [nothing!, 'c', '1', '3'], { stdio: 'ignore' });
      execFileSync('mknod', [full!, 'c', '1', '7'], { stdio: 'ignore' });
      execFileSync('mknod', [disk!, 'b', '7', '250'], { stdio: 'ignore' });
    } catch {
      this.skip(); // devices are made by root only
    }
    symlinkSync(nothing!, join(dir, 'link'));
    for (const path of [nothing!, join(dir, 'link')]) await write(path);
    expect(lstatSync(nothing!).isCharacterDevice()).to.equal(true);
    const error = await rejection(write(full!));
    expect([error.code, error.what]).to.deep.equal(['ERR_IO', error.what]);
    expect(error.what).to.contain('ENOSPC');
    await refused(disk!, 'neither a file nor a pipe', { force: true });
    expect(existsSync(disk!) && lstatSync(disk!).isBlockDevice()).to.equal(true);
  });

  it('knows standard output under its names', () => {
    expect(isStandardOutput('-')).to.equal(true);
    expect(isStandardOutput('/proc/self/fd/1')).to.equal(true);
    expect(isStandardOutput(join(tempDir(), '-'))).to.equal(false);
  });
});
