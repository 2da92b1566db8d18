/** What things are called. Each rule takes modules and gives its violations in words. */
import { basename } from 'node:path';
import type { SourceModule } from './module.ts';
import type { TextFile } from './style-rules.ts';

/** Functions whose name hides whether they throw an error or build one. */
export function misnamedFunctions(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((m) =>
    m.functions.flatMap(({ name, line, returns }) => {
      const place = `${m.path}:${line} ${name}`;
      const builds = returns === 'RollbackError';
      // A method of the error class itself returns a changed copy.
      if (builds && !/Error$/.test(name) && m.path !== 'lib/errors.ts') {
        return [`${place} returns an error: its name ends in Error`];
      }
      if (/^refuse/.test(name) && returns !== null && !/^(Promise<)?void\b/.test(returns)) {
        return [`${place} returns ${returns}: what is called refuse… throws, or returns nothing`];
      }
      if (/^problemOf/.test(name) && returns !== null && !/null/.test(returns)) {
        return [`${place} returns ${returns}: what is called problemOf… returns null where all is well`];
      }
      return [];
    }),
  );
}

/** Adjectives and participles that were names of files: a file is called by a noun or a verb. */
const ADJECTIVES = /^(found|unwanted|applied|unfinished|complete|looking|kept|beside|needs|endings)$/;

/** Files that are not called by a noun or a verb. */
export function adjectiveFiles(files: readonly TextFile[]): string[] {
  return files
    .map((f) => f.path)
    .filter((path) => ADJECTIVES.test(basename(path).replace(/(\.test)?\.\w+$/, '')));
}

/** Words that had a second meaning in this program, and the one that replaces them there. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/(?:encode|decode|read|write)Sealed/, 'checksummed: sealed is a segment'],
  [/(?:open|close)Lock|(?:shoot|draw)Bolts?/, 'raiseFence, lowerFence, placeBolt, removeBolt'],
  [/[jJ]udgeRunner|thisRunner/, 'process identity: a runner is a task pool'],
  [/HeightDigest/, 'BlockHeightIndex: a digest is the SHA-256 of a plan'],
  [/ScanSnapshot/, "checkpoint: a snapshot is the engine's"],
  [/guardSchemas?/, 'checkedSchema: what keeps others out is a fence'],
  [/keptPath|holdsKept|requireKept|discardKept/, 'undo data: kept is what survives the rollback'],
  [/MemberName|rootsLast/, 'participant: members are those of a group'],
];

/** Identifiers that bring back a second meaning of a word. */
export function overloadedWords(modules: readonly SourceModule[]): string[] {
  return modules.flatMap((m) =>
    [...m.identifiers].flatMap((name) =>
      REPLACED.filter(([old]) => new RegExp(`^(?:${old.source})$`).test(name)).map(
        ([, instead]) => `${m.path} says ${name} (${instead})`,
      ),
    ),
  );
}
