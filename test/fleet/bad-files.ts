/** Fleet files with mistakes, by what is wrong with them. Their messages are the files fleet-*.txt of test/golden. */

const ok = '  - { name: val-0, home: data/val-0/.sei }';

/** A file with one good node, and more lines. */
const withLines = (...lines: readonly string[]): string =>
  ['version: 1', ...lines, 'nodes:', ok, ''].join('\n');

/** A file with these nodes. */
const withNodes = (...nodes: readonly string[]): string =>
  ['version: 1', 'nodes:', ...nodes.map((node) => `  - ${node}`), ''].join('\n');

const withOptions = (options: string): string => withLines(`options: { ${options} }`);

/** Texts that are not YAML 1.2 or JSON as a fleet file may be. */
const syntax: Readonly<Record<string, string>> = {
  'an empty file': '',
  'comments alone': '# the fleet\n',
  'tabs as indentation': 'version: 1\nnodes:\n\t- name: val-0\n\t  home: data/val-0/.sei\n',
  'a list that does not end': 'version: 1\nnodes: [{ name: a, home: data/val-0/.sei }\n',
  'a quote that does not end': 'version: 1\nnodes:\n  - name: "val-0\n    home: data/val-0/.sei\n',
  'a key without its colon': 'version 1\nnodes:\n  - { name: a, home: data/val-0/.sei }\n',
  'lines that are not in line': 'version: 1\nnodes:\n  - name: a\n   home: data/val-0/.sei\n',
  'JSON with a comma too many': '{"version": 1, "nodes": [,]}\n',
  'JSON cut short': '{"version": 1, "nodes": [{"name": "a", ',
  'keys that stand twice': `version: 1\nversion: 1\nnodes:\n  - { name: a, home: data/val-0/.sei, name: b }\n`,
  'two documents': `${withNodes('{ name: a, home: data/val-0/.sei }')}---\nversion: 1\n`,
  'an anchor and aliases': withNodes(
    '{ name: &n a, home: data/val-0/.sei }',
    '{ name: *n, home: data/rpc-1/.sei }',
  ),
  'an alias of nothing': withNodes('{ name: a, home: *where }'),
  'aliases that multiply':
    'a: &a [x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nversion: 1\nnodes: [*b, *b, *b]\n',
  'a merge key': withNodes('{ name: a, home: data/val-0/.sei, <<: { labels: { role: x } } }'),
  'tags of a language': withNodes("{ name: !!js/function 'function () {}', home: !env HOME }"),
  'a tag that YAML knows': withNodes('{ name: !!str 7, home: data/val-0/.sei }'),
  'YAML 1.1 by declaration': `%YAML 1.1\n---\n${withNodes('{ name: a, home: data/val-0/.sei }')}`,
  'a NUL between the words': withNodes('{ name: a\u0000, home: data/val-0/.sei }'),
  'half a character by an escape': withNodes('{ name: a, home: "data/\\ud83d" }'),
  'nesting without end': '['.repeat(20_000),
};

/** Keys that are not known where they stand, or missing. */
const keys: Readonly<Record<string, string>> = {
  'a list in place of a mapping': '- { name: a, home: data/val-0/.sei }\n',
  'a text in place of a mapping': 'fleet\n',
  'no version and no nodes': 'options: {}\n',
  'misspelt keys at the top': 'versoin: 1\nnods: []\n',
  'an option at the top': withLines('snapshot-dir: none'),
  'a target at the top': withLines('height: 1027'),
  'no nodes in the list': 'version: 1\nnodes: []\n',
  'nodes without a value': 'version: 1\nnodes:\n',
  'a node that is a text': withNodes('data/val-0/.sei'),
  'a node without a name': withNodes('{ home: data/val-0/.sei }'),
  'a node without a place': withNodes('{ name: a }'),
  'home and src together': withNodes('{ name: a, home: data/val-0/.sei, src: [disk1/rpc-7] }'),
  'roots in place of src': withNodes('{ name: a, roots: [disk1/rpc-7] }'),
  'an option beside the home': withNodes('{ name: a, home: data/val-0/.sei, max-remove: 25% }'),
  'a target of one node': withNodes('{ name: a, home: data/val-0/.sei, height: 5 }'),
  'expect beside a plain home': withNodes('{ name: a, home: data/val-0/.sei, expect: 1 }'),
  'a number as a key': withNodes('{ name: a, home: data/val-0/.sei, labels: { 7: x } }'),
  'a key of JavaScript': withNodes('{ name: a, home: data/val-0/.sei, labels: { __proto__: x } }'),
  'many mistakes':
    'version: 2\noptins: {}\nnodes:\n  - { name: 7, hom: ~/a }\n  - { name: a b, src: [] }\n  - 5\n',
};

