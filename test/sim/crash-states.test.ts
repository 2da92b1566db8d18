/** What a power cut may leave, by hand-made sequences whose outcome is known. */
import { expect } from 'chai';
import { writeFileDurably } from '../../lib/store/durable-files.ts';
import { inconsistencies } from '../helpers/sim/check-tree.ts';
import { crashCases, crashStates, pendingAfter } from '../helpers/sim/crash-states.ts';
import { FaultyFs, isSync } from '../helpers/sim/faulty-fs.ts';
import { MemoryFs, type OpLog } from '../helpers/sim/memory-fs.ts';
import { create, filesIn, overwrite, textOf } from '../helpers/sim/shorthand.ts';

const CHOICE = { sample: 40, seed: 7 };
const OWNER = { mode: 0o600 };

/** A file system with some files, and the log of what was done to it afterwards. */
function logged(files: Record<string, string>, work: (fs: MemoryFs) => void): OpLog {
  const fs = new MemoryFs({ reflinks: true });
  for (const dir of ['/d', '/e']) fs.mkdir(dir);
  for (const [path, text] of Object.entries(files)) create(fs, path, text);
  const log = fs.record();
  work(fs);
  return log;
}

/** What is seen of all states after `k` operations (default: all of them), without repetitions, sorted. */
function seen(log: OpLog, look: (fs: MemoryFs) => string, k = log.ops.length, options = {}): string[] {
  const views = [...crashStates(log, k, { ...CHOICE, ...options })].map((state) => {
    expect(inconsistencies(state)).to.deep.equal([]);
    return look(state);
  });
  return [...new Set(views)].sort();
}

/** What is seen of the states after any number of operations. */
function seenEver(log: OpLog, look: (fs: MemoryFs) => string): string[] {
  const all = Array.from({ length: log.ops.length + 1 }, (_, k) => seen(log, look, k));
  return [...new Set(all.flat())].sort();
}

const text = (path: string) => (fs: MemoryFs) => textOf(fs, path);

