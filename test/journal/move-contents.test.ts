/** A directory that cannot be renamed, moved file by file, wherever that is interrupted. */
import { expect } from 'chai';
import { moveContents, moveContentsBack } from '../../lib/journal/move-contents.ts';
import type { DurableFs } from '../../lib/store/durable-fs.ts';
import { lstatOrNull } from '../../lib/store/roots.ts';
import { CrashNow, FaultyFs } from '../proof/simulator/faulty-fs.ts';
import { MemoryFs } from '../proof/simulator/memory-fs.ts';

const FROM = '/db/keymap';
const TO = '/db/part';
/** Their modes and owners must go along; the last one is only to be read. */
const DIRECTORIES = [
  [FROM, 0o2770],
  [`${FROM}/data`, 0o750],
  [`${FROM}/data/deep`, 0o555],
] as const;

/** A directory of a lower layer. */
function layered(): MemoryFs {
  const fs = new MemoryFs({ layered: true });
  fs.mkdir('/db', 0o755);
  DIRECTORIES.forEach(([path, mode], i) => {
    fs.mkdir(path);
    for (const name of ['a', 'b']) fs.close(fs.open(`${path}/${name}`, 'wx'));
    fs.chown(path, 1000 + i, 2000 + i);
    fs.chmod(path, mode);
  });
  fs.layerEnd = fs.store.nextId;
  return fs;
}

/** Kind, mode and owner of everything below a directory, by its path there. */
function looksOf(fs: DurableFs, dir: string): Record<string, string> {
  const looks: Record<string, string> = {};
  const look = (path: string): void => {
    const { kind, mode, uid, gid } = fs.lstat(path);
    looks[path.slice(dir.length)] = `${kind} ${mode.toString(8)} ${uid}:${gid}`;
    if (kind === 'directory') for (const name of fs.readdir(path)) look(`${path}/${name}`);
  };
  look(dir);
  return looks;
}

/** Runs something that dies at a call; whether it has died. */
function diesAt(fs: MemoryFs, crashAt: number, work: (fs: DurableFs) => void): boolean {
  try {
    work(new FaultyFs(fs, { crashAt }));
    return false;
  } catch (error) {
    if (error instanceof CrashNow) return true;
    throw error;
  }
}

const forward = (fs: DurableFs): void => moveContents(fs, FROM, TO);
const back = (fs: DurableFs): void => {
  if (lstatOrNull(fs, TO) !== null) moveContentsBack(fs, TO, FROM);
};

describe('journal/move-contents', () => {
  const looks = looksOf(layered(), FROM);

  it('needs it: the directory cannot be renamed', () => {
    expect(() => layered().rename(FROM, TO)).to.throw('EXDEV');
  });

  it('moves everything with its looks, wherever it dies before', () => {
    let [call, isDead] = [0, true];
    for (; isDead; call++) {
      const fs = layered();
      isDead = diesAt(fs, call, forward);
      forward(fs);
      expect(looksOf(fs, TO), `call ${call}`).to.deep.equal(looks);
      expect(lstatOrNull(fs, FROM)).to.equal(null);
    }
    expect(call).to.be.greaterThan(20);
  });

  it('brings everything back with its looks, wherever the move and the way back die', () => {
    let [call, isDead] = [0, true];
    for (; isDead; call++) {
      for (let [then, isDeadAgain] = [0, true]; isDeadAgain; then++) {
        const fs = layered();
        isDead = diesAt(fs, call, forward);
        isDeadAgain = diesAt(fs, then, back);
        back(fs);
        expect(looksOf(fs, FROM), `call ${call}, then ${then}`).to.deep.equal(looks);
        expect(lstatOrNull(fs, TO)).to.equal(null);
      }
    }
    expect(call).to.be.greaterThan(20);
  });

  it('renames a directory that was made later', () => {
    const fs = layered();
    fs.mkdir(`${FROM}/later`);
    const recorded = new FaultyFs(fs);
    forward(recorded);
    expect(recorded.ops.some(({ name, paths }) => name === 'rename' && paths[1] === `${TO}/later`)).to.equal(
      true,
    );
    expect(fs.lstat(`${TO}/later`).kind).to.equal('directory');
  });
});
