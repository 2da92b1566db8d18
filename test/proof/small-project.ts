/** Projects of one small file, for tests of what is found in sources. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { removeTempDir, tempDir } from '../helpers/temp.ts';

/** Does work with the directory of a project that has one file. */
export function inSmallProject<T>(path: string, text: string, work: (dir: string) => T): T {
  const dir = tempDir();
  const config = JSON.stringify({ compilerOptions: { noLib: true, types: [] }, include: ['**/*'] });
  for (const [name, content] of [
    [path, text],
    ['tsconfig.json', config],
  ] as const) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  try {
    return work(dir);
  } finally {
    removeTempDir(dir);
  }
}
