import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { sourcesIn } from '../structure/source.ts';
import { documentText } from './documents.ts';
import { section, tableRows } from './markdown.ts';
import { type DatabaseName, Place } from './place.ts';

const JSON_DOCUMENT = documentText('docs/json.md');

/** What a section says of each field, by path; `….x` is a field of any object that is named there. */
function toldFields(type: string): Map<string, string> {
  const rows = tableRows(section(JSON_DOCUMENT, `## ${type}`));
  return new Map(
    rows.flatMap(([cell, meaning]) =>
      ((cell ?? '').match(/(?<=`)[^`,\s]+(?=`)/g) ?? []).map((path) => [path, meaning ?? ''] as const),
    ),
  );
}

/** Whether a section names a field, or something around it that is told elsewhere. */
function isTold(told: ReadonlyMap<string, string>, path: string): boolean {
  const elsewhere = [...told].some(
    ([field, meaning]) => /^as in/.test(meaning) && path.startsWith(`${field}.`),
  );
  return told.has(path) || told.has(`….${path.split('.').at(-1)}`) || elsewhere;
}

/** Paths of the fields that a value has. */
function pathsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => pathsOf(entry, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  const fields = Object.entries(value).filter(
    ([key]) => path !== '' || !/^(message_type|version)$/.test(key),
  );
  return fields.flatMap(([key, field]) => pathsOf(field, path === '' ? key : `${path}.${key}`));
}

/** Runs that print each document in several of its forms. */
const RUNS: readonly (readonly [place: DatabaseName, ...lines: string[]])[] = [
  [
    'block',
    'inspect --src /data/block --heights',
    'keys --src /data/block --limit 3',
    'verify --src /data/block',
    'plan --src /data/block --height 1024 --stragglers drop',
    'apply --src /data/block --height 1024 --yes --progress always',
    'status --src /data/block --history',
    'resume --src /data/block',
    'undo --src /data/block',
    'apply --src /data/block --drop-last 1 --yes',
    'inspect --src /data/block',
    'purge --src /data/block --dry-run',
    'purge --src /data/block --yes',
    'plan --src /data/block --height 1',
    'plan --src /data/absent --height 1',
    'plan --src /data/absent --before 2026-01-01 --verbose',
    'plan --src /data/block --before 2100-01-01',
    'plan --src /data/block --height 999999',
    'version',
  ],
  ['node', 'plan --home /data/node --height 1024', 'inspect --home /data/node'],
  [
    'roots',
    'keys --src /data/a --src /data/b --src /data/c --src /data/d --table blobs --limit 1',
    'inspect --src /data/a',
    'plan --src /data/a --src /data/c --drop-last 1',
  ],
  [
    'litt',
    'plan --src /data/litt/root0 --snapshot-dir /data/litt/snapshots --drop-last 5 --table blobs',
    'inspect --src /data/litt/root0',
  ],
];

/** A fleet of two nodes, one of them damaged. */
const BATCHES = [
  'plan /data/fleet.yaml --height 1024',
  'apply /data/fleet.yaml --height 1024 --yes --skip-refused --progress always',
  'undo /data/fleet.yaml',
  'undo /data/fleet.yaml --yes',
] as const;

/** What there is to say of damage: a key file that is short. */
const DAMAGED = ['verify --src /data/block', 'plan --src /data/block --drop-last 1'] as const;

/** Paths that were seen, by the type of the document. */
function seenFields(): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  const note = (text: string): void => {
    if (!text.startsWith('{')) return;
    const document = JSON.parse(text) as { readonly message_type: string };
    const paths = seen.get(document.message_type) ?? new Set();
    seen.set(document.message_type, paths);
    for (const path of pathsOf(document)) paths.add(path);
  };
  const run = (place: Place, line: string): void =>
    place.show(`litt-rollback ${line} --json`).output.split('\n').forEach(note);
  for (const [name, ...lines] of RUNS) {
    const place = new Place(name);
    for (const line of lines) run(place, line);
  }
  const fleet = new Place('block');
  fleet.run('cp -a /data/block /data/other; truncate -s -1 /data/other/blocks/segments/0.keys');
  const nodes = ['block', 'other'].map((name) => `  - { name: ${name}, src: [/data/${name}] }`);
  fleet.write('data/fleet.yaml', ['version: 1', 'nodes:', ...nodes, ''].join('\n'));
  for (const line of BATCHES) run(fleet, `batch ${line}`);
  const damaged = new Place('block');
  damaged.run('truncate -s -1 /data/block/blocks/segments/0.keys');
  for (const line of DAMAGED) run(damaged, line);
  return seen;
}

const TYPES = tableRows(section(JSON_DOCUMENT, '# What `--json` prints').split('\n## ')[0] ?? '').flatMap(
  ([, documents]) => [...(documents ?? '').matchAll(/\(#(\w+)\)/g)].map(([, type = '']) => type),
);

describe('docs/json.md', function () {
  this.timeout(120_000);
  before(buildOnce);

  it('names every field of every document that is printed', () => {
    const seen = seenFields();
    expect([...seen.keys()]).to.have.members([...new Set(TYPES)]);
    for (const [type, paths] of seen) {
      const told = toldFields(type);
      expect(
        [...paths].filter((path) => !isTold(told, path)),
        type,
      ).to.deep.equal([]);
    }
  });

  it('names only fields that the program has', () => {
    const program = sourcesIn('lib').map((m) => m.text);
    const fields = [...new Set([...TYPES, 'audit.jsonl'])].flatMap((type) => [...toldFields(type).keys()]);
    const leaves = fields.map((path) => path.replaceAll('[]', '').split('.').at(-1) ?? '');
    const unknown = leaves.filter((leaf) => !program.some((text) => new RegExp(`\\b${leaf}\\b`).test(text)));
    expect(unknown).to.deep.equal([]);
    expect(leaves.length).to.be.greaterThan(150);
  });
});