/** Values that are not what they must be. */
const values: Readonly<Record<string, string>> = {
  'another version': 'version: 2\nnodes:\n  - { name: a, home: data/val-0/.sei }\n',
  'a version in quotes': 'version: "1"\nnodes:\n  - { name: a, home: data/val-0/.sei }\n',
  'a number as a name': withNodes('{ name: 7, home: data/val-0/.sei }'),
  'an octal number as a name': withNodes('{ name: 007, home: data/val-0/.sei }'),
  'a name without letters': withNodes('{ name: ..., home: data/val-0/.sei }'),
  'a name that leads elsewhere': withNodes('{ name: ../a, home: data/val-0/.sei }'),
  'a name with a space': withNodes('{ name: my node, home: data/val-0/.sei }'),
  'a name that is too long': withNodes(`{ name: ${'a'.repeat(200)}, home: data/val-0/.sei }`),
  'a home without a value': withNodes('{ name: a, home: }'),
  'an empty home': withNodes('{ name: a, home: "" }'),
  'a home of the user': withNodes('{ name: a, home: ~/.sei }', '{ name: b, home: ~sei/.sei }'),
  'variables in paths': withNodes(
    '{ name: a, home: $DATA/val-0 }',
    '{ name: b, src: ["$' + '{DISK:-/disk1}/b"] }',
  ),
  'a template that was not filled in': withNodes('{ name: a, home: "{{ data_dir }}/val-0" }'),
  'white space around a path': withNodes('{ name: a, home: " data/val-0/.sei" }'),
  'a control character in a path': withNodes('{ name: a, home: "data/val-0\\0/.sei" }'),
  'an empty list of roots': withNodes('{ name: a, src: [] }'),
  'one root without a list': withNodes('{ name: a, src: disk1/rpc-7 }'),
  'a number among the roots': withNodes('{ name: a, src: [disk1/rpc-7, 7] }'),
  'labels that are not texts': withNodes(
    '{ name: a, home: data/val-0/.sei, labels: { zone: 3, archive: true } }',
  ),
  'labels of a wrong form': withNodes('{ name: a, home: data/val-0/.sei, labels: { "a=b": x, empty: "" } }'),
  'a list of labels': withNodes('{ name: a, home: data/val-0/.sei, labels: [rpc] }'),
  'a policy that is not one': withOptions('on-no-match: kepp, stragglers: remove, check: pivots'),
  'yes in place of true': withOptions('accept-damage: yes, all-roots: on, drop-orphans: 1'),
  'limits that are not one': withOptions('max-remove: 200%'),
  'a negative limit': withOptions('max-remove: -1'),
  'tables of a wrong form': withOptions('table: [blocks, a/b, ""]'),
  'a table without a list': withOptions('table: blocks'),
  'schemas of a wrong form': withOptions('schema: [blocks, "=receipts", "txs="]'),
  'schemas that are not known': withOptions(
    'check: pivots, schema: [txs=recipts, receipts=blocks, receipts=./a.mjs]',
  ),
  'options that are not there': withOptions('snapshotdir: none, drop-last: 5, height: 7, nodes: 3'),
  'options without a value': withLines('options:'),
};

/** Targets that cannot be meant. */
const targets: Readonly<Record<string, string>> = {
  'two targets': withLines('target: { height: 5, key: "0a" }'),
  'an empty target': withLines('target: {}'),
  'a target without a value': withLines('target:'),
  'a height alone': withLines('target: 1027'),
  'a misspelt target': withLines('target: { hight: 5 }'),
  'a relative target': withLines('target: { drop-last: 10 }'),
  'a height above 2^53 without quotes': withLines('target: { height: 18446744073709551615 }'),
  'a height of more than 64 bits': withLines('target: { height: "18446744073709551616" }'),
  'a negative height': withLines('target: { height: -1 }'),
  'a broken height': withLines('target: { height: 10.5 }'),
  'a height in another base': withLines('target: { height: 0x403 }'),
  'a height with an exponent': withLines('target: { height: 1e3 }'),
  'a height with zeros in front': withLines('target: { height: 0123 }'),
  'a height with underscores': withLines('target: { height: 1_027 }'),
  'a key that became a number': withLines('target: { key: 1234 }'),
  'an odd key': withLines('target: { key: abc }'),
  'an age': withLines('target: { before: 3h ago }'),
  'a day that there is not': withLines('target: { before: 2026-02-30 }'),
  'a keys file of the user': withLines('target: { keys-file: ~/keys.json }'),
};

