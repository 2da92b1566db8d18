/**
 * The shape of a fleet file. schema/fleet.schema.json is made from it, so nothing here needs code to be checked: what a
 * pattern cannot say is looked at afterwards. Messages are the end of a sentence that begins with the name of the key.
 */
import * as z from 'zod/mini';
import { MAX_HEIGHT } from '../input/checks.ts';

// A fleet file is read once: compiling checkers with zod would cost more than they save.
z.config({ jitless: true });

const MAX_NAME = 128;
const MAX_PATH = 4096;

/** A text that fits a pattern. */
const text = (pattern: RegExp, words: string, longest: number) =>
  z.string(words).check(z.maxLength(longest, `has more than ${longest} characters`), z.regex(pattern, words));

/** A list with something in it. */
const list = <T extends z.core.SomeType>(item: T, example: string) =>
  z.array(item, `must be a list, for example [${example}]`).check(z.minLength(1, 'is an empty list'));

/** No control character, up to the end. */
const VISIBLE = String.raw`[^\u0000-\u001f\u007f-\u009f]+$`;

/** What holds for every path: no `~`, variable, template, control character, or white space at an end. */
const PATH = String.raw`(?![~\s])(?!.*\s$)(?!.*\$[\w{(])(?!.*\{\{)`;

const path = z
  .string('must be a path')
  .check(
    z.maxLength(MAX_PATH, `has more than ${MAX_PATH} characters`),
    z.regex(new RegExp(`^${PATH}${VISIBLE}`), { error: ({ input }) => wordsForPath(String(input)) }),
  );
const listedPath = path.check(
  z.regex(/^[^*]*$/, 'holds a `*`, which stands for names only in `home`'),
  z.describe('Relative paths start at the fleet file. ~ and variables are not expanded.'),
);
const patternPath = path.check(
  z.regex(/\*/, 'holds no `*`'),
  z.regex(/^(?!.*\*\*)/, 'holds `**`: each `*` stands for a part of one name'),
  z.describe('Each * stands for any part of one name: there is a node for each match.'),
);

function wordsForPath(given: string): string {
  const variable = /\$(?:\w+|\{[^}]*\}?|\()/.exec(given)?.[0];
  if (given.trim() === '') return 'is empty';
  if (given.startsWith('~')) return 'begins with `~`, which is not expanded: write the whole path';
  if (variable !== undefined)
    return `holds the variable \`${variable}\`, which is not expanded: write its value`;
  if (given.includes('{{')) return 'holds a template (`{{`) that was not filled in';
  return given.trim() === given ? 'holds a control character' : 'begins or ends with white space';
}

const NAME_WORDS = 'must be a name of letters, digits, `.`, `_` and `-` that begins with a letter or a digit';
const nodeName = z.string(NAME_WORDS).check(
  z.maxLength(MAX_NAME, `has more than ${MAX_NAME} characters`),
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, {
    error: ({ input }) =>
      String(input).includes('{') ? 'holds `{`, which stands for a `*`, and `home` has none' : NAME_WORDS,
  }),
  z.describe('Names the node in commands, tables and the files of a run.'),
);
const patternName = text(
  /^(?:[A-Za-z0-9]|\{[1-9]\})(?:[A-Za-z0-9._-]|\{[1-9]\})*$/,
  `${NAME_WORDS}; \`{1}\` is what the first \`*\` stands for`,
  MAX_NAME,
);
const labelName = text(
  /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
  'is not the name of a label: letters, digits, `.`, `_`, `/` and `-`, first a letter or a digit',
  MAX_NAME,
);
const labelValue = text(new RegExp(`^${VISIBLE}`), 'must be a text that is not empty', MAX_NAME);
const labels = z
  .record(labelName, labelValue, 'must be a mapping, for example { role: validator }')
  .check(z.describe('What --only and --except choose by: LABEL=VALUE.'));

/** Every number of 64 bits with up to 20 digits, as a pattern. */
const U64 = [...String(MAX_HEIGHT)]
  .map((digit, i, all) => ({
    before: all.slice(0, i).join(''),
    digit: Number(digit),
    after: all.length - 1 - i,
  }))
  .filter(({ digit }) => digit > 0)
  .map(({ before, digit, after }) => `${before}[0-${digit - 1}][0-9]{${after}}`)
  .join('|');
