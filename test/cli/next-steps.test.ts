/** Whole commands in what the command says: the outcome, status, inspect and errors. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { buildOnce } from '../helpers/command.ts';
import { tempDir } from '../helpers/temp.ts';
import { unpackNamed } from '../helpers/transactions.ts';
import { answers, database, finish, jsonLines } from './process.ts';

describe('cli: next steps', function () {
  this.timeout(120_000);
  before(buildOnce);

  /** A database below a directory with a space in its name, and the words that name it. */
  function spaced(): { src: string[]; words: string } {
    const { roots } = database('single-root');
    const root = join(tempDir(), 'my data');
    mkdirSync(root);
    cpSync(roots[0]!, root, { recursive: true, preserveTimestamps: true });
    return { src: ['--src', root], words: `--src '${root}'` };
  }

  it('are whole commands, quoted for a shell: outcome, status, inspect', async () => {
    const { src, words } = spaced();
    const target = ['--drop-last', '1', '--yes'];
    for (const said of [
      await answers(['apply', ...src, ...target], 0),
      await answers(['status', ...src], 0),
      await answers(['inspect', ...src], 0),
    ]) {
      for (const command of ['undo', 'purge']) expect(said).to.contain(`litt-rollback ${command} ${words}`);
    }
  });

  it('are whole commands in errors, as text and as JSON', async () => {
    const { src, words } = spaced();
    await answers(['undo', ...src], 3, `\`litt-rollback status ${words}\``);
    const { stderr } = await finish(['undo', ...src, '--json']);
    expect((jsonLines(stderr)[0] as unknown as { next: string }).next).to.contain(
      `litt-rollback status ${words}`,
    );
  });

  it('name the home, the snapshot directory, and the roots of a saved plan', async () => {
    const home = join(unpackNamed('node-home').dir, 'db', 'home');
    const said = await answers(['apply', '--home', home, '--height', '1031', '--yes'], 0);
    expect(said).to.contain(`\`litt-rollback undo --home ${home}\``);
    const { src, snapshotDir } = database('snapshots');
    const plan = join(tempDir(), 'plan.json');
    const target = ['--snapshot-dir', snapshotDir!, '--drop-last', '5', '--out', plan];
    await answers(['plan', ...src, ...target], 0);
    const applied = await answers(['apply', plan, '--yes'], 0);
    expect(applied).to.contain(`\`litt-rollback undo ${src.join(' ')} --snapshot-dir ${snapshotDir}\``);
    await answers(['undo', plan], 0);
    await answers(['undo', plan], 3, `\`litt-rollback status ${src.join(' ')}\``);
  });

  it('tell the roots, the transaction and the time of what was done', async () => {
    const { src, roots } = database('single-root');
    const outcome = async (...words: string[]) =>
      jsonLines(await answers([...words, ...src, '--json'], 0)).at(-1) as unknown as Record<string, unknown>;
    const applied = await outcome('apply', '--drop-last', '1', '--yes');
    expect(applied).to.deep.include({ roots }).and.to.have.property('duration_ms').that.is.a('number');
    const said = await answers(['undo', ...src], 0);
    expect(said).to.match(new RegExp(`^ {2}root +${roots[0]}$`, 'm'));
    expect(said).to.match(new RegExp(`^ {2}transaction +${applied['transaction']}, took \\d+\\.\\d s$`, 'm'));
    await outcome('apply', '--drop-last', '1', '--yes');
    const purged = await outcome('purge', '--yes');
    expect(purged).to.deep.include({ roots }).and.to.have.property('duration_ms').that.is.a('number');
  });
});
