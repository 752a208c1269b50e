/** Advisory locks of the database, by numbers that nobody else should use ("hold" in ASCII). */
const family = 0x686f6c64n << 16n;

/** Held while the schema is brought up to date. */
export const schemaLock = family + 1n;
/** Held while partitions come and go. */
export const dayLock = family + 2n;
