/**
 * Runs the command under strace: counts the system calls that change files, and kills, stops, signals or fails
 * the process at one of them. Without --seccomp-bpf, which would disable the injection silently.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { type Result, type Started, start } from './process.ts';

/** Calls that change what a directory tree shows. */
const CHANGES: readonly string[] = [
  ...[
    'openat',
    'open',
    'creat',
    'pwrite64',
    'pwritev',
    'write',
    'writev',
    'ftruncate',
    'truncate',
    'fallocate',
  ],
  ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'link', 'linkat'],
  ...['symlink', 'symlinkat', 'fchmod', 'chmod', 'fchmodat', 'fchown', 'chown', 'lchown', 'fchownat'],
  ...['utimensat', 'copy_file_range', 'sendfile', 'ioctl'],
];
/** Calls that only make durable what others have changed: a kill before one looks like a kill before the next. */
const SYNCS: readonly string[] = ['fsync', 'fdatasync'];
/** On some machines a few of them do not exist, hence the question marks. */
const TRACED = `trace=${[...CHANGES, ...SYNCS].map((name) => `?${name}`).join(',')}`;

/** One mutating call of a run. */
export interface Point {
  /** From 1, in program order. */
  readonly index: number;
  readonly call: string;
  /** Which call of that name it is in the main thread. */
  readonly nth: number;
  readonly sync: boolean;
  /** The call without what differs from run to run. */
  readonly text: string;
  /** Paths in it, as they were. */
  readonly paths: readonly string[];
}

/** Whether a call frees unneeded data; in which order depends on the file system. */
export const isFreeing = ({ text }: Point): boolean => text.includes('/trash-ID/');

/** What to do to the process when it is about to make the call. */
export type Injection = `signal=${'KILL' | 'STOP' | 'INT' | 'TERM'}` | `error=${'EIO' | 'ENOSPC'}`;

/** The words that run a command under strace, with a log. */
function straced(argv: readonly string[], log: string, at?: Point, injection?: Injection): string[] {
  const inject = at === undefined ? [] : ['-e', `inject=${at.call}:${injection}:when=${at.nth}`];
  // Its threads, and no other program that it starts: calls are counted for each process, and that one has its own.
  return ['strace', '-f', '-b', 'execve', '-y', '-s', '0', '-o', log, '-e', TRACED, ...inject, ...argv];
}

/** Starts a command that will meet the injection at a point. */
export function startAt(argv: readonly string[], log: string, at: Point, injection: Injection): Started {
  // What an earlier run has left must not be taken for this one's.
  rmSync(log, { force: true });
  return start(straced(argv, log, at, injection));
}

/** Runs a command and lists its mutating calls below a directory. */
export async function countPoints(
  argv: readonly string[],
  log: string,
  below: string,
): Promise<{ result: Result; points: Point[] }> {
  const result = await start(straced(argv, log)).result;
  const lines = readLines(log);
  const main = lines[0]?.pid;
  const stray = lines.find((line) => line.pid !== main && isMutation(line, below));
  if (stray !== undefined) throw new Error(`a thread beside the main one changes files: ${stray.text}`);
  return { result, points: pointsOf(lines, main, below) };
}

interface Line {
  readonly pid: string;
  readonly call: string;
  readonly text: string;
}

function readLines(log: string): Line[] {
  const lines: Line[] = [];
  for (const text of readFileSync(log, 'utf8').split('\n')) {
    const match = /^(\d+) +([a-z_0-9]+)\((.*)$/.exec(text);
    if (match !== null) lines.push({ pid: match[1]!, call: match[2]!, text: match[3]! });
  }
  return lines;
}

function isMutation({ call, text }: Line, below: string): boolean {
  if (!text.includes(`${below}/`)) return false;
  if (call === 'open' || call === 'openat') return /\bO_(CREAT|TRUNC)\b/.test(text);
  if (call === 'ioctl') return text.includes('FICLONE');
  return CHANGES.includes(call) || SYNCS.includes(call);
}

function pointsOf(lines: readonly Line[], main: string | undefined, below: string): Point[] {
  const counts = new Map<string, number>();
  const points: Point[] = [];
  for (const line of lines) {
    if (line.pid !== main) continue;
    const nth = (counts.get(line.call) ?? 0) + 1;
    counts.set(line.call, nth);
    if (!isMutation(line, below)) continue;
    points.push({
      index: points.length + 1,
      call: line.call,
      nth,
      sync: SYNCS.includes(line.call),
      text: steady(line, below),
      paths: pathsIn(line.text),
    });
  }
  return points;
}

/** Process numbers, times, random names and file numbers differ from run to run. */
function steady({ call, text }: Line, below: string): string {
  const args = text
    .replaceAll(below, '…')
    .replace(/\b\d+</g, '<')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/litt\.lock\.\d+-[0-9a-f]+-[0-9a-f]{8}/g, 'litt.lock.N')
    .replace(/ *(\)? += .*|<unfinished.*)$/, '')
    .replace(/""(\.\.\.)?, \d+/, '""');
  return `${call}(${args})`;
}

function pathsIn(text: string): string[] {
  const named = text.replace(/AT_FDCWD<[^>]*>/g, '');
  return [...named.matchAll(/["<](\/[^">]*)[">]/g)].map((match) => match[1]!);
}

/** What a log shows of an injection. */
export interface Injected {
  /** The call that met the injection; it must be the expected one. */
  readonly text: string | undefined;
  /** Paths in it. */
  readonly paths: readonly string[];
  /** What the main thread changed after an injected error. */
  readonly afterwards: readonly Point[];
}

/** Looks for the injection in a log. */
export function injectedIn(log: string, at: Point, below: string): Injected {
  const lines = readLines(log);
  const main = lines[0]?.pid;
  const points = pointsOf(lines, main, below);
  const met = points.findIndex((p) => p.call === at.call && p.nth === at.nth);
  return { text: points[met]?.text, paths: points[met]?.paths ?? [], afterwards: points.slice(met + 1) };
}

/** The process that a log is about, once it is there. */
export function tracedProcess(log: string): number | null {
  if (!existsSync(log)) return null;
  const pid = /^(\d+) /.exec(readFileSync(log, 'utf8'))?.[1];
  return pid === undefined ? null : Number(pid);
}

/** Whether a log has come to a line. */
export function logSays(log: string, line: RegExp): boolean {
  return existsSync(log) && line.test(readFileSync(log, 'utf8'));
}
