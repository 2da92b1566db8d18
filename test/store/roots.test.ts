/** Roots: what is one, what is none, and what was probably meant. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'chai';
import { RollbackError } from '../../lib/errors.ts';
import { readDatabase } from '../../lib/store/database.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import { oneTable, plainSegment } from '../helpers/probes.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

/** The refusal of a set of roots; nothing may have been changed by it. */
function refusalOf(roots: readonly string[], watched: string): RollbackError {
  const before = treeOf(watched);
  try {
    readDatabase(realFs, roots);
  } catch (error) {
    expectUntouched(watched, before);
    if (error instanceof RollbackError) return error;
    throw error;
  }
  throw new Error(`accepted: ${roots.join(' ')}`);
}

function database(): { dir: string; root: string } {
  const { built } = oneTable([plainSegment(2), plainSegment(3)]);
  return { dir: built.dir, root: built.roots[0]! };
}

describe('roots', () => {
  it('none at all is a mistake in the arguments', () => {
    const { dir } = database();
    expect(refusalOf([], dir).code).to.equal('ERR_USAGE');
  });

  it('one that does not exist: says what lies beside it', () => {
    const { dir } = database();
    const error = refusalOf([join(dir, 'rooot0')], dir);
    expect(error.code).to.equal('ERR_ROOT_NOT_FOUND');
    expect(error.message).to.include('root0');
    expect(refusalOf([join(dir, 'no', 'where')], dir).code).to.equal('ERR_ROOT_NOT_FOUND');
  });

  it('a file', () => {
    const { dir, root } = database();
    const file = join(root, 't', 'segments', '0.keys');
    expect(refusalOf([file], dir).code).to.equal('ERR_ROOT_NOT_A_DIRECTORY');
    expect(refusalOf([join(file, 'below')], dir).code).to.equal('ERR_ROOT_NOT_FOUND');
  });

  it('a table: names its parent', () => {
    const { dir, root } = database();
    const error = refusalOf([join(root, 't')], dir);
    expect(error.code).to.equal('ERR_ROOT_IS_A_TABLE');
    expect(error.message).to.include(`${root},`).and.include('--table t');
  });

  it('a segments directory: names the root above it', () => {
    const { dir, root } = database();
    const error = refusalOf([join(root, 't', 'segments')], dir);
    expect(error.code).to.equal('ERR_ROOT_IS_A_SEGMENTS_DIRECTORY');
    expect(error.message).to.include(root);
  });

  it('a directory above or beside: names the roots below, or says that there is none', () => {
    const { dir, root } = database();
    const above = refusalOf([dir], dir);
    expect(above.code).to.equal('ERR_ROOT_WITHOUT_TABLE');
    expect(above.message).to.include(root);
    mkdirSync(join(dir, 'beside'));
    const beside = refusalOf([root, join(dir, 'beside')], dir);
    expect(beside.code).to.equal('ERR_ROOT_WITHOUT_TABLE');
    expect(beside.place.path).to.equal(join(dir, 'beside'));
  });

  it('an empty one beside others: its disk, leaving it out, and the directories that it lacks', () => {
    const { dir, root } = database();
    const empty = join(dir, 'empty');
    mkdirSync(join(empty, 'lost+found'), { recursive: true });
    const error = refusalOf([root, empty], dir);
    expect([error.code, error.place.path]).to.deep.equal(['ERR_ROOT_WITHOUT_TABLE', empty]);
    const command = `mkdir -p ${join(empty, 't', 'segments')}`;
    expect(error.next).to.contain('mounted').and.to.contain('leave it out').and.to.contain(`\`${command}\``);
    expect(refusalOf([empty], dir).next).to.equal('Check that its disk is mounted');
    mkdirSync(join(empty, 't', 'segments'), { recursive: true });
    expect(readDatabase(realFs, [root, empty]).tables).to.have.length(1);
  });

  it('in a directory that may not be entered: names that directory', () => {
    const { built } = oneTable([plainSegment(2)]);
    const root = built.roots[0]!;
    const refused = (closed: string, errno: string): RollbackError => {
      const lstat = (path: string) => {
        if (!path.startsWith(`${closed}/`)) return realFs.lstat(path);
        throw Object.assign(new Error(errno), { code: errno, path });
      };
      try {
        readDatabase({ ...realFs, lstat }, [root]);
      } catch (error) {
        if (error instanceof RollbackError) return error;
      }
      throw new Error('accepted');
    };
    const segments = join(root, 't', 'segments');
    for (const closed of [segments, join(root, 't')]) {
      const error = refused(closed, 'EACCES');
      expect([error.code, error.place.path]).to.deep.equal(['ERR_IO', closed]);
      expect(error.what).to.match(/may not enter a directory \(owner \d+, group \d+, mode 7\d\d\)/);
      expect(error.next).to.contain(`\`chmod u+x ${closed}\``);
    }
    expect(refused(segments, 'ENAMETOOLONG').next).to.contain(`Give ${segments} a shorter path`);
    expect(refused(segments, 'EIO').place.path).to.match(/segments\/./);
  });

  it('the same one twice, by whatever name', () => {
    const { dir, root } = database();
    symlinkSync(root, join(dir, 'alias'));
    const names = [root, `${root}/`, join(dir, 'alias'), join(root, '..', 'root0'), relative('.', root)];
    for (const name of names) expect(refusalOf([root, name], dir).code).to.equal('ERR_ROOT_TWICE');
  });

  it('one inside another', () => {
    const { dir, root } = database();
    const inner = join(root, 'inner');
    mkdirSync(join(inner, 't', 'segments'), { recursive: true });
    for (const roots of [
      [root, inner],
      [inner, root],
    ]) {
      expect(refusalOf(roots, dir).code).to.equal('ERR_ROOT_NESTED');
    }
  });

  it('one whose name begins as another does is not inside it', () => {
    const { dir, root } = database();
    mkdirSync(join(dir, 'root0-b', 't', 'segments'), { recursive: true });
    expect(readDatabase(realFs, [root, join(dir, 'root0-b')]).roots.length).to.equal(2);
  });

  it('is given by its real path, through links', () => {
    const { dir, root } = database();
    symlinkSync(root, join(dir, 'alias'));
    const read = readDatabase(realFs, [join(dir, 'alias')]);
    expect(read.roots).to.deep.equal([root]);
    expect(read.tables[0]?.segments[0]?.keys.path).to.equal(join(root, 't', 'segments', '0.keys'));
  });

  it('whose table directory, or whose segments directory, is a symbolic link', () => {
    const { dir, root } = database();
    symlinkSync(join(root, 't'), join(root, 'linked'));
    expect(refusalOf([root], dir).code).to.equal('ERR_SYMBOLIC_LINK');
    rmSync(join(root, 'linked'));
    mkdirSync(join(root, 'odd'));
    symlinkSync(join(root, 't', 'segments'), join(root, 'odd', 'segments'));
    expect(refusalOf([root], dir).code).to.equal('ERR_SYMBOLIC_LINK');
  });

  it('whose table directory is a link to a disk that is not mounted', () => {
    const { dir, root } = database();
    const other = join(dir, 'root0-b');
    mkdirSync(join(other, 'u', 'segments'), { recursive: true });
    symlinkSync(join(dir, 'not mounted'), join(other, 't'));
    const error = refusalOf([root, other], dir);
    expect([error.code, error.place.path]).to.deep.equal(['ERR_SYMBOLIC_LINK', join(other, 't')]);
    // A link to a table that no root has belongs to another database.
    symlinkSync(join(dir, 'not mounted'), join(root, 'latest'));
    expect(refusalOf([root, other], dir).place.path).to.equal(join(other, 't'));
  });
});

