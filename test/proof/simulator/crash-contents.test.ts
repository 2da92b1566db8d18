/** What a power cut may leave of the contents of files, by sequences whose outcome is known. */
import { expect } from 'chai';
import { writeFileDurably } from '../../../lib/store/durable-files.ts';
import { crashCases, crashStates, pendingAfter } from './crash-states.ts';
import { FaultyFs, isSync } from './faulty-fs.ts';
import type { MemoryFs } from './memory-fs.ts';
import { CHOICE, logged, seen, seenEver, text } from './seen.ts';
import { create, filesIn, overwrite, textOf } from './small-files.ts';

const OWNER = { mode: 0o600 };

describe('simulator/crash-states: replacing a file', () => {
  const replace = (fs: MemoryFs | FaultyFs): void =>
    writeFileDurably(fs, '/d/f', Buffer.from('new content'), OWNER);

  it('leaves the old or the new content, and the new one once it is done', () => {
    const log = logged({ '/d/f': 'old' }, replace);
    expect(seenEver(log, text('/d/f'))).to.deep.equal(['new content', 'old']);
    expect(seen(log, text('/d/f'))).to.deep.equal(['new content']);
    expect(pendingAfter(log, log.ops.length)).to.deep.equal([]);
  });

  it('may leave the old content afterwards when the directory is not synced', () => {
    const log = logged({ '/d/f': 'old' }, (fs) =>
      replace(new FaultyFs(fs, { drop: (op) => op.name === 'fsyncDir' })),
    );
    expect(seen(log, text('/d/f'))).to.deep.equal(['new content', 'old']);
  });

  it('may leave a torn, empty or zero-filled file when the content is not synced', () => {
    const log = logged({ '/d/f': 'old' }, (fs) =>
      replace(new FaultyFs(fs, { drop: (op) => op.name === 'fsync' })),
    );
    const views = seen(log, text('/d/f'));
    expect(views).to.include.members(['', '\0'.repeat(11), 'new content']);
    expect(views.some((view) => /^new content$/.test(view) === false && view.startsWith('n'))).to.equal(true);
    expect(views).to.not.include('old');
  });

  it('needs every one of its syncs', () => {
    const counting = new FaultyFs(logged({ '/d/f': 'old' }, () => undefined).start.clone());
    replace(counting);
    for (const sync of counting.ops.filter(isSync)) {
      const log = logged({ '/d/f': 'old' }, (fs) =>
        replace(new FaultyFs(fs, { drop: (op) => op.index === sync.index })),
      );
      expect(seen(log, text('/d/f')), `without ${sync.name}`).to.not.deep.equal(['new content']);
    }
  });
});

describe('simulator/crash-states: contents', () => {
  it('loses, tears and zeroes writes in place, each on its own', () => {
    const log = logged({ '/d/f': 'aaaaaaaa' }, (fs) => {
      const fd = fs.open('/d/f', 'r+');
      fs.writeAt(fd, Buffer.from('BBBB'), 0);
      fs.writeAt(fd, Buffer.from('CCCC'), 4);
    });
    const views = seen(log, text('/d/f'));
    expect(views).to.include.members(['aaaaaaaa', 'BBBBaaaa', 'aaaaCCCC', 'BBBBCCCC', '\0\0\0\0CCCC']);
    expect(views.every((view) => /^(a*B*\0*|\0*B*|a*B*)a*[aC\0]*$/.test(view) && view.length === 8)).to.equal(
      true,
    );
    expect(views.some((view) => /^aB|^BB?B?a/.test(view))).to.equal(true);
  });

  it('keeps what was synced, and loses only what came after', () => {
    const log = logged({}, (fs) => {
      const fd = create(fs, '/d/f', 'first ', false);
      fs.fsync(fd);
      fs.fsyncDir('/d');
      fs.writeAt(fd, Buffer.from('second'), 6);
    });
    const views = seen(log, text('/d/f'));
    expect(views).to.include.members(['first ', 'first second', `first ${'\0'.repeat(6)}`]);
    expect(views.every((view) => view.startsWith('first '))).to.equal(true);
  });

  it('loses truncations, modes and owners until the file is synced', () => {
    const work = (fs: MemoryFs): void => {
      const fd = fs.open('/d/f', 'r+');
      fs.truncate(fd, 2);
      fs.chmod(fd, 0o640);
      fs.chown('/d/f', 5, 6);
    };
    const look = (fs: MemoryFs): string => {
      const { size, mode, uid } = fs.lstat('/d/f');
      return `${size} ${mode.toString(8)} ${uid}`;
    };
    const log = logged({ '/d/f': 'abcd' }, work);
    expect(seen(log, look).length).to.equal(8);
    const synced = logged({ '/d/f': 'abcd' }, (fs) => {
      work(fs);
      fs.fsync(fs.open('/d/f', 'r'));
    });
    expect(seen(synced, look)).to.deep.equal(['2 640 5']);
  });

  it('fills the gap before a later write when an earlier one is lost', () => {
    const log = logged({}, (fs) => {
      const fd = create(fs, '/d/f', 'ab', false);
      fs.writeAt(fd, Buffer.from('cd'), 2);
      fs.fsyncDir('/d');
    });
    expect(seen(log, text('/d/f'))).to.include.members(['', 'ab', '\0\0cd', 'abcd']);
  });

  it('copies by sharing blocks like any other unsynced file', () => {
    const log = logged({ '/d/f': 'abcd' }, (fs) => {
      fs.reflink('/d/f', '/d/g');
      fs.fsyncDir('/d');
    });
    expect(seen(log, text('/d/g'))).to.include.members(['', 'abcd', '\0\0\0\0']);
  });
});

