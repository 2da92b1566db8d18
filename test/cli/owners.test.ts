/** Databases whose owner cannot be given away: the engine works there, and so does a rollback. */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { database, finish, installed } from './process.ts';
import { asUser, type Database, doesAndUndoes, NODE, sh, TARGET } from './rights.ts';

describe('cli: owners', function () {
  this.timeout(120_000);

  before(function () {
    if (process.getuid?.() !== 0 || !installed('setpriv')) this.skip();
    buildOnce();
  });

  /** A database with owners given by a script, which has its directory and its roots as arguments. */
  function ownedBy(script: string, name = 'single-root'): Database {
    const db = database(name);
    sh(`chmod 755 "$1"; ${script}`, db.dir, ...db.roots);
    return db;
  }

  const member = asUser('--groups=2000');
  const VOLUME = `chown -R ${NODE}:${NODE} "$1"; shift; chown 0:2000 "$@"; chmod 2775 "$@"`;

  it('works on mounted volumes that belong to root and to the group of the pod', async () => {
    await doesAndUndoes(ownedBy(VOLUME), member);
    await doesAndUndoes(ownedBy(VOLUME, 'many-roots'), member);
  });

  it('works on a snapshot directory that belongs to root and to a group', async () => {
    const db = ownedBy(`chown -R ${NODE}:${NODE} "$1"`, 'snapshots');
    const { snapshotDir = '' } = db;
    sh('chown 0:2000 "$1"; chmod 2775 "$1"', snapshotDir);
    const withSnapshots = { ...db, src: [...db.src, '--snapshot-dir', snapshotDir] };
    // What a directory is long depends on what it has held before.
    const look = (): string =>
      sh(
        'find "$1" -type d -printf "%p %U %G %m\\n" -o -printf "%p %U %G %m %s %l\\n" | grep -v litt-rollback | sort',
        db.dir,
      );
    const before = look();
    for (const words of [['apply', '--yes', ...TARGET], ['undo']]) {
      const { code, stderr } = await finish([...words, ...withSnapshots.src], member);
      expect(code, stderr).to.equal(0);
    }
    expect(look()).to.equal(before);
  });

  it('works where only the owner was given, and where a group shares the data', async () => {
    await doesAndUndoes(ownedBy(`chown -R ${NODE}:0 "$1"`), asUser());
    await doesAndUndoes(ownedBy('chown -R 999:2000 "$1"; chmod -R g+rwX "$1"'), member, false);
  });

  it('leaves, as root, an area on a mounted volume that the node can use', async () => {
    const db = ownedBy(VOLUME);
    const { code, stderr } = await finish(['apply', '--yes', ...TARGET, ...db.src]);
    expect(code, stderr).to.equal(0);
    const own = join(db.roots[0] as string, '.litt-rollback');
    const owners = [own, ...readdirSync(own).map((name) => join(own, name))].map(
      (path) => lstatSync(path).uid,
    );
    expect(new Set(owners)).to.deep.equal(new Set([NODE]));
    const undone = await finish(['undo', ...db.src], member);
    expect(undone.code, undone.stderr).to.equal(0);
  });

  it('mends, as root, a directory that an older version left as root', async () => {
    const db = ownedBy(`chown -R ${NODE}:${NODE} "$1"`);
    const own = join(db.roots[0] as string, '.litt-rollback');
    sh('mkdir -m 750 "$1"', own);
    const shut = await finish(['apply', '--yes', ...TARGET, ...db.src], asUser());
    expect([shut.code, shut.stderr.includes(own), shut.stderr.includes('root')]).to.deep.equal([
      7,
      true,
      true,
    ]);
    expect((await finish(['apply', '--yes', ...TARGET, ...db.src])).code).to.equal(0);
    expect(lstatSync(own).uid).to.equal(NODE);
    expect((await finish(['undo', ...db.src], asUser())).code).to.equal(0);
  });

  it('works in a user namespace that does not map the owner', async function () {
    if (!installed('unshare')) this.skip();
    const db = ownedBy(`chown -R ${NODE}:${NODE} "$1"; chmod -R a+rwX "$1"`);
    await doesAndUndoes(db, { prefix: ['unshare', '-Ur'] }, false);
  });
});
