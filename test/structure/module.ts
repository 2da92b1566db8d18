/**
 * What the rules want to know about one source file, read off the compiler's own syntax tree. The compiler's
 * programming interface is called unstable: it is used here, in syntax.ts and in source.ts alone.
 */
import * as ast from 'typescript/unstable/ast';
import {
  bodyOf,
  declared,
  exportedNames,
  implementsInterface,
  importedNames,
  isExported,
  isLoading,
  isPrivate,
  isSuite,
  nameOf,
} from './syntax.ts';

/** One use of another module. */
export interface ImportUse {
  readonly specifier: string;
  /** What is taken from it: exported names, or `*` for all of it. */
  readonly names: readonly string[];
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
  /** The module's name is worked out while the program runs; `specifier` is the expression. */
  readonly computed: boolean;
  readonly line: number;
}

/** A function, method, accessor, constructor or arrow function with a body. */
export interface FunctionUse {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  /** Handed to `describe`: it only groups tests. */
  readonly isSuite: boolean;
  /** The declared type of what it returns, as written; null where the compiler infers it. */
  readonly returns: string | null;
}

/** Something that a module exports, or a public member of a class that it exports. */
export interface ExportUse {
  readonly name: string;
  readonly line: number;
  readonly kind: 'function' | 'class' | 'method' | 'type' | 'value';
  readonly documented: boolean;
}

/** A call of a method: `receiver.name(…)`. */
export interface MethodCall {
  /** The last name before the method's. */
  readonly receiver: string;
  readonly name: string;
  /** Arguments that are plain text. */
  readonly texts: readonly string[];
  readonly line: number;
}

/** One source file. */
export interface SourceModule {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly ImportUse[];
  readonly functions: readonly FunctionUse[];
  readonly exports: readonly ExportUse[];
  readonly calls: readonly MethodCall[];
  readonly identifiers: ReadonlySet<string>;
  /** Every text that stands in the code by itself, template texts without parts included. */
  readonly texts: ReadonlySet<string>;
}

class ModuleBuilder {
  readonly imports: ImportUse[] = [];
  readonly functions: FunctionUse[] = [];
  readonly exports: ExportUse[] = [];
  readonly calls: MethodCall[] = [];
  readonly identifiers = new Set<string>();
  readonly texts = new Set<string>();

  constructor(readonly source: ast.SourceFile) {}

  lineOf(node: ast.Node): number {
    return this.source.getLineAndCharacterOfPosition(node.getStart(this.source)).line + 1;
  }

  visit = (node: ast.Node): void => {
    if (ast.isIdentifier(node)) this.identifiers.add(node.text);
    if (ast.isStringLiteral(node) || ast.isNoSubstitutionTemplateLiteral(node)) this.texts.add(node.text);
    this.addImport(node);
    this.addFunction(node);
    if (ast.isCallExpression(node)) this.addCall(node);
    node.forEachChild(this.visit);
  };

  private addImport(node: ast.Node): void {
    const add = (specifier: ast.Node | undefined, names: readonly string[], typeOnly: boolean): void => {
      if (specifier === undefined) return;
      const computed = !ast.isStringLiteral(specifier);
      const text = computed ? specifier.getText(this.source) : specifier.text;
      this.imports.push({ specifier: text, names, typeOnly, computed, line: this.lineOf(node) });
    };
    if (ast.isImportDeclaration(node)) {
      const clause = node.importClause;
      const typeOnly = clause?.phaseModifier === ast.SyntaxKind.TypeKeyword;
      for (const [names, erased] of importedNames(clause))
        add(node.moduleSpecifier, names, typeOnly || erased);
    } else if (ast.isExportDeclaration(node)) {
      const names = node.exportClause === undefined ? ['*'] : exportedNames(node.exportClause);
      add(node.moduleSpecifier, names, node.isTypeOnly);
    } else if (ast.isImportTypeNode(node)) {
      add(ast.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, ['*'], true);
    } else if (ast.isExternalModuleReference(node)) {
      add(node.expression, ['*'], false);
    } else if (ast.isCallExpression(node) && isLoading(node)) {
      add(node.arguments[0], ['*'], false);
    }
  }

  private addFunction(node: ast.Node): void {
    const body = bodyOf(node);
    if (body === undefined) return;
    const line = this.lineOf(node);
    const last = this.source.getLineAndCharacterOfPosition(node.end).line + 1;
    const { type } = node as { type?: ast.Node };
    const returns = type?.getText(this.source) ?? null;
    const lines = last - line + 1;
    this.functions.push({ name: nameOf(node), line, lines, isSuite: isSuite(node), returns });
  }

  private addCall(node: ast.CallExpression): void {
    if (!ast.isPropertyAccessExpression(node.expression)) return;
    const { expression, name } = node.expression;
    const receiver = ast.isPropertyAccessExpression(expression) ? expression.name : expression;
    const texts = node.arguments.filter(ast.isStringLiteral).map((a) => a.text);
    this.calls.push({
      receiver: receiver.getText(this.source),
      name: name.text,
      texts,
      line: this.lineOf(node),
    });
  }

  addExports(): void {
    for (const statement of this.source.statements) {
      if (!isExported(statement)) continue;
      for (const [name, kind, node] of declared(statement)) this.addExport(name, kind, node ?? statement);
      if (ast.isClassDeclaration(statement)) this.addMembers(statement);
    }
  }

  private addMembers(declaration: ast.ClassDeclaration): void {
    const isToldThere = implementsInterface(declaration);
    for (const member of declaration.members) {
      const isPublic = !isPrivate(member) && !ast.isConstructorDeclaration(member);
      if (!isPublic || bodyOf(member) === undefined) continue;
      this.addExport(`${declaration.name?.text}.${nameOf(member)}`, 'method', member, isToldThere);
    }
  }

  private addExport(name: string, kind: ExportUse['kind'], node: ast.Node, isToldElsewhere = false): void {
    const documented = isToldElsewhere || (node.jsDoc?.length ?? 0) > 0;
    this.exports.push({ name, kind, line: this.lineOf(node), documented });
  }
}

/** Describes one parsed file; `path` is what messages call it. */
export function describeModule(path: string, source: ast.SourceFile): SourceModule {
  const builder = new ModuleBuilder(source);
  source.forEachChild(builder.visit);
  builder.addExports();
  const { imports, functions, exports, calls, identifiers, texts } = builder;
  const lines = source.text.replace(/\n$/, '').split('\n').length;
  return { path, text: source.text, lines, imports, functions, exports, calls, identifiers, texts };
}
