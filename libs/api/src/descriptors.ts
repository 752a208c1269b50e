import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A proto file, what it needs, and what it declares. */
interface ProtoFile {
  /** A serialized `google.protobuf.FileDescriptorProto`. */
  readonly bytes: Uint8Array;
  readonly imports: readonly string[];
}

/** Packages that coordinators speak among themselves. */
const internalPackages = "holdfast.internal.";

/** The API's own description, as reflection hands it to generic clients. */
export class Descriptors {
  /** The full names of the services, sorted. */
  readonly services: readonly string[];
  readonly #files = new Map<string, ProtoFile>();
  /** From the full name of a service, method, message or enum to its file's name. */
  readonly #fileOf = new Map<string, string>();

  /** Reads what `npm run generate` wrote. `internal`: with what coordinators speak. */
  constructor({ internal }: { readonly internal: boolean } = { internal: false }) {
    const image = readFileSync(join(import.meta.dirname, "generated/descriptors.binpb"));
    const services: string[] = [];
    for (const file of fromBinary(FileDescriptorSetSchema, image).file) {
      if (!internal && `${file.package}.`.startsWith(internalPackages)) continue;
      // What coordinators ask each other is nobody else's to call.
      if (file.package.startsWith("holdfast.internal.")) continue;
      const bytes = toBinary(FileDescriptorProtoSchema, file);
      this.#files.set(file.name, { bytes, imports: file.dependency });
      for (const service of file.service) {
        const name = `${file.package}.${service.name}`;
        services.push(name);
        this.#fileOf.set(name, file.name);
        for (const method of service.method) this.#fileOf.set(`${name}.${method.name}`, file.name);
      }
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

  #index(scope: string, type: DescriptorProto, file: string): void {
    const name = `${scope}.${type.name}`;
    this.#fileOf.set(name, file);
    for (const inner of type.enumType) this.#fileOf.set(`${name}.${inner.name}`, file);
    for (const inner of type.nestedType) this.#index(name, inner, file);
  }
}
