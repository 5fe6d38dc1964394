// @ts-check
// Writes the public contract as TypeScript: an interface for each message as our code reads it, the
// table of operations, and the shapes by which base/message-shape.ts converts.
import { join } from "node:path";
import protobuf from "protobufjs";

const preamble = `// Made from proto/holdfast/v1 by scripts/generate-types.mjs. Do not edit: edit the .proto.
// Dates are milliseconds since the Unix epoch, longs are numbers, bytes are Uint8Array.
import type { MessageShapes } from "../base/message-shape.ts";
`;

/**
 * @param {string} includeFolder
 * @param {string[]} files
 */
export function contractSource(includeFolder, files) {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(includeFolder, target);
  root.loadSync(
    files.filter((file) => !file.startsWith("google/")),
    { alternateCommentMode: true },
  );
  root.resolveAll();

  const space = /** @type {protobuf.Namespace} */ (root.lookup("holdfast.v1"));
  const members = space.nestedArray.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const messages = members.filter((member) => member instanceof protobuf.Type);
  const services = members.filter((member) => member instanceof protobuf.Service);
  const answers = reachable(services);
  const plain = messages.filter((message) => wrappedElement(message) === undefined);

  return [
    preamble,
    ...plain.map((message) => interfaceSource(message, answers.has(message))),
    ...services.map(operationsSource),
    shapesSource(plain, answers),
  ].join("\n");
}

/**
 * Every message that is part of an answer: there, an empty list is always a list.
 *
 * @param {protobuf.Service[]} services
 */
function reachable(services) {
  /** @type {Set<protobuf.Type>} */
  const found = new Set();
  /** @param {protobuf.Type | protobuf.Enum | null} type */
  const visit = (type) => {
    if (!(type instanceof protobuf.Type) || found.has(type)) return;
    found.add(type);
    for (const field of type.fieldsArray) visit(field.resolvedType);
  };
  for (const service of services) {
    for (const method of service.methodsArray) visit(method.resolvedResponseType);
  }
  return found;
}

/** @param {protobuf.Type} message @param {boolean} isAnswer */
function interfaceSource(message, isAnswer) {
  const fields = message.fieldsArray.map((field) => {
    const optional = isRequired(field, isAnswer) ? "" : "?";
    // A caller may hand over what it does not have; an answer leaves it out.
    const orUndefined = optional === "?" && !isAnswer ? " | undefined" : "";
    const type = `${fieldType(field)}${orUndefined}`;
    return `${docs(field.comment, "  ")}  readonly ${field.name}${optional}: ${type};\n`;
  });
  const head = docs(message.comment, "");
  if (fields.length === 0) return `${head}export type ${message.name} = Record<string, never>;\n`;
  return `${head}export interface ${message.name} {\n${fields.join("")}}\n`;
}

/** @param {protobuf.Field} field @param {boolean} isAnswer */
function isRequired(field, isAnswer) {
  if (isAnswer && (field.repeated || field.map)) return true;
  return field.comment?.endsWith("Required.") ?? false;
}

/** @param {protobuf.Field} field */
function fieldType(field) {
  if (field.map) return `Readonly<Record<string, ${elementType(field)}>>`;
  return field.repeated ? `readonly ${elementType(field)}[]` : elementType(field);
}

/** @param {protobuf.Field} field @returns {string} */
function elementType(field) {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    if (resolvedType.fullName === ".google.protobuf.Timestamp") return "number";
    const wrapped = wrappedElement(resolvedType);
    return wrapped === undefined ? resolvedType.name : `readonly ${elementType(wrapped)}[]`;
  }
  const types = { string: "string", bool: "boolean", bytes: "Uint8Array", int32: "number" };
  const type = { ...types, int64: "number" }[field.type];
  if (type === undefined) throw new Error(`Cannot write ${field.fullName}: no type for it`);
  return type;
}

/** @param {protobuf.Service} service */
function operationsSource(service) {
  const rows = service.methodsArray.map((method) => {
    const request = method.resolvedRequestType?.name;
    const reply = method.resolvedResponseType?.name;
    const row = `{ readonly request: ${request}; readonly reply: ${reply} }`;
    return `${docs(method.comment, "  ")}  readonly ${method.name}: ${row};\n`;
  });
  const head = docs(service.comment, "");
  return `${head}export interface ${service.name}Operations {\n${rows.join("")}}\n`;
}

/** @param {protobuf.Type[]} messages @param {Set<protobuf.Type>} answers */
function shapesSource(messages, answers) {
  const rows = messages.map((message) => {
    const fields = message.fieldsArray.map(
      (field) => `    ${field.name}: ${fieldShape(field, answers.has(message))},\n`,
    );
    return `  ${message.name}: {${fields.length > 0 ? `\n${fields.join("")}  ` : ""}},\n`;
  });
  const head = "/** What has to be done to each member on its way to and from the codec. */\n";
  return `${head}export const messageShapes: MessageShapes = {\n${rows.join("")}};\n`;
}

/** @param {protobuf.Field} field @param {boolean} isAnswer */
function fieldShape(field, isAnswer) {
  const shape = elementShape(field);
  if (field.map) return `{ map: ${shape} }`;
  if (!field.repeated) return shape;
  return `{ list: ${shape}, empty: "${isRequired(field, isAnswer) ? "kept" : "missing"}" }`;
}

/** @param {protobuf.Field} field @returns {string} */
function elementShape(field) {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    if (resolvedType.fullName === ".google.protobuf.Timestamp") return '"time"';
    const wrapped = wrappedElement(resolvedType);
    if (wrapped !== undefined) return `{ wrappedList: ${elementShape(wrapped)} }`;
    return `{ message: "${resolvedType.name}" }`;
  }
  if (field.type === "bytes") return '"bytes"';
  return field.type === "int64" ? '"long"' : '"plain"';
}

/**
 * A message that is only a list, so that an empty list differs from none.
 *
 * @param {protobuf.Type} message
 */
function wrappedElement(message) {
  const [only, ...others] = message.fieldsArray;
  if (only === undefined || others.length > 0) return undefined;
  return only.name === "values" && only.repeated ? only : undefined;
}

/** @param {string | null} comment @param {string} indent */
function docs(comment, indent) {
  if (comment === null) return "";
  const lines = comment.split("\n");
  if (lines.length === 1) return `${indent}/** ${comment} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd() + "\n").join("")}${indent} */\n`;
}
