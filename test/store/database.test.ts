/** A table's files, from any root, made into a chain; what the engine would refuse is refused. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { type ErrorCode, RollbackError } from '../../lib/errors.ts';
import { readDatabase } from '../../lib/store/database.ts';
import { realFs } from '../../lib/store/durable-fs.ts';
import type { Table } from '../../lib/store/types.ts';
import { databaseSpec, runs } from '../helpers/arbitraries.ts';
import { metadata } from '../helpers/bytes.ts';
import { inOrder } from '../helpers/image.ts';
import { isComplete } from '../helpers/model.ts';
import { plainSegment } from '../helpers/probes.ts';
import { type BuiltDatabase, buildDatabase, type TableSpec } from '../helpers/table-builder.ts';
import { removeTempDir, tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';

/** Four segments of two shards each, in two roots: metadata, keys and shard 1 in the first, shard 0 in the other. */
function build(changes: Partial<TableSpec> = {}): {
  built: BuiltDatabase;
  file: (root: number, name: string) => string;
} {
  const segments = Array.from({ length: 4 }, () => plainSegment(4));
  const table = { name: 't', first: 0, segments, tail: null, keymap: true, watermark: null, ...changes };
  const built = buildDatabase({ seed: 1, roots: 2, tables: [table] }, tempDir());
  return { built, file: (root, name) => join(built.roots[root]!, 't', 'segments', name) };
}

function read(built: BuiltDatabase): Table {
  return readDatabase(realFs, built.roots).tables[0]!;
}

function expectRefused(built: BuiltDatabase, code: ErrorCode): RollbackError {
  const before = treeOf(built.dir);
  let error: unknown;
  try {
    read(built);
  } catch (thrown) {
    error = thrown;
  }
  expectUntouched(built.dir, before);
  if (!(error instanceof RollbackError)) throw error ?? new Error('was accepted');
  expect(error.code).to.equal(code);
  return error;
}

describe('reading a database', () => {
  it('finds every file of every complete segment, whatever its root, and the orphans at the ends', () => {
    const property = fc.property(databaseSpec({ snapshots: true }), (spec) => {
      const built = buildDatabase(spec, tempDir());
      const before = treeOf(built.dir);
      const { tables } = readDatabase(realFs, built.roots);
      expectUntouched(built.dir, before);
      expect(tables.map((table) => table.name)).to.deep.equal([...built.image.keys()].sort());
      for (const table of tables) {
        const image = built.image.get(table.name)!;
        const complete = inOrder(image).filter(isComplete);
        expect(table.watermark).to.equal(image.watermark);
        expect(table.orphans.length).to.equal(image.segments.size - complete.length);
        expect(
          table.segments.map((s) => [
            s.index,
            s.keys.size,
            s.metadata.keyCount,
            ...s.values.map((v) => v.size),
          ]),
        ).to.deep.equal(
          complete.map((s) => [
            s.index,
            s.keys?.length,
            s.meta?.count,
            ...[...s.values.values()].map((v) => v.length),
          ]),
        );
      }
      removeTempDir(built.dir);
    });
    fc.assert(property, runs(60));
  });

  it('takes the higher of two watermarks', () => {
    const { built } = build({ watermark: 1 });
    writeFileSync(join(built.roots[1]!, 't', 'gc-watermark'), '2\n');
    const table = read(built);
    expect([table.watermark, table.watermarkFiles.length]).to.deep.equal([2, 2]);
  });

  for (const text of ['', 'x', '-1', '1 2', '4294967296', '1e3', '0x1']) {
    it(`refuses the watermark ${JSON.stringify(text)}`, () => {
      const { built } = build();
      writeFileSync(join(built.roots[0]!, 't', 'gc-watermark'), text);
      expect(expectRefused(built, 'ERR_WATERMARK').place.path).to.match(/gc-watermark$/);
    });
  }

  it('passes over sub-directories and other extensions', () => {
    const { built, file } = build();
    mkdirSync(file(0, '9.keys'));
    mkdirSync(file(1, 'x.values'));
    for (const name of ['README', '1.keys.bak', 'x.txt', '.hidden']) writeFileSync(file(0, name), 'x');
    expect(read(built).segments.length).to.equal(4);
  });

  for (const name of [
    'x.keys',
    '.keys',
    'y.metadata',
    '1.values',
    '1-2-3.values',
    '1-x.values',
    '-1.metadata',
  ]) {
    it(`refuses the name ${name}, as the engine does`, () => {
      const { built, file } = build();
      writeFileSync(file(1, name), '');
      expectRefused(built, 'ERR_BAD_FILE_NAME');
    });
  }

  it('lists half-done rewrites as leftovers', () => {
    const { built } = build({ leftovers: ['keys', 'metadata'] });
    const names = read(built).leftovers.map((file) => file.rel);
    expect(names).to.have.members(['t/segments/3.keys.swap', 't/segments/3.metadata.swap']);
  });
});