describe('sim/crash-states: replacing a file', () => {
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

describe('sim/crash-states: contents', () => {
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

describe('sim/crash-states: names', () => {
  const names = (fs: MemoryFs): string => filesIn(fs, '/').join(' ');

  it('loses changes of different directories independently', () => {
    const log = logged({ '/d/f': '', '/e/g': '' }, (fs) => {
      fs.unlink('/d/f');
      fs.unlink('/e/g');
    });
    expect(seen(log, names)).to.deep.equal(['', '/d/f', '/d/f /e/g', '/e/g']);
    const half = logged({ '/d/f': '', '/e/g': '' }, (fs) => {
      fs.unlink('/d/f');
      fs.unlink('/e/g');
      fs.fsyncDir('/d');
    });
    expect(seen(half, names)).to.deep.equal(['', '/e/g']);
  });

  it('loses changes of one directory independently too', () => {
    const log = logged({ '/d/1': '', '/d/2': '', '/d/3': '' }, (fs) => {
      for (const name of ['1', '2', '3']) fs.unlink(`/d/${name}`);
    });
    expect(seen(log, names).length).to.equal(8);
  });

  it('moves a file whole or not at all, between directories too', () => {
    const log = logged({ '/d/f': 'x' }, (fs) => fs.rename('/d/f', '/e/g'));
    expect(seen(log, names)).to.deep.equal(['/d/f', '/e/g']);
    for (const dir of ['/d', '/e']) {
      const synced = logged({ '/d/f': 'x' }, (fs) => {
        fs.rename('/d/f', '/e/g');
        fs.fsyncDir(dir);
      });
      expect(seen(synced, names), dir).to.deep.equal(['/e/g']);
      expect(seen(synced, names, undefined, { renames: 'both' }), dir).to.deep.equal(['/d/f', '/e/g']);
    }
  });

  it('never shows a file twice or not at all that was moved on and on', () => {
    const log = logged({ '/d/a': 'x' }, (fs) => {
      fs.rename('/d/a', '/e/b');
      fs.rename('/e/b', '/d/c');
      create(fs, '/d/a', 'y');
      fs.rename('/d/c', '/e/a');
    });
    for (const view of seen(log, (fs) =>
      filesIn(fs, '/')
        .filter((f) => textOf(fs, f) === 'x')
        .join(' '),
    ))
      expect(view).to.be.oneOf(['/d/a', '/e/b', '/d/c', '/e/a']);
  });

  it('keeps the first of two moves when a sync makes the second durable', () => {
    const log = logged({ '/d/a': '' }, (fs) => {
      fs.mkdir('/x');
      fs.fsyncDir('/');
      fs.rename('/d/a', '/e/b');
      fs.rename('/e/b', '/x/c');
      fs.fsyncDir('/x');
    });
    expect(seen(log, names)).to.deep.equal(['/x/c']);
    expect(seen(log, names, log.ops.length - 1)).to.deep.equal(['/d/a', '/e/b', '/x/c']);
  });

  it('shows a new file under its last name although its first one was never durable', () => {
    const log = logged({}, (fs) => {
      const fd = create(fs, '/d/tmp', 'x', false);
      fs.fsync(fd);
      fs.link('/d/tmp', '/e/f');
      fs.fsyncDir('/e');
    });
    expect(seen(log, names)).to.deep.equal(['/d/tmp /e/f', '/e/f']);
    const states = [...crashStates(log, log.ops.length, CHOICE)];
    expect(states.map((fs) => fs.lstat('/e/f').nlink).sort()).to.deep.equal([1, 2]);
  });

  it('may lose both names of a file that was linked and then unlinked', () => {
    const log = logged({ '/d/f': '' }, (fs) => {
      fs.link('/d/f', '/e/f');
      fs.unlink('/d/f');
    });
    expect(seen(log, names)).to.deep.equal(['', '/d/f', '/d/f /e/f', '/e/f']);
  });

  it('takes back a removal together with what brought the file', () => {
    const log = logged({ '/d/f': '1', '/d/g': '2' }, (fs) => {
      fs.rename('/d/f', '/d/g');
      fs.unlink('/d/g');
    });
    expect(seen(log, names)).to.deep.equal(['', '/d/f /d/g', '/d/g']);
  });
});

describe('sim/crash-states: directories', () => {
  const names = (fs: MemoryFs): string => filesIn(fs, '/').join(' ');

  it('loses a new directory with everything in it, unless the one above is synced', () => {
    const work = (fs: MemoryFs): void => {
      fs.mkdir('/d/new');
      fs.rename('/e/f', '/d/new/f');
      fs.link('/e/g', '/d/new/g');
      fs.fsyncDir('/d/new');
    };
    const log = logged({ '/e/f': '', '/e/g': '' }, work);
    expect(seen(log, names)).to.deep.equal(['/d/new/f /d/new/g /e/g', '/e/g']);
    expect(seen(log, (fs) => `${fs.lstat('/e/g').nlink}`)).to.deep.equal(['1', '2']);
    const synced = logged({ '/e/f': '', '/e/g': '' }, (fs) => {
      fs.mkdir('/d/new');
      fs.fsyncDir('/d');
      work({ ...bound(fs), mkdir: () => undefined } as unknown as MemoryFs);
    });
    expect(seen(synced, names)).to.deep.equal(['/d/new/f /d/new/g /e/g']);
  });

  it('does not lose what was moved out of a directory that is removed', () => {
    const log = logged({}, (fs) => {
      fs.mkdir('/d/sub');
      create(fs, '/d/sub/f', '');
      fs.fsyncDir('/d');
      fs.fsyncDir('/d/sub');
      fs.rename('/d/sub/f', '/e/f');
      fs.rmdir('/d/sub');
      fs.rmdir('/d');
    });
    for (let k = 4; k <= log.ops.length; k++)
      for (const view of seen(log, names, k)) expect(view).to.be.oneOf(['/d/sub/f', '/e/f']);
  });

  it('does not lose what was moved out of a directory whose place another one takes', () => {
    const log = logged({}, (fs) => {
      for (const dir of ['/d/sub', '/other']) fs.mkdir(dir);
      create(fs, '/d/sub/f', '');
      for (const dir of ['/', '/d', '/d/sub']) fs.fsyncDir(dir);
      fs.rename('/d/sub/f', '/e/f');
      fs.rename('/other', '/d/sub');
    });
    expect(seen(log, names)).to.deep.equal(['/d/sub/f', '/e/f']);
  });

  it('counts links in what is left, however deep the lost directory was', () => {
    const log = logged({ '/e/f': '' }, (fs) => {
      for (const dir of ['/d/1', '/d/1/2', '/d/1/2/3']) fs.mkdir(dir);
      fs.link('/e/f', '/d/1/2/3/f');
      for (const dir of ['/d/1', '/d/1/2', '/d/1/2/3']) fs.fsyncDir(dir);
    });
    expect(seen(log, (fs) => `${fs.lstat('/e/f').nlink}`)).to.deep.equal(['1', '2']);
  });

  it('empties a tree in any order, and the directory that was moved before stays in its place', () => {
    const log = logged({}, (fs) => {
      fs.mkdir('/d/k');
      for (const name of ['1', '2']) create(fs, `/d/k/${name}`, '');
      for (const dir of ['/d', '/d/k']) fs.fsyncDir(dir);
      fs.rename('/d/k', '/e/k');
      fs.removeTree('/e/k');
    });
    const views = seen(log, names);
    expect(views).to.include.members(['', '/d/k/1', '/d/k/1 /d/k/2', '/e/k/2']);
    expect(views.every((view) => !(view.includes('/d') && view.includes('/e')))).to.equal(true);
  });

  it('makes no loops of directories that change places', () => {
    const log = logged({ '/d/f': 'f' }, (fs) => {
      fs.mkdir('/d/in');
      fs.fsyncDir('/d');
      fs.rename('/d/in', '/in');
      fs.rename('/d', '/in/d');
    });
    for (const view of seen(log, names)) expect(view).to.be.oneOf(['/d/f', '/in/d/f']);
  });
});

describe('sim/crash-states: the choice', () => {
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

function bound(fs: MemoryFs): Record<string, unknown> {
  const names = ['rename', 'link', 'fsyncDir'] as const;
  return Object.fromEntries(names.map((name) => [name, fs[name].bind(fs)]));
}
