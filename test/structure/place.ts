/** A directory that stands for `/`: README's database lies in its `data/block`, and its commands run in it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtureCases, unpack } from '../helpers/fixtures.ts';
import { tempDir } from '../helpers/temp.ts';
import { PROJECT } from './source.ts';

/** A fresh copy of the sample database, with the built command and the built library at hand. */
export class Place {
  readonly dir = tempDir('litt-readme-');

  constructor() {
    const fixture = fixtureCases().find((c) => c.name === 'blocks')!;
    mkdirSync(join(this.dir, 'data'));
    cpSync(unpack(fixture).databases[0]![0]!, join(this.dir, 'data', 'block'), { recursive: true });
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

  /** Runs a line of shell and gives what it prints, as if it had happened in `/`. Throws when it fails. */
  run(line: string): string {
    const env = { ...process.env, PATH: `${this.dir}:${process.env['PATH']}`, NO_COLOR: '1' };
    const settings = { cwd: this.dir, env, encoding: 'utf8', stdio: 'pipe' } as const;
    const printed = execFileSync('bash', ['-c', this.movedHere(line)], settings);
    return printed.replaceAll(`${this.dir}/data/`, '/data/');
  }

  private movedHere(text: string): string {
    return text.replaceAll('/data/', `${this.dir}/data/`);
  }
}

/** Whether an output is the expected one; a line `…` stands for any lines. */
export function matches(output: string, expected: string): boolean {
  const escaped = expected.split('\n').map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('\n').replace(/^…\n/gm, '(?:.*\\n)*?')}$`).test(output);
}
