/** The project's sources as the compiler's parser sees them. The compiler's programming interface is called unstable. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type * as ast from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

/** A file, and its syntax tree. */
export interface ParsedSource {
  /** Relative to the project. */
  readonly path: string;
  readonly text: string;
  readonly root: ast.SourceFile;
}

/** Does work with those files of a project whose paths fit; their trees are good for no longer. */
export function withSources<T>(dir: string, wanted: RegExp, work: (sources: ParsedSource[]) => T): T {
  const api = new API({ cwd: dir });
  try {
    const [project] = api.updateSnapshot({ openProjects: [join(dir, 'tsconfig.json')] }).getProjects();
    const sources = (project?.rootFiles ?? []).flatMap((file): ParsedSource[] => {
      const path = relative(dir, file);
      const root = wanted.test(path) ? project?.program.getSourceFile(file) : undefined;
      return root === undefined ? [] : [{ path, text: readFileSync(file, 'utf8'), root }];
    });
    return work(sources);
  } finally {
    api.close();
  }
}
