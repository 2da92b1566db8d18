/** Who owns what is made: by root for the node, and by a user without the right to give files away. */
import { expect } from 'chai';
import type { DurableFs, FileStat } from '../../lib/store/durable-fs.ts';
import { give, giveLike, nodeOwner, shutsOut } from '../../lib/store/ownership.ts';
import { makeOwnDir } from '../../lib/store/root-set.ts';
import { crashStates } from '../proof/simulator/crash-states.ts';
import { errnoError } from '../proof/simulator/errno.ts';
import { FaultyFs } from '../proof/simulator/faulty-fs.ts';
import { MemoryFs } from '../proof/simulator/memory-fs.ts';

const file = (mode: number, uid: number, gid: number): FileStat => ({
  kind: 'file',
  size: 0,
  mode,
  uid,
  gid,
  nlink: 1,
  ino: '1',
  dev: '1',
  mtimeNs: '0',
});

/** A file system in which this user may give away only what `may` says. */
function giving(
  may: (uid: number, gid: number) => boolean,
  errno: 'EPERM' | 'EINVAL',
): { fs: DurableFs; given: string[] } {
  const given: string[] = [];
  const chown = (_: string | number, uid: number, gid: number): void => {
    if (!may(uid, gid)) throw errnoError(errno, 'chown', '/f');
    given.push(`${uid}:${gid}`);
  };
  return { fs: Object.assign(new MemoryFs(), { chown }), given };
}

describe('store/ownership', () => {
  it('knows whom another owner or group would shut out', () => {
    const cases: [mode: number, uid: number, gid: number, left: [number, number], boolean][] = [
      // The group of root, and what every user may read, make no difference.
      [0o640, 7, 0, [7, 7], false],
      [0o644, 7, 5, [7, 7], false],
      [0o600, 7, 5, [7, 7], false],
      [0o640, 7, 5, [7, 7], true],
      [0o660, 7, 5, [7, 7], true],
      // Root needs no rights; another owner needs those of the group.
      [0o600, 0, 0, [7, 7], false],
      [0o600, 9, 5, [7, 5], true],
      [0o640, 9, 5, [7, 5], true],
      [0o660, 9, 5, [7, 5], false],
      [0o660, 9, 5, [7, 7], true],
      [0o666, 9, 5, [7, 7], false],
    ];
    for (const [mode, uid, gid, [u, g], expected] of cases) {
      const text = `${mode.toString(8)} ${uid}:${gid} left as ${u}:${g}`;
      expect(shutsOut(file(mode, uid, gid), { uid: u, gid: g }), text).to.equal(expected);
    }
  });

  it('gives the group alone where the owner cannot be given, and refuses only where a user is shut out', () => {
    const own = { uid: 7, gid: 7 };
    const member = giving((uid) => uid === -1, 'EPERM');
    giveLike(member.fs, 1, own, file(0o660, 9, 5));
    expect(member.given).to.deep.equal(['-1:5']);
    expect(() => giveLike(member.fs, 1, own, file(0o600, 9, 5))).to.throw('EPERM');
    const stranger = giving(() => false, 'EPERM');
    giveLike(stranger.fs, 1, own, file(0o644, 0, 0));
    expect(() => giveLike(stranger.fs, 1, own, file(0o640, 7, 5))).to.throw('EPERM');
    expect(stranger.given).to.deep.equal([]);
  });

  it('goes on where the owner has no number here, and where it is right already', () => {
    const unnumbered = giving(() => false, 'EINVAL');
    give(unnumbered.fs, 1, { uid: 0, gid: 0 }, { uid: 65534, gid: 65534 });
    const none = giving(() => {
      throw new Error('asked for nothing');
    }, 'EPERM');
    give(none.fs, 1, { uid: 7, gid: 7 }, { uid: 7, gid: 7 });
  });

  /** A root directory with tables, each of an owner. */
  function root(
    uid: number,
    gid: number,
    mode: number,
    tables: readonly (readonly [number, number])[],
  ): MemoryFs {
    const fs = new MemoryFs();
    fs.mkdir('/r', mode);
    for (const [i, owner] of tables.entries()) {
      fs.mkdir(`/r/t${i}`);
      fs.mkdir(`/r/t${i}/segments`);
      fs.chown(`/r/t${i}/segments`, ...owner);
    }
    fs.chown('/r', uid, gid);
    fs.chmod('/r', mode);
    return fs;
  }

  it("finds the node's user behind a root directory that is a mounted volume", () => {
    expect(nodeOwner(root(5, 6, 0o755, [[7, 8]]), '/r')).to.include({ uid: 5, gid: 6 });
    expect(nodeOwner(root(0, 0, 0o755, [[7, 8]]), '/r')).to.include({ uid: 7, gid: 8 });
    expect(nodeOwner(root(0, 9, 0o2775, [[7, 8]]), '/r')).to.include({ uid: 7, gid: 9 });
    expect(
      nodeOwner(
        root(0, 9, 0o755, [
          [7, 8],
          [6, 8],
        ]),
        '/r',
      ),
    ).to.include({ uid: 0, gid: 9 });
    expect(nodeOwner(root(0, 9, 0o755, []), '/r')).to.include({ uid: 0, gid: 9 });
  });

  it('never shows a directory of ours that is not given yet, whatever a kill or a power cut leaves', () => {
    const start = root(0, 0, 0o755, [[7, 8]]);
    const calls = ((): number => {
      const fs = new FaultyFs(start.clone());
      makeOwnDir(fs, '/r');
      return fs.ops.length;
    })();
    expect(calls).to.be.greaterThan(4);
    for (let crashAt = 0; crashAt <= calls; crashAt++) {
      const end = start.clone();
      const log = end.record();
      const fs = new FaultyFs(end, { crashAt });
      try {
        makeOwnDir(fs, '/r');
      } catch {
        // Dead, as it should be.
      }
      for (const state of crashStates(log, log.ops.length, { sample: 20, seed: 1 })) {
        if (state.readdir('/r').includes('.litt-rollback'))
          expect(state.lstat('/r/.litt-rollback').uid).to.equal(7);
        makeOwnDir(state, '/r');
        expect(state.readdir('/r')).to.have.members(['t0', '.litt-rollback']);
      }
    }
  });

  it('mends a directory of ours that was left as root', () => {
    const fs = root(7, 8, 0o755, [[7, 8]]);
    fs.mkdir('/r/.litt-rollback', 0o750);
    makeOwnDir(fs, '/r');
    expect(fs.lstat('/r/.litt-rollback')).to.include({ uid: 7, gid: 8 });
  });

  it('is open to a group that shares the root', () => {
    const modes = [0o755, 0o750, 0o775, 0o700, 0o2775].map((mode) => {
      const fs = root(7, 8, mode, [[7, 8]]);
      makeOwnDir(fs, '/r');
      return fs.lstat('/r/.litt-rollback').mode.toString(8);
    });
    expect(modes).to.deep.equal(['750', '750', '770', '700', '2770']);
  });
});
