/** Undo with damaged undo data: it reports the damage, and never calls a mixed database reverted. */
import { cpSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { resumeRollback, undoRollback } from '../../lib/index.ts';
import { rejection } from '../helpers/refusals.ts';
import { removeTempDir } from '../helpers/temp.ts';
import { rollBack, unpackNamed } from '../helpers/transactions.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

/** Paths of what the only transaction of some roots has kept. */
function kept(roots: readonly string[], suffix: string): string[] {
  return roots.flatMap((root) =>
    readdirSync(join(root, '.litt-rollback'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(suffix))
      .map((path) => join(root, '.litt-rollback', path)),
  );
}

describe('what undo needs', () => {
  const spoilings: readonly [string, string, (path: string) => void][] = [
    ['a file that was replaced is gone', '.original', (path) => rmSync(path)],
    ['a file that was replaced is shorter', '.original', (path) => truncateSync(path, 1)],
    ['a file that was removed is gone', '.removed', (path) => rmSync(path)],
    ['the end of a file that was cut is gone', '.tail', (path) => rmSync(path)],
    ['the end of a file that was cut is shorter', '.tail', (path) => truncateSync(path, 1)],
    ['a file that was removed is shorter', '.removed', (path) => truncateSync(path, 1)],
  ];
  for (const [name, suffix, spoil] of spoilings) {
    it(`is missed: ${name}`, async () => {
      const unpacked = unpackNamed('many-roots');
      const [roots] = unpacked.databases as [readonly string[]];
      await rollBack(unpacked);
      const spoilt = kept(roots, suffix).find((path) => {
        try {
          spoil(path);
          return true;
        } catch {
          return false; // a directory
        }
      });
      expect(spoilt).to.be.a('string');
      const before = treeOf(unpacked.dir);
      const error = await rejection(undoRollback(roots));
      expect([error.code, error.place.path]).to.deep.equal(['ERR_UNDO_REFUSED', spoilt]);
      expectUntouched(unpacked.dir, before);
      removeTempDir(unpacked.dir);
    });
  }

  it('is refused where a copy of a root is given, too', async () => {
    const unpacked = unpackNamed('many-roots');
    const [roots] = unpacked.databases as [readonly string[]];
    await rollBack(unpacked);
    const copy = join(unpacked.dir, 'copy-of-a-root');
    cpSync(roots[0] as string, copy, { recursive: true });
    expect((await rejection(undoRollback([...roots, copy]))).code).to.equal('ERR_JOURNAL');
    rmSync(copy, { recursive: true });
    await undoRollback(roots);
    expect((await resumeRollback(roots)).action).to.equal('nothing');
    removeTempDir(unpacked.dir);
  });
});
