/** Mount points of this machine, as the kernel lists them to this process. */
import { readFileSync } from 'node:fs';
import { textOfName } from '../format/foreign-bytes.ts';

const LIST = '/proc/self/mountinfo';

let known: { readonly text: string; readonly points: ReadonlySet<string> } = { text: '', points: new Set() };

/** Paths of all mount points, bind mounts of directories and of single files included; none where there is no /proc. */
export function mountPoints(): ReadonlySet<string> {
  let text: string;
  try {
    text = readFileSync(LIST, 'latin1');
  } catch {
    return new Set(); // no /proc: then a rename that is refused says less
  }
  if (text !== known.text)
    known = { text, points: new Set(text.split('\n').map((line) => unescaped(line.split(' ')[4] ?? ''))) };
  return known.points;
}

/** Blanks, tabs, newlines and backslashes stand there as `\040`. */
function unescaped(path: string): string {
  const bytes = path.replace(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
  return textOfName(Buffer.from(bytes, 'latin1'));
}

/** The mount point that a path is, or that lies between a directory and it; null where there is none. */
export function mountBetween(points: ReadonlySet<string>, dir: string, path: string): string | null {
  for (let at = path; at.length > dir.length; at = at.slice(0, at.lastIndexOf('/')))
    if (points.has(at)) return at;
  return null;
}
