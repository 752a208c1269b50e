import { userId } from "./image.ts";

/**
 * What is wrong with a Dockerfile of ours, each as a sentence: what would need a shell, root, or a
 * builder that not everybody has. For every stage that `names` calls an image.
 */
export function dockerfileProblems(text: string, names: readonly string[]): string[] {
  const lines = text.replaceAll("\\\n", " ").split("\n");
  return [...lines.flatMap(lineProblems), ...names.flatMap((name) => stageProblems(lines, name))];
}

function lineProblems(line: string): string[] {
  const problems: string[] = [];
  const [word = "", rest = ""] = line.split(/ +(.*)/, 2);
  if (/^#\s*syntax\s*=/.test(line)) problems.push("names a syntax, which has to be fetched");
  if (line.includes("<<")) problems.push("has a heredoc, which takes BuildKit");
  if (/^(RUN|COPY|ADD)$/.test(word) && /--(mount|chmod|link)\b/.test(rest)) {
    problems.push("has an option that takes BuildKit");
  }
  if (/^(RUN|ENTRYPOINT|CMD)$/.test(word) && !rest.startsWith("[")) {
    problems.push(`has a ${word} that takes a shell`);
  }
  if (word === "HEALTHCHECK") problems.push("has a HEALTHCHECK, which is Kubernetes' to do");
  return problems.map((problem) => `${line.slice(0, 60)} ${problem}`);
}

function stageProblems(lines: readonly string[], name: string): string[] {
  const start = lines.findIndex((line) => line.startsWith("FROM ") && line.endsWith(` AS ${name}`));
  if (start < 0) return [`there is no stage ${name}`];
  const next = lines.findIndex((line, index) => index > start && line.startsWith("FROM "));
  const stage = lines.slice(start, next < 0 ? undefined : next);
  const expected = [
    `FROM \${BASE_IMAGE} AS ${name}`,
    `USER ${userId}:${userId}`,
    "STOPSIGNAL SIGTERM",
  ];
  const problems = expected
    .filter((line) => !stage.includes(line))
    .map((line) => `stage ${name} lacks ${line}`);
  if (!stage.some((line) => line.startsWith("ENTRYPOINT "))) {
    problems.push(`stage ${name} lacks an ENTRYPOINT`);
  }
  if (stage.some((line) => line.startsWith("RUN "))) {
    problems.push(`stage ${name} runs something in the image itself`);
  }
  return problems;
}
