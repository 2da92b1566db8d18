/** The project's sources, parsed once. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API } from 'typescript/unstable/sync';
import { tempDir } from '../helpers/temp.ts';
import { describeModule, type SourceModule } from './module.ts';

export type { SourceModule } from './module.ts';

/** The project's directory, ending in a slash. */
export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));

let project: readonly SourceModule[] | null = null;

/** Every TypeScript file of this project, parsed once. */
export function projectSources(): readonly SourceModule[] {
  project ??= parseProject(PROJECT);
  return project;
}

/** Sources in or below some folders of the project. */
export function sourcesIn(...folders: readonly string[]): SourceModule[] {
  return projectSources().filter((m) => folders.some((folder) => m.path.startsWith(`${folder}/`)));
}

/** The TypeScript files that a directory's tsconfig.json names. */
function parseProject(dir: string): SourceModule[] {
  const config = join(dir, 'tsconfig.json');
  if (!existsSync(config)) throw new Error(`there is no ${config}`);
  const api = new API({ cwd: dir });
  try {
    const [opened] = api.updateSnapshot({ openProjects: [config] }).getProjects();
    if (opened === undefined) throw new Error(`the compiler opens no project in ${dir}`);
    return opened.rootFiles.map((file) => {
      const source = opened.program.getSourceFile(file);
      if (source === undefined) throw new Error(`the compiler does not parse ${file}`);
      return describeModule(relative(dir, file).replaceAll('\\', '/'), source);
    });
  } finally {
    api.close();
  }
}

/** Small sources by path, parsed: for testing the rules themselves. */
export function parseSnippets(files: Readonly<Record<string, string>>): SourceModule[] {
  const dir = tempDir('litt-structure-');
  const config = { compilerOptions: { noLib: true, types: [] }, include: ['**/*'] };
  for (const [path, text] of Object.entries({ ...files, 'tsconfig.json': JSON.stringify(config) })) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return parseProject(dir);
}