const HEIGHT_WORDS = `must be a whole number from 0 to ${MAX_HEIGHT}, above ${Number.MAX_SAFE_INTEGER} in quotes`;
const height = z.union(
  [
    z.int(HEIGHT_WORDS).check(z.nonnegative(HEIGHT_WORDS)),
    text(
      new RegExp(`^(?:[0-9]{1,19}|${U64}|${MAX_HEIGHT}|[0-9]{1,3}(?:,[0-9]{3}){1,5})$`),
      HEIGHT_WORDS,
      MAX_NAME,
    ),
  ],
  HEIGHT_WORDS,
);
const key = text(
  /^(?:0[xX])?(?:[0-9a-fA-F]{2})+$/,
  'must be pairs of hexadecimal digits in quotes, for example "0a0b"',
  1 << 17,
);
const before = text(
  /^\d{4}-\d\d-\d\d(?:[Tt ]+\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?\s*(?:[Zz]|UTC|GMT|[+-]\d\d:?\d\d)?$/,
  'must be a point in time, for example 2026-11-25T18:00:00Z; an age would be another time in each run',
  64,
);

/** Where all nodes are to end, by the names of the command line: the schema of each kind of target. */
export const TARGETS = {
  height: z.strictObject({ height }),
  key: z.strictObject({ key }),
  'keys-file': z.strictObject({ 'keys-file': listedPath }),
  before: z.strictObject({ before }),
  filter: z.strictObject({ filter: listedPath }),
} as const;

const word = <const W extends readonly [string, ...string[]]>(...words: W) =>
  z.enum(words, `must be one of ${words.join(', ')}`);
const flag = z.boolean('must be true or false');
const tableName = text(
  /^[A-Za-z0-9_-]+$/,
  'must be the name of a table: letters, digits, `-` and `_`',
  MAX_NAME,
);
const LIMIT_WORDS = 'must be a number of records (1000) or a share of them (25%)';

/** The options of one scope, by the names of the command line. */
export const scopeSchema = z.strictObject(
  {
    table: z.optional(list(tableName, 'blocks')),
    'on-no-match': z.optional(word('refuse', 'keep', 'delete')),
    schema: z.optional(
      list(
        text(new RegExp(`^[A-Za-z0-9_-]+=${VISIBLE}`), 'must read TABLE=SCHEMA', MAX_PATH),
        'txs=./schema.mjs',
      ),
    ),
    stragglers: z.optional(word('refuse', 'keep', 'drop')),
    'drop-orphans': z.optional(flag),
    'all-roots': z.optional(flag),
    check: z.optional(word('all', 'pivot')),
    'accept-damage': z.optional(flag),
    'snapshot-dir': z.optional(listedPath),
    'log-index': z.optional(listedPath),
    'max-remove': z.optional(
      z.union(
        [
          z.int(LIMIT_WORDS).check(z.nonnegative(LIMIT_WORDS), z.maximum(999_999_999_999_999, LIMIT_WORDS)),
          text(
            /^(?:[0-9]{1,15}|(?:0?[0-9]{1,2}(?:\.[0-9]{1,6})?|100(?:\.0{1,6})?)%)$/,
            LIMIT_WORDS,
            MAX_NAME,
          ),
        ],
        LIMIT_WORDS,
      ),
    ),
  },
  'must be a mapping of options',
);

const NODE_WORDS = 'must be a mapping with `name`, and `home` or `src`';
const forEveryNode = { labels: z.optional(labels), options: z.optional(scopeSchema) };

/** The three kinds of nodes: a home, a pattern of homes, the roots of one database. */
export const NODES = {
  home: z.strictObject({ name: nodeName, home: listedPath, ...forEveryNode }, NODE_WORDS),
  pattern: z.strictObject({
    name: patternName,
    home: patternPath,
    expect: z
      .int('must be the number of nodes that `home` finds')
      .check(
        z.positive('must be 1 or more'),
        z.describe('Exactly how many nodes are found; any other number is refused.'),
      ),
    exclude: z.optional(
      list(
        text(new RegExp(`^(?!.*/)${VISIBLE}`), 'must be the name of a node, `*` allowed', MAX_NAME),
        'rpc-9',
      ),
    ),
    ...forEveryNode,
  }),
  src: z.strictObject({ name: nodeName, src: list(listedPath, '/disk1/rpc, /disk2/rpc'), ...forEveryNode }),
} as const;

const top = {
  $schema: z.optional(z.string('must be the address of a schema')),
  version: z.literal(1, 'must be 1, the version of fleet files that this program reads'),
};

/** The first look: what is inside of target, options and each node is looked at by itself. */
export const topSchema = z.strictObject(
  {
    ...top,
    target: z.optional(z.unknown()),
    options: z.optional(z.unknown()),
    nodes: list(z.unknown(), '{ name: val-0, home: /data/val-0 }'),
  },
  'The file must be a mapping with `version` and `nodes`',
);

/** The whole file, as the published schema says it. */
export const fleetSchema = z.strictObject({
  ...top,
  target: z.optional(z.union(Object.values(TARGETS))),
  options: z.optional(scopeSchema),
  nodes: z.array(z.union(Object.values(NODES))).check(z.minLength(1)),
});

/** Options as the file gives them: paths and numbers not yet settled. */
export type FileScope = z.output<typeof scopeSchema>;
/** A node as the file gives it. */
export type FileNode = { readonly [K in keyof typeof NODES]: z.output<(typeof NODES)[K]> };
