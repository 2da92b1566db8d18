/** `plan --out`: where the plan goes, and what is left alone. */
import { execFileSync, spawn } from 'node:child_process';
import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { tempDir } from '../helpers/temp.ts';
import { expectUntouched, treeOf } from '../helpers/tree.ts';
import { answers, COMMAND, database, finish, follow, start } from './process.ts';

const target = (src: readonly string[]): string[] => ['plan', ...src, '--drop-last', '1'];

describe('cli: --out', () => {
  it('writes the plan to standard output with -, and what people read beside it', async () => {
    const { src } = database('single-root');
    const saved = join(tempDir(), 'plan.json');
    const { stdout, stderr } = await finish([...target(src), '--out', '-']);
    expect(stderr).to.contain('dry run, nothing was changed').and.to.contain('apply --src');
    writeFileSync(saved, stdout);
    await answers(['apply', saved, '--yes', '--quiet'], 0);
    const other = database('single-root');
    const quiet = await finish([...target(other.src), '-o', '-', '--json', '-q']);
    expect(quiet.stderr).to.equal('');
    expect(JSON.parse(quiet.stdout)).to.include({ format: 'litt-rollback/plan' });
    const named = await follow(
      spawn(process.execPath, [COMMAND, ...target(other.src), '-q', '--out', '/dev/stdout'], {
        stdio: 'pipe',
      }),
    ).result;
    expect(JSON.parse(named.stdout)).to.include({ format: 'litt-rollback/plan' });
  });

  it('refuses what is in the way before it reads anything, and changes nothing', async () => {
    const { src, roots, dir } = database('single-root');
    const before = treeOf(dir);
    const notes = join(tempDir(), 'notes.txt');
    writeFileSync(notes, '{"mine": true}\n');
    const link = join(tempDir(), 'link');
    symlinkSync(join(roots[0]!, '0', 'segments', '0.metadata'), link);
    await answers([...target(src), '--out', notes], 2, 'The file exists and is not', '--force');
    for (const path of [join(roots[0]!, 'plan.json'), link, `${roots[0]}/0/../plan.json`])
      await answers([...target(src), '--out', path, '--force'], 2, 'would be written into a database');
    // No database lies there: the output is looked at first.
    await answers(
      ['plan', '--src', tempDir(), '--drop-last', '1', '--out', notes],
      2,
      'The file exists and is not',
    );
    expectUntouched(dir, before);
    expect(readFileSync(notes, 'utf8')).to.equal('{"mine": true}\n');
    await answers([...target(src), '--out', notes, '--force'], 0);
    await answers([...target(src), '--out', notes], 0);
    writeFileSync(notes, (await finish([...target(src), '--json'])).stdout);
    await answers([...target(src), '--out', notes], 0);
    expect(readFileSync(notes, 'utf8')).to.contain('"litt-rollback/plan"');
  });

  it('waits for the reader of a pipe, until it is interrupted', async () => {
    const { src } = database('single-root');
    const fifo = join(tempDir(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const reader = follow(spawn('cat', [fifo], { stdio: 'pipe' }));
    await answers([...target(src), '--out', fifo], 0);
    expect(JSON.parse((await reader.result).stdout)).to.include({ format: 'litt-rollback/plan' });
    const running = start([...target(src), '--out', fifo]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    running.child.kill('SIGINT');
    expect((await running.result).code).to.equal(130);
    expect(lstatSync(fifo).isFIFO()).to.equal(true);
  });
});