/** Patterns that find what they should not, and nodes that are one. */
const nodes: Readonly<Record<string, string>> = {
  'a pattern without expect': withNodes('{ name: "rpc-{1}", home: data/rpc-*/.sei }'),
  'a pattern that finds fewer': withNodes('{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: 4 }'),
  'a pattern that finds more': withNodes('{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: 2 }'),
  'a pattern that finds nothing': withNodes('{ name: "v-{1}", home: data/v-*/.sei, expect: 1 }'),
  'a pattern in a directory that is not there': withNodes('{ name: "v-{1}", home: nowhere/v-*, expect: 1 }'),
  'expect that is not a number': withNodes('{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: all }'),
  'expect of nothing': withNodes('{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: 0 }'),
  'one name for all matches': withNodes('{ name: rpc, home: data/rpc-*/.sei, expect: 3 }'),
  'a place for a star that is not there': withNodes('{ name: "rpc-{2}", home: data/rpc-*/.sei, expect: 3 }'),
  'places in other texts for a star that is not there': withNodes(
    '{ name: "n{1}", home: data/rpc-*/.sei, expect: 3, labels: { at: "{2}" }, options: { snapshot-dir: "s/{3}" } }',
  ),
  'a place without a pattern': withNodes('{ name: "rpc-{1}", home: data/rpc-1/.sei }'),
  'a name that a match does not give': withNodes('{ name: "{1}", home: "data/rpc*/.sei", expect: 3 }'),
  'two stars side by side': withNodes('{ name: "{1}", home: data/**/.sei, expect: 4 }'),
  'a pattern among the roots': withNodes('{ name: a, src: [disk*/rpc-7] }'),
  'a pattern of another kind': withNodes(
    '{ name: a, home: "data/rpc-[12]/.sei" }',
    '{ name: b, src: ["disk?/rpc-7"] }',
  ),
  'an exclude with a path': withNodes(
    '{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: 3, exclude: [data/rpc-1] }',
  ),
  'a name twice': withNodes('{ name: a, home: data/val-0/.sei }', '{ name: a, home: data/rpc-1/.sei }'),
  'a pattern and a node of one name': withNodes(
    '{ name: rpc-1, home: data/val-0/.sei }',
    '{ name: "rpc-{1}", home: data/rpc-*/.sei, expect: 3 }',
  ),
  'a directory twice': withNodes(
    '{ name: a, home: data/val-0/.sei }',
    '{ name: b, home: data/../data/val-0/.sei/ }',
  ),
  'a directory twice behind a link': withNodes(
    '{ name: a, home: data/rpc-2/.sei }',
    '{ name: b, home: data/rpc-3/.sei }',
  ),
  'a directory that is not there twice': withNodes(
    '{ name: a, home: lost/x }',
    '{ name: b, src: [./lost/x] }',
  ),
  'a node inside another': withNodes('{ name: a, home: data/rpc-1 }', '{ name: b, home: data/rpc-1/.sei }'),
  'a node around another': withNodes('{ name: a, home: data/rpc-1/.sei }', '{ name: b, home: data }'),
  'a root twice in a node': withNodes('{ name: a, src: [disk1/rpc-7, ./disk1/rpc-7] }'),
  'a root of two nodes': withNodes(
    '{ name: a, src: [disk1/rpc-7, disk2/rpc-7] }',
    '{ name: b, src: [disk2/rpc-7] }',
  ),
  'a snapshot directory of two nodes': withNodes(
    '{ name: a, home: data/val-0/.sei, options: { snapshot-dir: snapshots } }',
    '{ name: b, home: data/rpc-1/.sei, options: { snapshot-dir: ./snapshots } }',
  ),
  'a snapshot directory of a fleet': `version: 1\noptions: { snapshot-dir: snapshots }\nnodes:\n${ok}\n  - { name: b, home: data/rpc-1/.sei }\n`,
  'snapshots in another node': withNodes(
    '{ name: a, home: data/val-0/.sei, options: { snapshot-dir: data/rpc-1/.sei } }',
    '{ name: b, home: data/rpc-1/.sei }',
  ),
};

/** Every bad file, by its group and by what is wrong with it. */
export const BAD_FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  syntax,
  keys,
  values,
  targets,
  nodes,
};
