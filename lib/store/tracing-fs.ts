/**
 * A file system that reports each call: its arguments, its result, its duration. Results and errors pass
 * through unchanged. Contents are never reported, only lengths.
 */
import { errnoOf } from '../errors.ts';
import type { DurableFs } from './durable-fs.ts';

/** Takes a call in words, and its start (milliseconds since the start of the process). It must not throw. */
export type WriteCall = (call: string, beganAt: number) => void;

type Name = keyof DurableFs;
type Asked<N extends Name> = (fs: Parameters<DurableFs[N]>, file: FileOf) => string;
type FileOf = (target: string | number) => string;

/** Each call in words: first its arguments, then the parts of a result that say more than `ok`. */
const CALLS: { readonly [N in Name]: readonly [Asked<N>, ((answer: ReturnType<DurableFs[N]>) => string)?] } =
  {
    open: [([path, flags], file) => `${file(path)} ${flags}`, (fd) => `#${fd}`],
    readAt: [([fd, { length }, at], file) => `${file(fd)} ${length} bytes at ${at}`, (n) => `${n} bytes`],
    writeAt: [([fd, { length }, at], file) => `${file(fd)} ${length} bytes at ${at}`],
    truncate: [([fd, size], file) => `${file(fd)} to ${size} bytes`],
    fsync: [([fd], file) => file(fd)],
    close: [([fd], file) => file(fd)],
    rename: [([from, to], file) => `${file(from)} -> ${file(to)}`],
    unlink: [([path], file) => file(path)],
    rmdir: [([path], file) => file(path)],
    mkdir: [([path, mode], file) => `${file(path)}${mode === undefined ? '' : ` ${octal(mode)}`}`],
    fsyncDir: [([path], file) => file(path)],
    link: [([from, to], file) => `${file(from)} -> ${file(to)}`],
    reflink: [([from, to], file) => `${file(from)} -> ${file(to)}`, String],
    lstat: [([path], file) => file(path), (s) => `${s.kind} ${s.size} bytes ${octal(s.mode)} inode ${s.ino}`],
    readdir: [([path], file) => file(path), (names) => `${names.length} names`],
    realpath: [([path], file) => file(path), quoted],
    readlink: [([path], file) => file(path), quoted],
    chmod: [([target, mode], file) => `${file(target)} ${octal(mode)}`],
    chown: [([target, uid, gid], file) => `${file(target)} ${uid}:${gid}`],
    utimes: [([path, mtimeNs], file) => `${file(path)} ${mtimeNs}`],
    copyAttributes: [([from, to, what], file) => `${file(from)} -> ${file(to)} ${what}`, String],
    removeTree: [([path], file) => file(path)],
    freeBytes: [([path], file) => file(path), String],
    freeInodes: [([path], file) => file(path), String],
    mayWrite: [([path], file) => file(path), String],
    mountPoints: [() => '', ({ size }) => `${size} mount points`],
  };

/**
 * A text in quotes, in ASCII and on one line: a name can neither end a line of the log nor control a terminal.
 */
export function quoted(text: string): string {
  const asCode = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, asCode);
}

const octal = (mode: number): string => `0${mode.toString(8)}`;

/** The same file system, reporting each call after it returns. */
export function tracingFs(fs: DurableFs, write: WriteCall): DurableFs {
  const paths = new Map<number, string>();
  const file: FileOf = (target) =>
    typeof target === 'string' ? quoted(target) : `#${target} ${quoted(paths.get(target) ?? '?')}`;
  const traced = <N extends Name>(
    name: N,
  ): ((...args: Parameters<DurableFs[N]>) => ReturnType<DurableFs[N]>) => {
    const [ask, tell] = CALLS[name];
    const call = fs[name] as (...args: Parameters<DurableFs[N]>) => ReturnType<DurableFs[N]>;
    return (...args) => {
      const began = performance.now();
      const end = (outcome: string): void => {
        const took = (performance.now() - began).toFixed(3);
        write(`${name}  ${ask(args, file)}  ${outcome}  ${took} ms`, began);
        if (name === 'close') paths.delete(args[0] as number);
      };
      let answer: ReturnType<DurableFs[N]>;
      try {
        answer = call.apply(fs, args);
      } catch (error) {
        end(errnoOf(error) ?? quoted(String(error)));
        throw error;
      }
      end(tell === undefined ? 'ok' : `ok ${tell(answer)}`);
      if (name === 'open') paths.set(answer as number, args[0] as string);
      return answer;
    };
  };
  return Object.fromEntries(
    Object.keys(CALLS).map((name) => [name, traced(name as Name)]),
  ) as unknown as DurableFs;
}

/** Traces every call of this file system, including calls by code that already holds it. */
export function traceCalls(fs: DurableFs, write: WriteCall): void {
  Object.assign(fs, tracingFs({ ...fs }, write));
}
