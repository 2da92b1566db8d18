/** How the project's English reads: idioms that make a sentence be read twice. Written so that this file has none. */
import type { TextFile } from './style-rules.ts';

/** A space in a sentence: also the break between two lines of a comment. */
const GAP = String.raw`\s+(?:(?:\*|\/\/|#) +)?`;

/** Idioms, and the plain words that replace them. */
const IDIOMS: readonly (readonly [source: string, instead: string])[] = [
  [String.raw`\bno[b]ody\b`, 'name who does not: no process, no stage, the user'],
  [String.raw`\b(?:some|every)[b]ody\b`, 'name who: another process, the user'],
  [String.raw`\bwho(?:m)?[e]ver\b`, 'name who: the process that …, the caller'],
  [String.raw`\ba[n]ew\b`, 'again, or re-: rewritten, rebuilt'],
  // "all of which" is good English.
  [String.raw`(?<!\b(?:all|some|each|both|one) )\bof [w]hich\b`, 'whose, or two sentences'],
  [String.raw`\bof [w]hom\b`, 'whose, or two sentences'],
  // Not "there is no X", "is no longer", "is no older than".
  [String.raw`(?<!\bthere )\b(?:is|are|was|were) n[o] (?!\w+er\b|more\b|less\b)\w`, 'is not a …'],
  [String.raw`\b(?:is|are) n[o]ne of\b`, 'is not one of …'],
  [String.raw`\b(?:no|own|our|its|his) b[u]siness\b`, 'does not matter here'],
  [String.raw`\ba br[e]ath\b`, 'a pause'],
  [String.raw`\bnothing t[e]lls\b`, 'unknown'],
  [String.raw`\bsp[e]aks? of\b`, 'names, describes'],
  [String.raw`\bin the m[i]dst\b`, 'in the middle, inside'],
  [String.raw`\bof no u[s]e\b`, 'useless'],
];

const PATTERNS = IDIOMS.map(
  ([source, instead]) => [new RegExp(source.replaceAll(' ', GAP), 'gi'), instead] as const,
);

/** Idioms in texts, each with its line and the plain words for it. */
export function idioms(files: readonly TextFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    PATTERNS.flatMap(([pattern, instead]) =>
      [...text.matchAll(pattern)].map(({ index, 0: found }) => {
        const line = text.slice(0, index).split('\n').length;
        return `${path}:${line} says "${found.replace(/\s+/g, ' ')}" (${instead})`;
      }),
    ),
  );
}
