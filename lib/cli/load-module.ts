/** Loads JavaScript modules of the user: filters and schemas. */
import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasErrno } from '../errors.ts';
import { findSyntaxError } from './module-syntax.ts';
import { loadGuarded, type ModuleFailure, messageOf, placeIn } from './user-modules.ts';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/**
 * The default export of a module, whether it was written as an ES module or compiled to CommonJS.
 * @param failed makes the error; its text continues "The filter module "
 */
export async function loadDefault(given: string, failed: ModuleFailure): Promise<unknown> {
  const path = resolve(given);
  if (!existsSync(path)) throw failed('cannot be loaded: there is no such module');
  if (statSync(path).isDirectory()) throw failed('cannot be loaded: it is a directory');
  const load = (): Promise<{ default?: unknown }> => import(pathToFileURL(path).href);
  try {
    const { default: value } = await loadGuarded(path, failed, load);
    // tsc's CommonJS output arrives as { default: { __esModule: true, default: … } }.
    const isCompiled =
      typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
    return isCompiled ? value.default : value;
  } catch (error) {
    throw loadError(path, error, failed);
  }
}

function loadError(path: string, error: unknown, failed: ModuleFailure): Error {
  if (TYPESCRIPT.has(extname(path)) && hasErrno(error, 'ERR_UNKNOWN_FILE_EXTENSION'))
    return failed('is TypeScript: compile it (tsc) and pass the JavaScript file that comes of it', error);
  if (hasErrno(error, 'ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT')) {
    const [missing = ''] = messageOf(error).split('\n');
    return failed(`imports what does not exist: ${missing}`, error);
  }
  if (error instanceof SyntaxError) {
    const found = findSyntaxError(path, error);
    const where = found === null ? undefined : `${found.place}: ${found.line}`;
    return failed(`cannot be loaded: ${messageOf(error)}`, error, where);
  }
  const at = placeIn(error instanceof Error ? (error.stack ?? '') : '', path);
  return failed(
    `cannot be loaded: ${messageOf(error)}`,
    error,
    at === null ? undefined : `It happened at ${at}`,
  );
}
