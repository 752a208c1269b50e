import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A proto file, what it needs, and what it declares. */
interface ProtoFile {
  /** A serialized `google.protobuf.FileDescriptorProto`. */
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/** Packages that every server offers. */
const common = ["grpc.health.v1", "grpc.reflection.v1"];

/** The API's own description, as reflection hands it to generic clients. */
export class Descriptors {
  /** The full names of the services, sorted. */
  readonly services: readonly string[];
  readonly #files = new Map<string, ProtoFile>();
  /** From the full name of a service, method, message or enum to its file's name. */
  readonly #fileOf = new Map<string, string>();

  /**
   * Reads what `npm run generate` wrote. `packages`: what a server offers beside what all do. Of
   * the others it knows the files that these import, and no service.
   */
  constructor(packages: readonly string[]) {
    const offered = new Set([...common, ...packages]);
    const image = readFileSync(join(import.meta.dirname, "generated/descriptors.binpb"));
    const { file: all } = fromBinary(FileDescriptorSetSchema, image);
    const importsOf = new Map(all.map(({ name, dependency }) => [name, dependency]));
    const wanted = new Set(all.filter((file) => offered.has(file.package)).map(({ name }) => name));
    // A set grows while it is walked, so this reaches the imports of the imports.
    for (const name of wanted) for (const needed of importsOf.get(name) ?? []) wanted.add(needed);
    const services: string[] = [];
    for (const file of all) {
      if (!wanted.has(file.name)) continue;
      const bytes = toBinary(FileDescriptorProtoSchema, file);
      this.#files.set(file.name, { bytes, imports: file.dependency });
      if (offered.has(file.package)) services.push(...this.#indexServices(file));
      for (const type of file.enumType) this.#fileOf.set(`${file.package}.${type.name}`, file.name);
      for (const type of file.messageType) this.#index(file.package, type, file.name);
    }
    this.services = services.sort();
  }

  /** The file and all it imports, itself first; undefined where there is no such file. */
  file(name: string): readonly Uint8Array[] | undefined {
    if (!this.#files.has(name)) return undefined;
    const wanted = new Set([name]);
    // A set grows while it is walked, so this reaches the imports of the imports.
    for (const file of wanted) {
      for (const needed of this.#files.get(file)?.imports ?? []) wanted.add(needed);
    }
    return [...wanted].flatMap((file) => this.#files.get(file)?.bytes ?? []);
  }

  /** The file that declares a full name, and all it imports. */
  fileDeclaring(symbol: string): readonly Uint8Array[] | undefined {
    const name = this.#fileOf.get(symbol);
    return name === undefined ? undefined : this.file(name);
  }

  #indexServices(file: FileDescriptorProto): string[] {
    return file.service.map((service) => {
      const name = `${file.package}.${service.name}`;
      this.#fileOf.set(name, file.name);
      for (const method of service.method) this.#fileOf.set(`${name}.${method.name}`, file.name);
      return name;
    });
  }

  #index(scope: string, type: DescriptorProto, file: string): void {
    const name = `${scope}.${type.name}`;
    this.#fileOf.set(name, file);
    for (const inner of type.enumType) this.#fileOf.set(`${name}.${inner.name}`, file);
    for (const inner of type.nestedType) this.#index(name, inner, file);
  }
}
