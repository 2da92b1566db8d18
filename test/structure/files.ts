/** The texts that make up the project, read once: everything that people write, no fixtures, nothing installed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './source.ts';
import type { TextFile } from './style-rules.ts';

/** Folders of what people write. */
const FOLDERS = ['lib', 'streams', 'scripts', 'test', 'docs', 'schema', '.ci'];
const SKIPPED = /^test\/fixtures\//;

/** Every text file that is part of the project, by path. */
export function textFiles(): TextFile[] {
  const top = readdirSync(PROJECT, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.git' && !entry.name.startsWith('package-lock'))
    .map((entry) => entry.name);
  const below = FOLDERS.flatMap((folder) => filesBelow(folder));
  const paths = [...top, ...below].filter((path) => !SKIPPED.test(path)).sort();
  return paths.map((path) => ({ path, text: readText(path) }));
}

/** A file of the project as text; `path` is relative to it. */
export function readText(path: string): string {
  return readFileSync(join(PROJECT, path), 'utf8');
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(PROJECT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
