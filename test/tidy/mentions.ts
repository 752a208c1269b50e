import type { Node } from "oxc-parser";
import { dottedName, type Place, walk } from "./syntax-tree.ts";

/**
 * Where each name is used, by line: plain names (`setTimeout`), dotted ones (`Date.now`),
 * `new Date()` without arguments, imported modules (`node:timers`) and imported names
 * (`node:crypto#randomUUID`). Where a name is only declared, imported or re-exported is no use.
 */
export type Mentions = ReadonlyMap<string, readonly number[]>;

/** Gathers the {@link Mentions} of a module. */
export function mentionsIn(program: Node, lineOf: (offset: number) => number): Mentions {
  const mentions = new Map<string, number[]>();
  const mention = (name: string, at: number): void => {
    const lines = mentions.get(name);
    if (lines === undefined) mentions.set(name, [lineOf(at)]);
    else lines.push(lineOf(at));
  };
  walk(program, (node, place) => {
    if (node.type === "Identifier" && isUse(place)) {
      mention(node.name, node.start);
    } else if (node.type === "MemberExpression") {
      const name = dottedName(node);
      if (name !== undefined) mention(name, node.start);
    } else if (node.type === "NewExpression") {
      const bareDate = dottedName(node.callee) === "Date" && node.arguments.length === 0;
      if (bareDate) mention("new Date()", node.start);
    } else if (node.type === "ImportDeclaration") {
      mention(node.source.value, node.start);
      for (const specifier of node.specifiers) {
        if (specifier.type !== "ImportSpecifier") continue;
        const { imported } = specifier;
        const name = imported.type === "Identifier" ? imported.name : imported.value;
        mention(`${node.source.value}#${name}`, specifier.start);
      }
    }
  });
  return mentions;
}

/** The fields in which an identifier declares or labels something instead of using it. */
const labels: Readonly<Record<string, readonly string[]>> = {
  FunctionDeclaration: ["id"],
  FunctionExpression: ["id"],
  TSDeclareFunction: ["id"],
  ClassDeclaration: ["id"],
  ClassExpression: ["id"],
  VariableDeclarator: ["id"],
  TSInterfaceDeclaration: ["id"],
  TSTypeAliasDeclaration: ["id"],
  TSEnumDeclaration: ["id"],
  TSPropertySignature: ["key"],
  TSMethodSignature: ["key"],
  MethodDefinition: ["key"],
  PropertyDefinition: ["key"],
  AccessorProperty: ["key"],
  Property: ["key"],
  MemberExpression: ["property"],
  TSQualifiedName: ["right"],
  ImportSpecifier: ["imported", "local"],
  ImportDefaultSpecifier: ["local"],
  ImportNamespaceSpecifier: ["local"],
  ExportSpecifier: ["local", "exported"],
  LabeledStatement: ["label"],
  BreakStatement: ["label"],
  ContinueStatement: ["label"],
};

function isUse({ parent, field }: Place): boolean {
  if (parent === undefined || !labels[parent.type]?.includes(field)) return true;
  // `object[name]` and `{ [name]: … }` do use the name.
  return "computed" in parent && parent.computed;
}
