/** Rights, mounts and features of file systems that a rollback meets: done another way, or refused before the first change. */
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import type { Tree } from '../helpers/tree.ts';
import { database, finish, installed } from './process.ts';
import {
  asUser,
  type Database,
  doesAndUndoes,
  inSegments,
  NODE,
  refuses,
  sh,
  TARGET,
  tableOf,
  treeOfRoots,
} from './rights.ts';

describe('cli: rights and mounts', function () {
  this.timeout(120_000);
  const cleaning: (() => void)[] = [];
  const later = (script: string, ...words: string[]): void =>
    void cleaning.unshift(() => sh(script, ...words));

  before(function () {
    if (process.getuid?.() !== 0 || !installed('setpriv') || !installed('chattr')) this.skip();
    buildOnce();
  });
  afterEach(() => {
    for (const clean of cleaning.splice(0)) clean();
  });

  /** A database that belongs to the node's user. */
  function owned(): Database {
    const db = database('single-root');
    sh(`chown -R ${NODE}:${NODE} "$1"; chmod 755 "$1"`, db.dir);
    return db;
  }

  function bind(path: string, onto = path): void {
    sh('mount --bind "$1" "$2"', path, onto);
    later('umount "$1"', onto);
  }

  for (const [what, point] of Object.entries({
    'the table': (db: Database) => tableOf(db),
    'its segments': (db: Database) => join(tableOf(db), 'segments'),
    'its keymap': (db: Database) => join(tableOf(db), 'keymap'),
    'a single file': (db: Database) => inSegments(db, /\.keys$/),
  })) {
    it(`names a mount point: ${what}`, async () => {
      const db = database('single-root');
      bind(point(db));
      await refuses(db, point(db));
    });
  }

  it('names a mount point: the directory of this program', async () => {
    const db = database('single-root');
    const own = join(db.roots[0]!, '.litt-rollback');
    mkdirSync(own);
    sh('mount -t tmpfs -o size=4m tmpfs "$1"', own);
    later('umount "$1"', own);
    await refuses(db, own);
  });

  /** Puts the database on a disk of its own kind. */
  function onDisk(db: Database, make: (dir: string) => void): void {
    const root = db.roots[0]!;
    const aside = `${root}.aside`;
    renameSync(root, aside);
    mkdirSync(root);
    make(root);
    later('umount "$1"', root);
    sh('cp -a "$1/." "$2"; rm -rf "$1"', aside, root);
  }

  function ext4(db: Database, options = ''): void {
    onDisk(db, (dir) =>
      sh(
        `truncate -s 24M "$2/img"; mkfs.ext4 -q -F -m 0 ${options} "$2/img"; mount -o loop "$2/img" "$1"; rmdir "$1/lost+found"`,
        dir,
        tempDir(),
      ),
    );
  }

  it('names what may not be changed: immutable and append-only files, directories and links', async () => {
    const db = database('single-root');
    ext4(db);
    const paths = [inSegments(db, /\.values$/), inSegments(db, /\.metadata$/), join(tableOf(db), 'keymap')];
    for (const path of paths) {
      for (const flag of ['i', 'a']) {
        sh(`chattr +${flag} "$1"`, path);
        later(`chattr -${flag} "$1"`, path);
        expect(await refuses(db, path))
          .to.contain('chattr')
          .and.not.to.contain("node's user");
        cleaning.shift()?.();
      }
    }
    await doesAndUndoes(db);
  });

  it('goes on where no more rights are needed: files without write permission, of root, of another group', async () => {
    const groups: ((db: Database) => void)[] = [
      (db) => sh('chmod a-w "$1"/segments/*', tableOf(db)),
      (db) => sh('chown 0:0 "$1"/segments/*.metadata; chmod 644 "$1"/segments/*.metadata', tableOf(db)),
      (db) => sh('chown 0:0 "$1"/segments/*.keys; chmod 644 "$1"/segments/*.keys', tableOf(db)),
      (db) => sh('chgrp 0 "$1"/segments/*', tableOf(db)),
    ];
    for (const change of groups) {
      const db = owned();
      change(db);
      await doesAndUndoes(db, asUser());
    }
  });

  it('names a file whose successor would shut its group out, and says who could make it', async () => {
    const db = owned();
    const metadata = inSegments(db, /\.metadata$/, -1);
    const { code, stdout } = await finish(['plan', '--json', ...TARGET, ...db.src]);
    expect(code).to.equal(0);
    const replaced = /"replace-file"[^}]*"path":"([^"]+)"/.exec(stdout)?.[1] ?? basename(metadata);
    const path = join(db.roots[0]!, replaced);
    chownSync(path, NODE, 2000);
    chmodSync(path, 0o640);
    expect(await refuses(db, path, asUser()))
      .to.contain('EPERM')
      .and.to.contain('group 2000')
      .and.to.contain('root');
    await doesAndUndoes(db, asUser('--groups=2000'));
  });

  it('names a file of another user in a directory where only its owner may move it', async () => {
    const db = owned();
    const segments = join(tableOf(db), 'segments');
    const path = inSegments(db, /\.keys$/);
    chownSync(segments, 0, 0);
    chmodSync(segments, 0o1777);
    chownSync(path, 4711, 4711);
    chmodSync(path, 0o644);
    await refuses(db, path, asUser());
    expect(dirname(path)).to.equal(segments);
  });

  it('works without hard links', async () => {
    const db = database('single-root');
    const strace = [
      'strace',
      '-f',
      '-qq',
      '-o',
      join(tempDir(), 'calls'),
      '-e',
      'trace=link,linkat',
      '-e',
      'inject=link,linkat:error=EPERM',
    ];
    if (!installed('strace')) return;
    await doesAndUndoes(db, { prefix: strace }, true, false);
  });

  it('renames what an overlay can rename, and moves file by file what it cannot', async () => {
    const db = database('single-root');
    const root = db.roots[0]!;
    const lower = `${root}.lower`;
    renameSync(root, lower);
    for (const name of ['upper', 'work']) mkdirSync(`${root}.${name}`);
    mkdirSync(root);
    sh(
      'mount -t overlay overlay -o "lowerdir=$1.lower,upperdir=$1.upper,workdir=$1.work,redirect_dir=off" "$1"',
      root,
    );
    later('umount "$1"', root);
    expect(existsSync(join(tableOf(db), 'keymap'))).to.equal(true);
    // On an overlay a file has another number when it has been written.
    const names = (tree: Tree): unknown[] =>
      [...tree].map(([path, { ino: _, nlink: _links, ...rest }]) => [path, rest]);
    const before = names(treeOfRoots({ ...db, dir: root }));
    for (const words of [['apply', '--yes', ...TARGET], ['verify'], ['undo']]) {
      const { code, stderr } = await finish([...words, ...db.src]);
      expect(code, `${words[0]}: ${stderr}`).to.equal(0);
    }
    expect(names(treeOfRoots({ ...db, dir: root }))).to.deep.equal(before);
  });

  it('counts the files that may still be made', async () => {
    const db = database('single-root');
    ext4(db, '-N 64');
    sh(
      'i=0; while touch "$1/../fill$i" 2>"$2" ; do i=$((i+1)); [ $i -lt 200 ] || break; done',
      join(tableOf(db)),
      join(db.dir, 'noise'),
    );
    expect(lstatSync(db.roots[0]!).isDirectory()).to.equal(true);
    const { code, stderr } = await finish(['plan', '--no-lock', ...TARGET, ...db.src]);
    expect(code, stderr).to.equal(0);
    sh('rm "$1"/fill?', db.roots[0]!);
    const refused = await finish(['apply', '--yes', ...TARGET, ...db.src]);
    expect(refused.code, refused.stderr).to.equal(3);
    expect(refused.stderr).to.contain('inodes are free').and.to.contain('purge').and.to.contain('--no-undo');
  });
});
