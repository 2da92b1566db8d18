/** Loads what a person has written in JavaScript: filters and schemas. */
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hasErrno, type RollbackError } from '../errors.ts';

const TYPESCRIPT = new Set(['.ts', '.mts', '.cts']);

/**
 * The default export of a module, whether it was written as an ES module or compiled to CommonJS.
 * @param failed makes the error; its text goes on after "The filter module "
 */
export async function loadDefault(
  path: string,
  failed: (what: string, cause?: unknown) => RollbackError,
): Promise<unknown> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (error) {
    if (TYPESCRIPT.has(extname(path)) && hasErrno(error, 'ERR_UNKNOWN_FILE_EXTENSION')) {
      throw failed('is TypeScript: compile it (tsc) and pass the JavaScript file that comes of it', error);
    }
    const why = hasErrno(error, 'ERR_MODULE_NOT_FOUND') ? 'there is no such module' : messageOf(error);
    throw failed(`cannot be loaded: ${why}`, error);
  }
  // tsc's CommonJS output arrives as { default: { __esModule: true, default: … } }.
  const { default: value } = module;
  const isCompiled =
    typeof value === 'object' && value !== null && '__esModule' in value && 'default' in value;
  return isCompiled ? value.default : value;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
