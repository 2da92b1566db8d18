/** A directory that stands for `/`: the databases of README and the documents lie in its `data`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyTree } from '../helpers/copies.ts';
import { fixtureCases, unpack } from '../helpers/fixtures.ts';
import { tempDir } from '../helpers/temp.ts';
import { PROJECT } from '../structure/source.ts';

/** Fixtures, parts of them, and their names in `data`. */
const DATABASES = {
  block: [['blocks', 'db/root0', 'block']],
  node: [['node-home', 'db/home', 'node']],
  roots: ['a', 'b', 'c', 'd'].map((name, i) => ['many-roots', `db/root${i}`, name]),
  litt: [['snapshots', 'db', 'litt']],
} satisfies Record<string, readonly (readonly string[])[]>;

/** What may lie in `data`. */
export type DatabaseName = keyof typeof DATABASES;

/** What a line of shell left. */
export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error, in the order in which they were written. */
  readonly output: string;
}

/** Fresh copies of sample databases, with the built command and the built library at hand. */
export class Place {
  readonly dir = tempDir('litt-docs-');

  constructor(...names: readonly DatabaseName[]) {
    mkdirSync(join(this.dir, 'data'));
    for (const name of names.length === 0 ? (['block'] as const) : names) this.add(name);
    mkdirSync(join(this.dir, 'node_modules'));
    symlinkSync(PROJECT, join(this.dir, 'node_modules', 'litt-rollback'));
    const tool = join(this.dir, 'litt-rollback');
    writeFileSync(tool, `#!/bin/sh\nexec "${process.execPath}" "${PROJECT}dist/bin/litt-rollback.js" "$@"\n`);
    chmodSync(tool, 0o755);
  }

  /** Writes a file; paths in its text are moved here. */
  write(name: string, text: string): void {
    writeFileSync(join(this.dir, name), this.movedHere(text));
  }

  /** Runs a line of shell and gives what it prints to standard output, as if it had happened in `/`. Throws when it fails. */
  run(line: string): string {
    const { status, signal, stdout, stderr } = this.spawn(line);
    if (status === 0) return this.movedBack(stdout);
    throw Object.assign(new Error(`${line}\n${stdout}${stderr}`), { status, signal });
  }

  /** Runs a line of shell and gives everything that it prints. */
  show(line: string): Ran {
    const { status, signal, stdout } = this.spawn(`{ ${line}\n} 2>&1`);
    return { status, signal, output: this.movedBack(stdout) };
  }

  private add(name: DatabaseName): void {
    for (const [of, part = '', to = ''] of DATABASES[name]) {
      const fixture = fixtureCases().find((c) => c.name === of)!;
      // Snapshots are hard links and symbolic ones: both stay what they are.
      copyTree(join(unpack(fixture).dir, part), join(this.dir, 'data', to));
    }
  }

  private spawn(line: string): ReturnType<typeof spawnSync> & { stdout: string; stderr: string } {
    const env = { ...process.env, PATH: `${this.dir}:${process.env['PATH']}`, NO_COLOR: '1' };
    const settings = { cwd: this.dir, env, encoding: 'utf8' } as const;
    return spawnSync('bash', ['-c', this.movedHere(line)], settings);
  }

  private movedHere(text: string): string {
    return text.replaceAll('/data/', `${this.dir}/data/`);
  }

  private movedBack(text: string): string {
    return text.replaceAll(`${this.dir}/data/`, '/data/');
  }
}

/** Whether an output is the expected one; a line `…` stands for any lines. */
export function matches(output: string, expected: string): boolean {
  const escaped = expected.split('\n').map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('\n').replace(/^…\n/gm, '(?:.*\\n)*?')}$`).test(output);
}
