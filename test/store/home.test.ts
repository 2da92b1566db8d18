/** What is a node's home, and which databases it has. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { findHome, groupsOfHome, type RollbackError, rootsOfHome } from '../../lib/index.ts';
import { tempDir } from '../helpers/temp.ts';

const BLOCKS = 'data/ledger/block';
const OLD = 'data/receipt.db';
const NEW = 'data/ledger/receipt/littidx';

function home(...dirs: readonly string[]): string {
  const dir = tempDir('litt-home-');
  for (const below of dirs) mkdirSync(join(dir, below), { recursive: true });
  return dir;
}

function refusal(dir: string): RollbackError {
  try {
    findHome(dir);
  } catch (error) {
    return error as RollbackError;
  }
  throw new Error('it was taken for a home');
}

describe('store/home', () => {
  it('has a block store and a receipt store', () => {
    const dir = home(BLOCKS, `${NEW}/littdb`);
    const found = findHome(dir);
    expect(found.databases).to.deep.equal([
      { name: 'block store', roots: [join(dir, BLOCKS)] },
      { name: 'receipt store', roots: [join(dir, NEW, 'littdb')] },
    ]);
    expect(found.notices).to.deep.equal([]);
    expect(rootsOfHome(found)).to.deep.equal([join(dir, BLOCKS), join(dir, NEW, 'littdb')]);
    expect(groupsOfHome(found)).to.deep.equal([[0], [1]]);
  });

  it('uses the old place of the receipt store whenever that is there', () => {
    const dir = home(BLOCKS, `${OLD}/littdb`, `${NEW}/littdb`);
    expect(rootsOfHome(findHome(dir))).to.deep.equal([join(dir, BLOCKS), join(dir, OLD, 'littdb')]);
    const none = home(BLOCKS, OLD, `${NEW}/littdb`);
    expect(rootsOfHome(findHome(none)), 'the old place holds no LittDB').to.deep.equal([join(none, BLOCKS)]);
    expect(findHome(none).notices.join()).to.contain('data/receipt.db is not a LittDB');
  });

  it('tells what is not there, and of the index that it cannot rewind', () => {
    const blocks = findHome(home(BLOCKS));
    expect(blocks.notices.join()).to.contain('no receipt store').and.to.contain(OLD).and.to.contain(NEW);
    const receipts = findHome(home(`${NEW}/littdb`, `${NEW}/log-index`));
    expect(receipts.databases.map((d) => d.name)).to.deep.equal(['receipt store']);
    expect(receipts.notices.join()).to.contain('no block store');
    expect(receipts.notices.join()).to.contain(`${NEW}/log-index`).and.to.contain('cannot rewind');
    expect(receipts.logIndexNotice).to.contain('wrong logs').and.to.contain('Do not remove it');
    expect(receipts.logIndexNotice).to.contain('copy of the same height').and.to.contain('state-sync');
  });

  it('may have its data on another disk, behind links', () => {
    const dir = home('data/ledger');
    const elsewhere = tempDir();
    symlinkSync(elsewhere, join(dir, BLOCKS));
    expect(findHome(dir).databases.map((d) => d.name)).to.deep.equal(['block store']);
    renameSync(elsewhere, join(dir, 'gone'));
    expect(refusal(dir).code, 'a link to nowhere').to.equal('ERR_HOME_WITHOUT_DATABASE');
  });

  it('is refused where a place is a link to nowhere, a file, or an empty mount point', () => {
    for (const place of ['data', 'data/ledger', BLOCKS, OLD, NEW, `${NEW}/littdb`]) {
      const dir = home(BLOCKS, `${NEW}/littdb`);
      rmSync(join(dir, place), { recursive: true, force: true });
      symlinkSync(join(dir, 'unmounted'), join(dir, place));
      const linked = refusal(dir);
      expect(linked.code, place).to.equal('ERR_HOME_WITHOUT_DATABASE');
      expect(linked.what, place).to.contain('link to nowhere');
      expect(linked.place.path, place).to.equal(join(dir, place));
      expect(linked.next, place).to.contain('--src');
      rmSync(join(dir, place));
      writeFileSync(join(dir, place), '');
      expect(refusal(dir).what, place).to.contain('not a directory');
    }
    const unmounted = refusal(home(BLOCKS, NEW));
    expect(unmounted.what).to.contain('no littdb');
    expect(unmounted.why).to.contain('the other not');
  });

  it('is nothing else: each place that was looked at is named', () => {
    const empty = refusal(home('data'));
    expect(empty.code).to.equal('ERR_HOME_WITHOUT_DATABASE');
    for (const place of [BLOCKS, OLD, NEW]) expect(empty.what).to.contain(place);
    expect(empty.why).to.match(/\w/);
    expect(empty.next).to.contain('--src');
    const absent = refusal(join(tempDir(), 'none'));
    expect(absent.code).to.equal('ERR_ROOT_NOT_FOUND');
    for (const part of [absent.what, absent.why, absent.next]) expect(part).to.match(/\w/);
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(refusal(file).code).to.equal('ERR_ROOT_NOT_FOUND');
  });
});

describe('store/home: what the configuration of the node says', () => {
  const AUTOBAHN = 'data/autobahn/blockdb';

  function configured(files: Readonly<Record<string, string>>, ...dirs: readonly string[]): string {
    const dir = home('config', ...dirs);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    return dir;
  }

  const blocksOf = (dir: string): string[] =>
    findHome(dir)
      .databases.filter((d) => d.name === 'block store')
      .flatMap((d) => d.roots);

  it('without it the block store of Autobahn is found, and one that a default names', () => {
    const dir = home(AUTOBAHN);
    expect(blocksOf(dir)).to.deep.equal([join(dir, AUTOBAHN)]);
    expect(findHome(dir).notices.join()).to.not.contain('config');
    const two = refusal(home(AUTOBAHN, BLOCKS));
    expect(two.code).to.equal('ERR_TABLE_TWICE');
    expect(two.what).to.contain(AUTOBAHN).and.to.contain(BLOCKS);
  });

  it('config.toml names a file of Autobahn, which says where its state lies', () => {
    const files = {
      'config/config.toml': '# a node\nautobahn-config-file = "config/autobahn.json"\n[p2p]\nladdr = "x"\n',
      'config/autobahn.json': '{"persistent_state_dir": "state/of/blocks"}',
    };
    const dir = configured(files, 'state/of/blocks/blockdb');
    expect(blocksOf(dir)).to.deep.equal([join(dir, 'state/of/blocks/blockdb')]);
    expect(findHome(dir).notices.join()).to.contain('as config/autobahn.json says');
    const elsewhere = tempDir();
    mkdirSync(join(elsewhere, 'blockdb'));
    const outside = configured({
      ...files,
      'config/autobahn.json': JSON.stringify({ persistent_state_dir: elsewhere }),
    });
    expect(blocksOf(outside)).to.deep.equal([join(elsewhere, 'blockdb')]);
    const absent = configured(files, `${NEW}/littdb`);
    expect(findHome(absent).notices.join())
      .to.contain('no block store')
      .and.to.contain('as config/autobahn.json says');
    const usual = configured({ ...files, 'config/autobahn.json': '{}' }, AUTOBAHN);
    expect(blocksOf(usual), 'the state lies where it usually does').to.deep.equal([join(usual, AUTOBAHN)]);
  });

  it('app.toml says where the receipts are, whatever lies at the usual places', () => {
    const dir = configured(
      { 'config/app.toml': '[receipt-store]\ndb-directory = "other/receipts"\n' },
      'other/receipts/littdb',
      'other/receipts/log-index',
      `${NEW}/littdb`,
      `${OLD}/littdb`,
    );
    const found = findHome(dir);
    expect(rootsOfHome(found)).to.deep.equal([join(dir, 'other/receipts/littdb')]);
    expect(found.logIndex).to.equal(join(dir, 'other/receipts/log-index'));
    expect(found.notices.join()).to.contain('as config/app.toml says');
    const empty = configured({ 'config/app.toml': '[receipt-store]\ndb-directory = ""\n' }, `${NEW}/littdb`);
    expect(rootsOfHome(findHome(empty))).to.deep.equal([join(empty, NEW, 'littdb')]);
    const absent = configured({ 'config/app.toml': '[receipt-store]\ndb-directory = "gone"\n' }, BLOCKS);
    expect(findHome(absent).notices.join()).to.contain('no receipt store').and.to.contain('config/app.toml');
  });

  it('is refused where it cannot be understood: a store may lie elsewhere', () => {
    const wrong: readonly Readonly<Record<string, string>>[] = [
      { 'config/app.toml': '[receipt-store' },
      { 'config/app.toml': '[receipt-store]\ndb-directory = 5\n' },
      { 'config/app.toml': 'receipt-store = 5\n' },
      { 'config/config.toml': 'autobahn-config-file = "config/none.json"\n' },
      { 'config/config.toml': 'autobahn-config-file = "config/a.json"\n', 'config/a.json': '{' },
      { 'config/config.toml': 'autobahn-config-file = "config/a.json"\n', 'config/a.json': '5' },
      { 'config/config.toml': 'x = 1\n'.repeat(2) },
      { 'config/config.toml': ' '.repeat(2 ** 20 + 1) },
    ];
    for (const files of wrong) {
      const error = refusal(configured(files, BLOCKS, `${NEW}/littdb`));
      expect(error.code, JSON.stringify(files).slice(0, 80)).to.equal('ERR_HOME_CONFIG');
      expect(error.place.path).to.match(/config\/\w+\.(toml|json)$/);
    }
  });
});
