/** One sequence of calls on two file systems, and what each of them answers. */
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DurableFs, OpenFlags } from '../../../lib/store/durable-fs.ts';
import type { Tree } from '../../helpers/tree.ts';

/** A call; paths are relative to the top, and a descriptor is a number among those open. */
export type Call =
  | { readonly do: 'open'; readonly path: string; readonly flags: OpenFlags; readonly mode: number }
  | { readonly do: 'write' | 'read'; readonly fd: number; readonly at: number; readonly length: number }
  | { readonly do: 'truncate'; readonly fd: number; readonly size: number }
  | { readonly do: 'fsync' | 'close'; readonly fd: number }
  | { readonly do: 'rename' | 'link' | 'reflink'; readonly from: string; readonly to: string }
  | { readonly do: OnePath; readonly path: string }
  | { readonly do: 'mkdir' | 'chmod'; readonly path: string; readonly mode: number }
  | { readonly do: 'fchmod'; readonly fd: number; readonly mode: number }
  | { readonly do: 'chown'; readonly path: string; readonly owner: number }
  | { readonly do: 'fchown'; readonly fd: number; readonly owner: number };

const ONE_PATH = [
  'unlink',
  'rmdir',
  'fsyncDir',
  'lstat',
  'readdir',
  'realpath',
  'readlink',
  'removeTree',
  'mayWrite',
  'freeBytes',
  'utimes',
] as const;
type OnePath = (typeof ONE_PATH)[number];

const NAMES = ['a', 'b', 'f', 'g', 'h', 'l', 'k', 's', 'n', 'loop', 'lost'] as const;
/** Of two wrong paths the kernel looks at the parents first, and then at the length of names. */
const path = paths(fc.constantFrom(...NAMES, 'x'.repeat(256)));
const twoPaths = paths(fc.constantFrom(...NAMES));
const fd = fc.nat(5);
const mode = fc.constantFrom(0o600, 0o644, 0o777, 0o4755, 0o2771, 0o6711, 0o1777, 0o000);
const at = fc.nat(40);
/** Whether chown may be drawn: without the right to give files away it is useless. */
const mayChown = process.geteuid?.() === 0;
const owner = fc.constantFrom(0, 1, 65_534);

export const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('open' as const), path, flags: flags(), mode }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('write' as const, 'read' as const),
      fd,
      at,
      length: fc.nat(20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), fd, size: at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('fsync' as const, 'close' as const), fd }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('rename' as const), from: twoPaths, to: twoPaths }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('link' as const, 'reflink' as const),
      from: twoPaths,
      to: twoPaths,
    }),
  },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom(...ONE_PATH), path }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('mkdir' as const, 'chmod' as const), path, mode }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fchmod' as const), fd, mode }) },
  ...(mayChown
    ? [
        { weight: 1, arbitrary: fc.record({ do: fc.constant('chown' as const), path, owner }) },
        { weight: 1, arbitrary: fc.record({ do: fc.constant('fchown' as const), fd, owner }) },
      ]
    : []),
);

function paths(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const odd = fc.constantFrom(['a', 'b', 'deep'], ['l', 'b'], ['a', '..', 'g'], ['s', 'n']);
  return fc
    .oneof(
      { weight: 5, arbitrary: fc.array(name, { minLength: 1, maxLength: 3 }) },
      { weight: 1, arbitrary: odd },
    )
    .map((parts) => parts.join('/'));
}

function flags(): fc.Arbitrary<OpenFlags> {
  return fc.constantFrom('r', 'r+', 'wx');
}

/** The tree that every sequence begins with: files, hard links, links to all sorts of things, a set-gid directory. */
export function plantTree(top: string): void {
  mkdirSync(join(top, 'a', 'b', 'deep'), { recursive: true });
  writeFileSync(join(top, 'a', 'f'), 'twelve bytes');
  writeFileSync(join(top, 'g'), 'a file with two names', { mode: 0o640 });
  linkSync(join(top, 'g'), join(top, 'h'));
  symlinkSync('a', join(top, 'l'));
  symlinkSync('../g', join(top, 'a', 'k'));
  symlinkSync('loop', join(top, 'loop'));
  symlinkSync(join(top, 'nowhere'), join(top, 'lost'));
  mkdirSync(join(top, 's'));
  chmodSync(join(top, 's'), 0o2775);
}

/** Makes calls, and remembers which descriptors are open. */
export class Caller {
  private readonly open: number[] = [];

  constructor(
    private readonly fs: DurableFs,
    private readonly top: string,
  ) {}

  /** What the call answers, or the code that it throws; undefined when it needs a descriptor and none is open. */
  make(wanted: Call): unknown {
    if ('fd' in wanted && this.open.length === 0) return undefined;
    try {
      return this.run(wanted);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return code;
    }
  }

  /** Closes what is still open. */
  end(): void {
    for (const one of this.open) this.fs.close(one);
  }

  private run(c: Call): unknown {
    if ('fd' in c) return this.onDescriptor(c, this.open[c.fd % this.open.length] as number);
    if ('from' in c) return this.fs[c.do](`${this.top}/${c.from}`, `${this.top}/${c.to}`);
    const target = `${this.top}/${c.path}`;
    switch (c.do) {
      case 'open':
        this.open.push(this.fs.open(target, c.flags, c.mode));
        return 'open';
      case 'mkdir':
      case 'chmod':
        return this.fs[c.do](target, c.mode);
      case 'chown':
        return this.fs.chown(target, c.owner, c.owner);
      case 'utimes':
        this.fs.utimes(target, '1234567890123456789');
        return this.fs.lstat(target).mtimeNs;
      case 'lstat': {
        const { kind, size, mode: bits, uid, gid, nlink } = this.fs.lstat(target);
        return kind === 'directory' ? [kind, bits, uid, gid] : [kind, size, bits, uid, gid, nlink];
      }
      case 'readdir':
        return this.fs.readdir(target).sort();
      case 'freeBytes':
        return this.fs.freeBytes(target) === null;
      default:
        return this.fs[c.do](target);
    }
  }

  private onDescriptor(c: Call & { fd: number }, one: number): unknown {
    switch (c.do) {
      case 'write':
        return this.fs.writeAt(one, Buffer.alloc(c.length, `${c.at}.`), c.at);
      case 'read': {
        const buffer = Buffer.alloc(c.length, '#');
        return [this.fs.readAt(one, buffer, c.at), buffer.toString('latin1')];
      }
      case 'truncate':
        return this.fs.truncate(one, c.size);
      case 'fchmod':
        return this.fs.chmod(one, c.mode);
      case 'fchown':
        return this.fs.chown(one, c.owner, c.owner);
      case 'fsync':
        return this.fs.fsync(one);
      default:
        this.open.splice(this.open.indexOf(one), 1);
        return this.fs.close(one);
    }
  }
}

/** A tree without times, and with the first name of each file in the place of its inode number. */
export function comparable(tree: Tree): Record<string, unknown> {
  const first = new Map<string, string>();
  return Object.fromEntries(
    [...tree].map(([where, { ino, mtime: _, ...entry }]) => {
      if (ino !== undefined && !first.has(ino)) first.set(ino, where);
      return [where, { ...entry, file: ino === undefined ? undefined : first.get(ino) }];
    }),
  );
}