describe('tables in a root', () => {
  it('are directories with a segments directory and a proper name; others are told', () => {
    const { root } = database();
    mkdirSync(join(root, 't.bak', 'segments'), { recursive: true });
    mkdirSync(join(root, 'A_b-9', 'segments'), { recursive: true });
    mkdirSync(join(root, 'log-index'));
    writeFileSync(join(root, 'notes'), 'none');
    const read = readDatabase(realFs, [root]);
    expect(read.tables.map((table) => table.name)).to.deep.equal(['A_b-9', 't']);
    expect(read.notTables).to.deep.equal([join(root, 't.bak')]);
  });

  it('may have no segment at all', () => {
    const { root } = database();
    mkdirSync(join(root, 'empty', 'segments'), { recursive: true });
    const empty = readDatabase(realFs, [root]).tables.find((table) => table.name === 'empty');
    expect(empty).to.deep.include({ segments: [], orphans: [], watermark: null, keymaps: [] });
  });

  it('may be missing in a root: it is told in which', () => {
    const { dir, root } = database();
    mkdirSync(join(dir, 'root1', 'u', 'segments'), { recursive: true });
    const [t, u] = readDatabase(realFs, [root, join(dir, 'root1')]).tables;
    expect([t?.absentIn, u?.absentIn]).to.deep.equal([[1], [0]]);
  });
});
