/** Small questions about nodes of the compiler's syntax tree. */
import * as ast from 'typescript/unstable/ast';
import type { ExportUse } from './module.ts';

/** Names that an import takes, those that the compiler erases apart from the others. */
export function importedNames(clause: ast.ImportClause | undefined): [string[], boolean][] {
  if (clause === undefined) return [[[], false]];
  const values: string[] = clause.name === undefined ? [] : ['default'];
  const types: string[] = [];
  const bindings = clause.namedBindings;
  if (bindings !== undefined && ast.isNamespaceImport(bindings)) values.push('*');
  if (bindings !== undefined && ast.isNamedImports(bindings)) {
    for (const element of bindings.elements) {
      (element.isTypeOnly ? types : values).push((element.propertyName ?? element.name).text);
    }
  }
  const uses: [string[], boolean][] = [];
  if (values.length > 0 || types.length === 0) uses.push([values, false]);
  if (types.length > 0) uses.push([types, true]);
  return uses;
}

/** Names that `export { … } from` hands on; `*` for all. */
export function exportedNames(clause: ast.Node): string[] {
  if (!ast.isNamedExports(clause)) return ['*'];
  return clause.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** `import(…)` and `require(…)`. */
export function isLoading(node: ast.CallExpression): boolean {
  if (node.expression.kind === ast.SyntaxKind.ImportKeyword) return true;
  return ast.isIdentifier(node.expression) && node.expression.text === 'require';
}

/** The body of a function of any sort; undefined for everything else, and for what has none. */
export function bodyOf(node: ast.Node): ast.Node | undefined {
  if (
    ast.isFunctionDeclaration(node) ||
    ast.isFunctionExpression(node) ||
    ast.isArrowFunction(node) ||
    ast.isMethodDeclaration(node) ||
    ast.isConstructorDeclaration(node) ||
    ast.isGetAccessorDeclaration(node) ||
    ast.isSetAccessorDeclaration(node)
  ) {
    return node.body;
  }
  return undefined;
}

/** What a function, member or declaration is called. */
export function nameOf(node: ast.Node): string {
  const { name } = node as { name?: ast.Node };
  if (name !== undefined) return name.getText();
  if (ast.isConstructorDeclaration(node)) return 'constructor';
  const { parent } = node;
  const named = ast.isVariableDeclaration(parent) || ast.isPropertyAssignment(parent);
  return named ? parent.name.getText() : '(anonymous)';
}

/** Whether a function is handed to `describe`. */
export function isSuite(node: ast.Node): boolean {
  const call = node.parent;
  return ast.isCallExpression(call) && /^describe(?:[A-Z]\w*)?\b/.test(call.expression.getText());
}

const modifiersOf = (node: ast.Node): readonly ast.Node[] =>
  (node as { modifiers?: readonly ast.Node[] }).modifiers ?? [];

/** Whether a statement begins with `export`. */
export const isExported = (node: ast.Node): boolean =>
  modifiersOf(node).some((m) => m.kind === ast.SyntaxKind.ExportKeyword);

/** Whether a member of a class is for the class alone. */
export function isPrivate(member: ast.Node): boolean {
  const { name } = member as { name?: ast.Node };
  if (name !== undefined && ast.isPrivateIdentifier(name)) return true;
  return modifiersOf(member).some((m) => m.kind === ast.SyntaxKind.PrivateKeyword);
}

/** Whether a class implements an interface: what its methods are for is told there. */
export const implementsInterface = ({ heritageClauses }: ast.ClassDeclaration): boolean =>
  heritageClauses?.some((clause) => clause.token === ast.SyntaxKind.ImplementsKeyword) === true;

/** What a statement declares; a node where the comment may stand elsewhere than before the statement. */
export function declared(statement: ast.Node): [string, ExportUse['kind'], ast.Node?][] {
  if (ast.isFunctionDeclaration(statement)) return [[nameOf(statement), 'function']];
  if (ast.isClassDeclaration(statement)) return [[nameOf(statement), 'class']];
  if (ast.isInterfaceDeclaration(statement) || ast.isTypeAliasDeclaration(statement)) {
    return [[nameOf(statement), 'type']];
  }
  if (!ast.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations.map((d) => {
    const isFunction =
      d.initializer !== undefined &&
      (ast.isArrowFunction(d.initializer) || ast.isFunctionExpression(d.initializer));
    return [nameOf(d), isFunction ? 'function' : 'value'];
  });
}
