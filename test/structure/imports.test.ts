import { expect } from 'chai';
import { readText } from './files.ts';
import {
  cycleProblems,
  directionProblems,
  mapProblems,
  mutationProblems,
  packagesOf,
  writers,
} from './import-rules.ts';
import { parseSnippets, projectSources, type SourceModule, sourcesIn } from './source.ts';

/** The modules that call something that changes files. A new one is added here on purpose. */
const WRITERS = [
  'lib/apply/probe.ts',
  'lib/cli/debug-log.ts',
  'lib/fleet/run-directory.ts',
  'lib/fleet/run-events.ts',
  'lib/journal/bounds.ts',
  'lib/journal/copy-ranges.ts',
  'lib/journal/execute-step.ts',
  'lib/journal/move-contents.ts',
  'lib/journal/revert-step.ts',
  'lib/journal/rewind-log.ts',
  'lib/journal/set-aside.ts',
  'lib/journal/sweep.ts',
  'lib/journal/transaction.ts',
  'lib/recover/revert.ts',
  'lib/store/area.ts',
  'lib/store/bolt.ts',
  'lib/store/durable-files.ts',
  'lib/store/fence.ts',
  'lib/store/lock-files.ts',
  'lib/store/ownership.ts',
  'lib/store/root-set.ts',
  'lib/store/spare-file.ts',
];

const program = (): SourceModule[] => sourcesIn('lib', 'streams');

describe('imports', () => {
  it('go from room to room as the map allows, and the map has no circle', () => {
    expect(directionProblems(program())).to.deep.equal([]);
    expect(mapProblems()).to.deep.equal([]);
  });

  it('never lead back to where they began', () => {
    expect(cycleProblems(projectSources())).to.deep.equal([]);
  });

  it('reach what can change files from one module alone', () => {
    expect(mutationProblems(program())).to.deep.equal([]);
  });

  it('leave changes through that module to a few others', () => {
    expect(writers(program())).to.have.members(WRITERS);
  });

  it('are of packages that an installation has, and every one of them is used', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as {
      dependencies: Record<string, string>;
    };
    expect([...packagesOf(program())]).to.have.members(Object.keys(dependencies));
  });
});

describe('the rules for imports', () => {
  const modules = parseSnippets({
    'lib/errors.ts': "import { a } from './format/a.ts';\nexport const e = a;\n",
    'lib/format/a.ts': "import type { B } from '../store/b.ts';\nexport const a: B = 1;\n",
    'lib/store/b.ts': "import { d } from './d.ts';\nexport type B = number;\nexport const b = d;\n",
    'lib/store/d.ts':
      "import { b } from './b.ts';\nimport { e } from '../errors.ts';\nexport const d = [b, e];\n",
    'lib/odd/c.ts': 'export const c = 1;\n',
    'lib/planner/later.ts': "export const later = () => import('../cli/f.ts');\n",
    'lib/planner/p.ts':
      "import { q } from '../journal/q.ts';\nimport { b } from '../store/b.ts';\nexport const p = [q, b];\n",
    'lib/journal/q.ts': "import type { D } from '../recover/r.ts';\nexport const q: D = 1;\n",
    'lib/recover/r.ts':
      "import { q } from '../journal/q.ts';\nexport type D = number;\nexport const r = q;\n",
    'lib/cli/f.ts':
      "import { readFileSync, writeFileSync } from 'node:fs';\nexport const f = [readFileSync, writeFileSync];\n",
    'lib/cli/g.ts':
      "import type { Stats } from 'fs';\nimport fs from 'fs-extra';\nexport const g = (s: Stats) => [fs, s];\n",
    'lib/cli/h.ts': "export const h = async (n: string) => [import(n), await import('fs/promises')];\n",
    'lib/cli/i.ts': "import { exec } from 'node:child_process';\nexport const i = exec;\n",
    'lib/cli/j.ts': "export const j = process.getBuiltinModule('fs');\n",
    'lib/store/durable-fs.ts': "import * as nodeFs from 'node:fs';\nexport const realFs = nodeFs;\n",
    'streams/k.ts': "export const k = (o: { fs: any }) => o.fs.open('x', 'r+');\n",
    'streams/l.ts': "export const l = (fs: any) => [fs.open('x', 'r'), fs.lstat('x')];\n",
    'streams/n.ts':
      "import { openAppend } from '../lib/store/durable-fs.ts';\nexport const n = openAppend;\n",
    'streams/m.ts': 'export class M { #fs: any; m() { this.#fs.unlink(this); } }\n',
  });

  it('find imports that the map does not allow, by types and by import() too', () => {
    expect(directionProblems(modules)).to.have.members([
      'lib/errors.ts:1 imports lib/format/a.ts',
      'lib/format/a.ts:1 imports lib/store/b.ts',
      'lib/odd/c.ts lies in a folder that the map of imports does not name',
      'lib/planner/later.ts:1 imports lib/cli/f.ts',
      'lib/planner/p.ts:1 imports lib/journal/q.ts',
      'lib/journal/q.ts:1 imports lib/recover/r.ts',
    ]);
  });

  it('find circles of values, not of types', () => {
    expect(cycleProblems(modules)).to.deep.equal(['lib/store/b.ts → lib/store/d.ts → lib/store/b.ts']);
  });

  it('find every way to the file system', () => {
    expect(mutationProblems(modules)).to.have.members([
      'lib/cli/f.ts:1 takes writeFileSync of node:fs',
      'lib/cli/g.ts:2 takes default of fs-extra',
      'lib/cli/h.ts:1 loads a module by a computed name: n',
      'lib/cli/h.ts:1 takes * of fs/promises',
      'lib/cli/i.ts:1 imports node:child_process',
      'lib/cli/j.ts uses getBuiltinModule',
    ]);
  });

  it('find calls that change something', () => {
    expect(writers(modules)).to.have.members(['streams/k.ts', 'streams/m.ts', 'streams/n.ts']);
  });
});
