import { z } from "zod";

/** How a service reaches a bucket; {@link bucketSetting} says which one. */
export const s3Settings = {
  HOLDFAST_S3_REGION: z.string().min(1).default("us-east-1"),
  HOLDFAST_S3_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/\S+$/, "is http://host:port")
    .optional(),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
};

/** A bucket's name. */
export const bucketSetting = z
  .string({ error: "must be set" })
  .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is 3 to 63 characters of a-z 0-9 . and -");

type S3Environment = z.output<z.ZodObject<typeof s3Settings>>;

/** A refinement: one half of a key would be taken for none, and the machine's own be used. */
export const hasWholeKey = [
  ({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret }: S3Environment): boolean =>
    (id === undefined) === (secret === undefined),
  { path: ["AWS_ACCESS_KEY_ID"], error: "and AWS_SECRET_ACCESS_KEY are set both or neither" },
] as const satisfies readonly [unknown, { path: string[]; error: string }];

/** The store that the settings mean. */
export function s3StoreOf(read: S3Environment) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = read;
  return {
    region: read.HOLDFAST_S3_REGION,
    ...(read.HOLDFAST_S3_ENDPOINT === undefined ? {} : { endpoint: read.HOLDFAST_S3_ENDPOINT }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { credentials: { accessKeyId, secretAccessKey } }),
  };
}
