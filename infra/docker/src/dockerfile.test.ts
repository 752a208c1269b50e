import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { dockerfile } from "./dockerfile.ts";
import { dockerfileProblems } from "./dockerfile-rules.ts";
import { images } from "./image.ts";

const repository = resolve(import.meta.dirname, "../../..");
const names = images.map(({ name }) => name);

test("the Dockerfile is what its description says", () => {
  const written = readFileSync(join(repository, "infra/docker/Dockerfile"), "utf8");
  expect(written, "run node infra/docker/src/main.ts dockerfile").toBe(dockerfile());
});

test("every service that exists has an image", () => {
  expect(names).toEqual(expect.arrayContaining(readdirSync(join(repository, "services"))));
});

test("it needs no shell, no root and no BuildKit", () => {
  expect(dockerfileProblems(dockerfile(), names)).toEqual([]);
});

test.each([
  ["RUN npm ci", "takes a shell"],
  ["ENTRYPOINT node main.ts", "takes a shell"],
  ["# syntax=docker/dockerfile:1", "names a syntax"],
  ["RUN <<EOF", "heredoc"],
  ['RUN --mount=type=cache,target=/root ["npm", "ci"]', "takes BuildKit"],
  ["COPY --chmod=755 a b", "takes BuildKit"],
  ["HEALTHCHECK NONE", "HEALTHCHECK"],
])("%s would be found", (line, problem) => {
  const [found] = dockerfileProblems(`${dockerfile()}${line}\n`, names);
  expect(found).toContain(problem);
});

test.each(["USER 65532:65532", "STOPSIGNAL SIGTERM", "ENTRYPOINT"])(
  "a stage without %s would be found",
  (start) => {
    const lines = dockerfile().split("\n");
    const without = lines.filter((line) => !line.startsWith(start)).join("\n");
    expect(dockerfileProblems(without, names)).toHaveLength(names.length);
  },
);