describe('a chain with something missing', () => {
  it('in its middle is refused, and asks whether a root was forgotten', () => {
    for (const name of ['1.metadata', '1.keys', '2-1.values']) {
      const { built, file } = build();
      rmSync(file(0, name));
      const error = expectRefused(built, 'ERR_FILE_MISSING');
      expect(error.message).to.include(name).and.match(/root/i);
    }
  });

  it('names the first of many missing files, and says how many more there are', () => {
    const { built, file } = build();
    const fields = { version: 4, shards: 255, timestamp: 1n, count: 4, sealed: true, compression: 0 };
    writeFileSync(file(0, '1.metadata'), metadata(fields));
    expect(expectRefused(built, 'ERR_FILE_MISSING').message).to.match(/1-\d+\.values and 2\d\d more\b/);
  });

  it('at its ends is an orphan that says what it lacks', () => {
    const { built, file } = build();
    rmSync(file(0, '0.keys'));
    rmSync(file(1, '3-0.values'));
    rmSync(file(0, '3-1.values'));
    const { orphans, segments } = read(built);
    expect(segments.map((s) => s.index)).to.deep.equal([1, 2]);
    expect(orphans.map((o) => [o.index, o.end, o.missing])).to.deep.equal([
      [0, 'lowest', ['0.keys']],
      [3, 'highest', ['3-0.values', '3-1.values']],
    ]);
  });

  it('as a whole segment is refused', () => {
    const { built, file } = build();
    for (const name of ['2.metadata', '2.keys', '2-1.values']) rmSync(file(0, name));
    rmSync(file(1, '2-0.values'));
    expect(expectRefused(built, 'ERR_SEGMENT_MISSING').place.segment).to.equal(2);
  });

  it('without any metadata is a forgotten root', () => {
    const { built, file } = build();
    for (const index of [0, 1, 2, 3]) rmSync(file(0, `${index}.metadata`));
    expectRefused(built, 'ERR_ROOT_FORGOTTEN');
  });

  it('and a far-off number beside it ends at once', () => {
    const { built, file } = build();
    writeFileSync(file(0, '4294967295.keys'), '');
    expect(expectRefused(built, 'ERR_SEGMENT_MISSING').place.segment).to.equal(4);
  });
});

describe('files that cannot be right', () => {
  it('the same file in two roots: both are named', () => {
    for (const [from, to, name] of [
      [0, 1, '2.keys'],
      [0, 1, '2.metadata'],
      [1, 0, '2-0.values'],
    ] as const) {
      const { built, file } = build();
      copyFileSync(file(from, name), file(to, name));
      const error = expectRefused(built, 'ERR_SAME_FILE_TWICE');
      expect(error.message).to.include(file(0, name)).and.include(file(1, name));
    }
  });

  it('more value files than shards', () => {
    const { built, file } = build();
    writeFileSync(file(1, '1-2.values'), '');
    expectRefused(built, 'ERR_TOO_MANY_VALUE_FILES');
  });

  it('metadata of another size or version, also in an orphan', () => {
    const fields = { version: 4, shards: 2, timestamp: 1n, count: 4, sealed: true, compression: 0 };
    for (const index of [1, 3]) {
      const { built, file } = build();
      if (index === 3) rmSync(file(0, '3.keys'));
      writeFileSync(file(0, `${index}.metadata`), metadata({ ...fields, version: 9 }));
      expect(expectRefused(built, 'ERR_UNSUPPORTED_VERSION').place.segment).to.equal(index);
      for (const size of [0, 5, 17, 18, 20, 5000]) {
        writeFileSync(file(0, `${index}.metadata`), metadata(fields));
        truncateSync(file(0, `${index}.metadata`), size);
        expectRefused(built, 'ERR_METADATA');
      }
    }
  });

  it('symbolic links among segments, and as keymap or snapshot', () => {
    for (const name of ['1.keys', '1.metadata', '1-1.values']) {
      const { built, file } = build();
      renameSync(file(0, name), join(built.dir, 'elsewhere'));
      symlinkSync(join(built.dir, 'elsewhere'), file(0, name));
      expectRefused(built, 'ERR_SYMBOLIC_LINK');
    }
    for (const name of ['keymap', 'snapshot', 'gc-watermark']) {
      const { built } = build({ keymap: false });
      symlinkSync(join(built.dir, 'canary'), join(built.roots[0]!, 't', name));
      expectRefused(built, 'ERR_SYMBOLIC_LINK');
    }
  });

  it('a FIFO in the place of a file does not hang the reader', () => {
    const { built, file } = build();
    rmSync(file(0, '1.keys'));
    execFileSync('mkfifo', [file(0, '1.keys')]);
    expectRefusedFifo(built, file(0, '1.keys'));
  });
});

/** A FIFO cannot be hashed: only the refusal is looked at. */
function expectRefusedFifo(built: BuiltDatabase, path: string): void {
  expect(() => read(built)).to.throw(RollbackError, /neither a file nor a directory/);
  rmSync(path);
}