describe('simulator/crash-states: the choice', () => {
  const work = (fs: MemoryFs): void => {
    for (const name of ['1', '2', '3', '4', '5', '6']) create(fs, `/d/${name}`, name.repeat(9));
  };

  it('is the same for the same seed, without repetitions, and explains itself', () => {
    const log = logged({}, work);
    const texts = (seed: number): string[] =>
      [...crashCases(log, log.ops.length, { sample: 30, seed })].map((one) => one.describe().join('\n'));
    const first = texts(1);
    expect(first).to.deep.equal(texts(1));
    expect(first).to.not.deep.equal(texts(2));
    expect(new Set(first).size).to.equal(first.length);
    expect(first[0]).to.equal('');
    expect(first[1]?.split('\n')[0]).to.equal('lost: operation 0, create file /d/1');
  });

  it('is bounded', () => {
    const log = logged({}, work);
    const count = (options: object): number =>
      [...crashStates(log, log.ops.length, { ...CHOICE, ...options })].length;
    expect(count({ sample: 0, singles: 0 })).to.equal(2);
    expect(count({ sample: 0, singles: 2 })).to.be.within(6, 40);
    expect(count({ sample: 100, singles: 0 })).to.be.within(60, 102);
    expect(() => count({ seed: 1 })).to.not.throw();
    expect(() => [...crashStates(log, log.ops.length + 1, CHOICE)]).to.throw(RangeError);
  });

  it('may be asked for any point, in any order, and for several at once', () => {
    const log = logged({ '/d/f': 'old', '/d/g': 'old' }, (fs) => {
      overwrite(fs, '/d/f', 'new');
      overwrite(fs, '/d/g', 'new');
      fs.fsync(fs.open('/d/f', 'r'));
      fs.unlink('/d/f');
      fs.fsyncDir('/d');
    });
    const look = (fs: MemoryFs): string =>
      filesIn(fs, '/')
        .map((path) => path + textOf(fs, path))
        .join(' ');
    const order = [0, 1, 2, 3, 4, 5, 3, 2, 4, 1, 0];
    const views = order.map((k) => seen(log, look, k, { sample: 0 }).length);
    for (const [i, k] of order.entries()) expect(views[i], `after ${k}`).to.equal(views[order.indexOf(k)]);
    expect(seen(log, look, 2)).to.include.members(['/d/fnew /d/gnew', '/d/fold /d/gnew', '/d/fold /d/gold']);
    const early = crashStates(log, 1, CHOICE);
    const first = look(early.next().value as MemoryFs);
    for (const _ of crashStates(log, log.ops.length, CHOICE));
    const rest = [...early].map(look);
    expect([...new Set([first, ...rest])].sort()).to.deep.equal(seen(log, look, 1));
  });
});
