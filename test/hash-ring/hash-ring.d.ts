declare module "hash-ring" {
  /** The part of hash-ring 1.0.1 that the test drives; the package ships no types. */
  export default class HashRing {
    constructor(nodes: readonly string[], options?: { hashMethod?: "crc32" | "md5" });
    /** The points of the ring, sorted as text. */
    readonly sortedKeys: readonly (number | string)[];
    readonly rings: Readonly<Record<string, string>>;
    readonly hashFunc: (key: string) => number | string;
    addNode(node: string): void;
    getNode(key: string): string | null;
  }
}
