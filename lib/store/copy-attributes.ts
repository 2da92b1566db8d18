/**
 * Extended attributes, access lists and exact times, for which Node has no calls: `cp` of GNU or uutils copies them from
 * file to file. Neither a library nor anything to compile: the command is wherever a shell is, but for the smallest
 * systems (BusyBox), where the caller is told that nothing was copied.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { errnoOfWords } from '../errno.ts';
import { hasForeignBytes } from '../format/foreign-bytes.ts';

/** `access`: mode, access list and extended attributes. `times`: of access and of change, to the nanosecond. */
export type Attributes = 'access' | 'times';

const PRESERVED: Readonly<Record<Attributes, string>> = { access: 'mode,xattr', times: 'timestamps' };
const ATTRIBUTES_ONLY = '--attributes-only';
/** Where SELinux is, labels are kept, too; elsewhere `cp` stops at the word. */
const SELINUX = '/sys/fs/selinux/enforce';
/** What `cp` says that was built without this; it is found out only when something is to be copied. */
const NOT_BUILT_IN = 'built without xattr support';

let isAvailable: boolean | null = null;

/** Opens files to be read, whatever bytes their names have. */
interface Opener {
  readonly open: (path: string, flags: 'r') => number;
  readonly close: (fd: number) => void;
}

/**
 * Copies attributes of one file to another. False where this system has no way to; then nothing is changed.
 * @throws an error as those of node:fs
 */
export function copyAttributes(from: string, to: string, what: Attributes, opener: Opener): boolean {
  isAvailable ??= hasCommand();
  if (!isAvailable) return false;
  const context = what === 'access' && existsSync(SELINUX) ? ',context' : '';
  const words = [ATTRIBUTES_ONLY, `--preserve=${PRESERVED[what]}${context}`, '--'];
  const { status, stderr, error } = onNames(opener, from, to, (a, b, open) => run([...words, a, b], open));
  if (status === 0) return true;
  const said = String(stderr);
  if (error === undefined && said.includes(NOT_BUILT_IN)) {
    isAvailable = false;
    return false;
  }
  throw failure(error ?? said, to);
}

/** @throws an error as those of node:fs, where the command is there and cannot be started now */
function hasCommand(): boolean {
  const { status, error } = run([ATTRIBUTES_ONLY, '--preserve=xattr', '--version'], []);
  if (error !== undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return status === 0;
}

/** Arguments are text; a name that is not goes as an open file, which the command opens again. */
function onNames<T>(
  { open, close }: Opener,
  from: string,
  to: string,
  work: (a: string, b: string, open: number[]) => T,
): T {
  if (!hasForeignBytes(from) && !hasForeignBytes(to)) return work(from, to, []);
  const opened: number[] = [];
  try {
    for (const path of [from, to]) opened.push(open(path, 'r'));
    return work('/proc/self/fd/3', '/proc/self/fd/4', opened);
  } finally {
    for (const fd of opened) close(fd);
  }
}

/** @param open descriptors that the command has as 3, 4 … */
function run(words: readonly string[], open: readonly number[]) {
  const path = `${process.env['PATH'] ?? ''}:/usr/bin:/bin`;
  const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'ignore', 'pipe', ...open];
  return spawnSync('cp', words, { env: { PATH: path, LC_ALL: 'C' }, stdio });
}

/** What `cp` says ends in the words of the system's error. */
function failure(said: Error | string, path: string): Error {
  const text = said instanceof Error ? said.message : said.trim();
  const known =
    said instanceof Error
      ? (said as NodeJS.ErrnoException).code
      : errnoOfWords(text.split(': ').at(-1) ?? '');
  const code = known ?? 'EIO';
  return Object.assign(new Error(`${code}: copy attributes: ${text}`), {
    code,
    path,
    syscall: 'copy attributes',
  });
}
