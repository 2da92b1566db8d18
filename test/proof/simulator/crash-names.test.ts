/** What a power cut may leave of names and directories, by sequences whose outcome is known. */
import { expect } from 'chai';
import { crashStates } from './crash-states.ts';
import type { MemoryFs } from './memory-fs.ts';
import { CHOICE, logged, names, seen } from './seen.ts';
import { create, filesIn, textOf } from './small-files.ts';

describe('simulator/crash-states: names', () => {
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

describe('simulator/crash-states: directories', () => {
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
      fs.mkdir('/e/old');
      fs.link('/e/f', '/e/old/f');
      for (const dir of ['/e', '/e/old']) fs.fsyncDir(dir);
      fs.rename('/e/old', '/e/older');
      fs.mkdir('/d/1');
      fs.mkdir('/d/1/2');
      fs.rename('/e/older', '/d/1/2/3');
      for (const dir of ['/e', '/d/1', '/d/1/2']) fs.fsyncDir(dir);
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
    const views = seen(log, names, undefined, { sample: 200 });
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

function bound(fs: MemoryFs): Record<string, unknown> {
  const names = ['rename', 'link', 'fsyncDir'] as const;
  return Object.fromEntries(names.map((name) => [name, fs[name].bind(fs)]));
}
